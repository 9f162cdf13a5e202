// Turns the `.avsc` files into `records.ts`: a type a record, and the schema texts the codec needs at run time.

type AvroType = string | readonly AvroType[] | AvroNamed;
interface AvroNamed {
  readonly type: string;
  readonly name?: string;
  readonly doc?: string;
  readonly fields?: readonly AvroField[];
  readonly symbols?: readonly string[];
  readonly items?: AvroType;
  readonly values?: AvroType;
}
interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc?: string;
}
export interface TopicSchema {
  readonly topic: string;
  readonly schema: AvroNamed;
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
  string: 'string',
};

/** The whole text of `records.ts`, before formatting. */
export function recordTypes(topics: readonly TopicSchema[]): string {
  const declared = new Map<string, string>();
  for (const { schema } of topics) typeText(schema, declared);
  const names = topics.map(({ topic, schema }) => `  readonly '${topic}': ${schema.name};`);
  const schemas = topics.map(({ topic, schema }) => `  '${topic}': ${JSON.stringify(JSON.stringify(schema))},`);
  return [
    '// Generated from the .avsc files by `npm run generate`; do not edit.',
    ...declared.values(),
    `export interface TopicRecords {\n${names.join('\n')}\n}`,
    'export type TopicName = keyof TopicRecords;',
    `/** The text of each topic's schema. */\nexport const SCHEMA_TEXTS: { readonly [Name in TopicName]: string } = {\n${schemas.join('\n')}\n};`,
    '',
  ].join('\n\n');
}

function typeText(type: AvroType, declared: Map<string, string>): string {
  if (typeof type === 'string') return PRIMITIVES[type] ?? type;
  if (isUnion(type)) return type.map((member) => typeText(member, declared)).join(' | ');
  switch (type.type) {
    case 'record':
      return declareRecord(type, declared);
    case 'enum': {
      const name = required(type.name, 'an enum has a name');
      declared.set(name, `export type ${name} = ${(type.symbols ?? []).map((symbol) => `'${symbol}'`).join(' | ')};`);
      return name;
    }
    case 'array':
      return `readonly (${typeText(required(type.items, 'an array has items'), declared)})[]`;
    case 'map':
      return `Readonly<Record<string, ${typeText(required(type.values, 'a map has values'), declared)}>>`;
    default:
      return typeText(type.type, declared);
  }
}

function declareRecord(type: AvroNamed, declared: Map<string, string>): string {
  const name = required(type.name, 'a record has a name');
  const fields = (type.fields ?? []).map((field) => {
    const comment = field.doc === undefined ? '' : `  /** ${field.doc} */\n`;
    return `${comment}  readonly ${field.name}: ${typeText(field.type, declared)};`;
  });
  const comment = type.doc === undefined ? '' : `/** ${type.doc} */\n`;
  declared.set(name, `${comment}export interface ${name} {\n${fields.join('\n')}\n}`);
  return name;
}

function isUnion(type: AvroType): type is readonly AvroType[] {
  return Array.isArray(type);
}

function required<T>(value: T | undefined, rule: string): T {
  if (value === undefined) throw new Error(`schema: ${rule}`);
  return value;
}
