// What a reader of an HL7 message sees. All numbers are the standard's, counted from 1; MSH-1 is the field separator.
import type { Hl7Charset } from '../../schemas/records.ts';

export interface Hl7MessageView {
  /** In the order of the message. */
  readonly segments: readonly Hl7Segment[];
  readonly charset: Hl7Charset;
  first(name: string): Hl7Segment | undefined;
  all(name: string): readonly Hl7Segment[];
}

export interface Hl7Segment {
  readonly name: string;
  /** How many repetitions the field has; 0 when it is absent or empty. */
  repetitions(field: number): number;
  /** How many components a repetition has; 0 when it is absent or empty. */
  components(field: number, repetition?: number): number;
  /**
   * The text of one (sub)component, escapes resolved, '' when absent. A component that has subcomponents gives its
   * first unless another is named. HL7's explicit null arrives as the two characters `""`.
   */
  text(field: number, component?: number, repetition?: number, subcomponent?: number): string;
  /** The whole field, escapes resolved, '' when absent; undefined when it is divided by any separator. */
  plain(field: number): string | undefined;
  /** The whole field with all separators and escapes as sent. */
  raw(field: number): string;
}
