// Whether records written with one schema can be read with another, and if not, at which field.
import type avro from 'avsc';
import { bodyBounds } from './body-bounds.ts';
import { memberOf } from './type-member.ts';
import { writerSchema } from './writer-schema.ts';

/**
 * Undefined when every record of the writer can be read by the reader, else a sentence that names the place.
 *
 * avsc decides; it does not say where. So a refusal is followed down through records, arrays and unions to the smallest
 * pair of types that is refused. avsc is stricter than the specification in one point: a union is refused when one of
 * its branches cannot be read, though no record may ever hold it.
 *
 * Source: Apache Avro 1.12 specification, "Schema Resolution".
 */
export function schemaIncompatibility(readerText: string, writerText: string): string | undefined {
  const reader = writerSchema(readerText);
  if (reader === undefined) return 'the schema of the reader is no schema, or too large';
  const writer = writerSchema(writerText);
  if (writer === undefined) return 'the schema of the writer is no schema, or too large';
  try {
    bodyBounds(writer);
  } catch {
    // The reason stands in the sentence: this is what the walk refuses besides size.
    return 'the schema of the writer contains itself or has items without bytes';
  }
  return unreadable(reader, writer, lastName(writer.name ?? 'the record'));
}

function unreadable(reader: avro.Type, writer: avro.Type, path: string): string | undefined {
  if (canRead(reader, writer)) return undefined;
  return within(reader, writer, path) ?? `${path} is written as ${kindOf(writer)} and read as ${kindOf(reader)}`;
}

/** A refusal deeper inside, if the two types are of the same kind. */
function within(reader: avro.Type, writer: avro.Type, path: string): string | undefined {
  if (isUnion(writer)) return branchUnreadable(reader, writer, path);
  if (isUnion(reader)) {
    const alike = membersOf<avro.Type>(reader, 'types').find((branch) => sameKind(branch, writer));
    return alike === undefined ? undefined : unreadable(alike, writer, path);
  }
  if (!sameKind(reader, writer)) return undefined;
  if (reader.name !== writer.name) return `${path} is written as ${writer.name} and read as ${reader.name}`;
  switch (reader.typeName) {
    case 'record':
      return fieldUnreadable(reader, writer, path);
    case 'enum':
      return `${path} is written with ${unknownSymbols(reader, writer)}, which the reader does not know`;
    case 'array':
      return unreadable(memberOf(reader, 'itemsType'), memberOf(writer, 'itemsType'), `${path}[]`);
    case 'map':
      return unreadable(memberOf(reader, 'valuesType'), memberOf(writer, 'valuesType'), `${path}{}`);
    default:
      return undefined;
  }
}

function branchUnreadable(reader: avro.Type, writer: avro.Type, path: string): string | undefined {
  for (const branch of membersOf<avro.Type>(writer, 'types')) {
    const found = unreadable(reader, branch, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: avro.Type;
  readonly defaultValue: () => unknown;
}

function fieldUnreadable(reader: avro.Type, writer: avro.Type, path: string): string | undefined {
  const written = new Map(membersOf<Field>(writer, 'fields').map((field) => [field.name, field]));
  for (const field of membersOf<Field>(reader, 'fields')) {
    const place = `${path}.${field.name}`;
    const source = [field.name, ...field.aliases].map((name) => written.get(name)).find((one) => one !== undefined);
    if (source !== undefined) {
      const found = unreadable(field.type, source.type, place);
      if (found !== undefined) return found;
    } else if (field.defaultValue() === undefined) {
      return `${place} is not written, and the reader has no default for it`;
    }
  }
  return undefined;
}

function canRead(reader: avro.Type, writer: avro.Type): boolean {
  try {
    reader.createResolver(writer);
    return true;
  } catch {
    // That it throws is the answer.
    return false;
  }
}

function unknownSymbols(reader: avro.Type, writer: avro.Type): string {
  const known = new Set(membersOf<string>(reader, 'symbols'));
  return membersOf<string>(writer, 'symbols')
    .filter((symbol) => !known.has(symbol))
    .join(', ');
}

function sameKind(one: avro.Type, other: avro.Type): boolean {
  return (
    one.typeName === other.typeName && (one.name === undefined || lastName(one.name) === lastName(other.name ?? ''))
  );
}

function isUnion(type: avro.Type): boolean {
  return type.typeName.startsWith('union:');
}

function kindOf(type: avro.Type): string {
  if (isUnion(type)) return membersOf<avro.Type>(type, 'types').map(kindOf).join(' or ');
  return type.name === undefined ? type.typeName : `${type.typeName} ${type.name}`;
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function membersOf<Member>(type: avro.Type, name: string): readonly Member[] {
  return memberOf<readonly Member[]>(type, name);
}
