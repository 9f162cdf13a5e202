// A schema that others may have written, checked before the Avro library sees it.
import avro from 'avsc';

/** The largest schema of ours has 11,000 characters and is five levels deep. */
const CHARACTERS_MAX = 256 * 1024;
const DEPTH_MAX = 32;
const PARTS_MAX = 5_000;

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes']);
const COMPLEX = new Set(['record', 'error', 'enum', 'array', 'map', 'fixed']);
const NAME = /^\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;

/**
 * Undefined for a text that is no schema, too large or too deep.
 *
 * avsc makes JavaScript of a schema's names and looks names up in plain objects: a field called `toString` shifts what
 * it reads. So every name is checked first, and none may be one that every object has.
 */
export function writerSchema(text: string): avro.Type | undefined {
  if (text.length > CHARACTERS_MAX) return undefined;
  try {
    const schema: avro.Schema = JSON.parse(text);
    if (!isSchema(schema, { parts: 0 }, 0)) return undefined;
    // Wrapped, unions of any types can be told apart; values are built by the reader's schema.
    return avro.Type.forSchema(schema, { wrapUnions: true });
  } catch {
    // Not JSON, or no schema by Avro's rules: the caller says so. avsc's message may quote the text.
    return undefined;
  }
}

/**
 * The schema in Parsing Canonical Form: two texts with the same form write the same bytes. Undefined as above.
 *
 * Source: Apache Avro 1.12 specification, "Parsing Canonical Form for Schemas".
 */
export function canonicalSchema(text: string): string | undefined {
  const type = writerSchema(text);
  return type === undefined ? undefined : canonicalForm(type);
}

export function canonicalForm(type: avro.Type): string {
  return JSON.stringify(type.schema());
}

function isSchema(schema: unknown, seen: { parts: number }, depth: number): boolean {
  seen.parts += 1;
  if (seen.parts > PARTS_MAX || depth > DEPTH_MAX) return false;
  if (typeof schema === 'string') return PRIMITIVES.has(schema) || isName(schema);
  if (Array.isArray(schema)) return schema.every((branch) => isSchema(branch, seen, depth + 1));
  if (!isObject(schema)) return false;
  const { type, name, namespace, aliases, fields, items, values, symbols } = schema;
  if (typeof type !== 'string' || !(PRIMITIVES.has(type) || COMPLEX.has(type))) return false;
  if (name !== undefined && !isName(name)) return false;
  if (namespace !== undefined && namespace !== '' && !isName(namespace)) return false;
  if (aliases !== undefined && !isNames(aliases)) return false;
  if (symbols !== undefined && !isNames(symbols)) return false;
  if (fields !== undefined && !(Array.isArray(fields) && fields.every((field) => isField(field, seen, depth + 1)))) {
    return false;
  }
  return [items, values].every((part) => part === undefined || isSchema(part, seen, depth + 1));
}

function isField(field: unknown, seen: { parts: number }, depth: number): boolean {
  if (!isObject(field)) return false;
  const { name, aliases, type } = field;
  return isName(name) && (aliases === undefined || isNames(aliases)) && isSchema(type, seen, depth);
}

function isNames(names: unknown): boolean {
  return Array.isArray(names) && names.length <= PARTS_MAX && names.every(isName);
}

function isName(name: unknown): name is string {
  if (typeof name !== 'string' || !NAME.test(name)) return false;
  return !name.split('.').some((part) => part in Object.prototype);
}

interface SchemaObject {
  readonly [attribute: string]: unknown;
  readonly type?: unknown;
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly aliases?: unknown;
  readonly fields?: unknown;
  readonly items?: unknown;
  readonly values?: unknown;
  readonly symbols?: unknown;
}

function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null;
}
