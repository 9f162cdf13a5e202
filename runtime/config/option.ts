// The words an option is declared with: one declaration gives the parser, the help, the reference and the sample file.
import * as z from 'zod';

export interface OptionText {
  /** What the option does, one sentence without its bounds: they are printed from the declaration. */
  readonly sentence: string;
  /** The environment variable that wins over the file; inside a site it describes the site `default`. */
  readonly variable?: string;
  /** Where the default is not a plain value. */
  readonly defaultText?: string;
  /** What a value must be, where the type does not say it. */
  readonly expects?: string;
  /** Stands in the sample file when there is no default. */
  readonly example?: string | number | readonly string[];
}

export function integer<const Default extends number>(
  bounds: { readonly min: number; readonly max: number; readonly default: Default },
  text: OptionText,
) {
  return z
    .int()
    .min(bounds.min)
    .max(bounds.max)
    .default(bounds.default)
    .meta({ ...text });
}

export function optionalInteger(bounds: { readonly min: number; readonly max: number }, text: OptionText) {
  return z
    .int()
    .min(bounds.min)
    .max(bounds.max)
    .optional()
    .meta({ ...text });
}

export function choice<const Members extends readonly [string, ...string[]]>(
  members: Members,
  preset: NoInfer<Members[number]>,
  text: OptionText,
) {
  return z
    .enum(members)
    .default(() => preset)
    .meta({ ...text, defaultText: preset });
}

export function flag(preset: boolean, text: OptionText) {
  return z
    .boolean()
    .default(preset)
    .meta({ ...text });
}

/** A text with a default. `pattern` and `check` say what it must be; `expects` says it in words. */
export function text(preset: string, pattern: RegExp, meta: OptionText & { readonly expects: string }) {
  return z
    .string()
    .regex(pattern)
    .default(preset)
    .meta({ ...meta });
}

export function optionalText(pattern: RegExp, meta: OptionText & { readonly expects: string }) {
  return z
    .string()
    .regex(pattern)
    .optional()
    .meta({ ...meta });
}
