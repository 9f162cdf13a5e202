// A schema may change only so that old and new processes read one another's records, and every change is recorded.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { schemaVerdict } from '../../../codecs/avro/generate/schema-gate.ts';
import { SCHEMA_TEXTS } from '../../../schemas/records.ts';
import { DIST_FOLDER } from '../../compiled-tree.ts';

interface Schema {
  readonly fields: readonly Readonly<Record<string, unknown>>[];
  readonly [attribute: string]: unknown;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const released = SCHEMA_TEXTS['dead.letters'];
const added = changed((fields) => [...fields, { name: 'host', type: ['null', 'string'], default: null }]);

describe('the gate of schema changes', () => {
  test('the gate of schema changes: the released schema passes', () => {
    expect(verdict(released)).toEqual({ incompatible: [], unrecorded: false });
  });

  test('the gate of schema changes: another comment is no change', () => {
    expect(verdict(released.replace('the bytes.', 'the bytes, whole.'))).toEqual({
      incompatible: [],
      unrecorded: false,
    });
  });

  test('the gate of schema changes: a field added with a default is compatible and is to be recorded', () => {
    expect(verdict(added)).toEqual({ incompatible: [], unrecorded: true });
  });

  test.each([
    [
      'a field removed that has no default',
      changed((fields) => fields.filter(({ name }) => name !== 'code')),
      'DeadLetter.code',
    ],
    [
      'a field added without a default',
      changed((fields) => [...fields, { name: 'host', type: 'string' }]),
      'DeadLetter.host',
    ],
    ['a type changed', changed((fields) => replaced(fields, 'reason', { type: 'int' })), 'DeadLetter.reason'],
    [
      'a nested type changed',
      released.replace('"partition","type":"int"', '"partition","type":"string"'),
      'DeadLetter.position.partition',
    ],
    [
      'a nullable field made mandatory',
      changed((fields) => replaced(fields, 'position', { type: 'string' })),
      'DeadLetter.position',
    ],
    ['a record renamed', released.replace('"RecordPosition"', '"Place"'), 'DeadLetter.position'],
  ])('the gate of schema changes: %s fails with the topic and the field', (_, text, field) => {
    const { incompatible } = verdict(text);
    expect(incompatible.join('\n')).toContain('dead.letters: ');
    expect(incompatible.join('\n')).toContain(field);
  });

  test('the gate of schema changes: a symbol of an enum removed or added fails with the topic, the field and the symbol', () => {
    const deliveries = SCHEMA_TEXTS['cloud.deliveries'];
    for (const symbols of ['"by_hand",', '"by_hand","by_foot",']) {
      const text =
        symbols === '"by_hand",' ? deliveries.replace(symbols, '') : deliveries.replace('"by_hand",', symbols);
      const { incompatible } = schemaVerdict({ topic: 'cloud.deliveries', current: text, recorded: [deliveries] });
      expect(incompatible.join()).toMatch(/^cloud\.deliveries: .*CloudDelivery\.outcome.*by_(hand|foot)/);
    }
  });

  test('the gate of schema changes: a change must be able to read every version, not only the newest', () => {
    const third = changed((fields) => [...fields, { name: 'host', type: 'string' }]);
    const { incompatible } = schemaVerdict({
      topic: 'dead.letters',
      current: third,
      recorded: [released, added, third],
    });
    expect(incompatible).toHaveLength(2);
    expect(incompatible[0]).toContain('version 1');
  });

  function verdict(current: string): ReturnType<typeof schemaVerdict> {
    return schemaVerdict({ topic: 'dead.letters', current, recorded: [released] });
  }
});

describe('the command of the gate', () => {
  const tree = mkdtempSync(join(tmpdir(), 'schema-gate-'));
  for (const folder of ['codecs/avro', 'schemas']) {
    cpSync(join(DIST_FOLDER, folder), join(tree, 'dist', folder), { recursive: true });
  }
  cpSync(join(ROOT, 'schemas'), join(tree, 'schemas'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(tree, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  mkdirSync(join(tree, 'test/codecs/avro/versions'), { recursive: true });
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  test('the command of the gate: names the topic, the field and what to run, and records only what is compatible', () => {
    expect(gate('--check')).toEqual({ status: 0, said: '' });

    writeSchema(changed((fields) => fields.filter(({ name }) => name !== 'code')));
    const refused = gate('--record');
    expect(refused.status).toBe(1);
    expect(refused.said).toContain('dead.letters: version 1 could not read new records: DeadLetter.code');
    expect(existsSync(join(tree, 'schemas/versions/dead.letters/2.avsc'))).toBe(false);

    writeSchema(added);
    expect(gate('--check').said).toContain('npm run record-schemas');
    expect(gate('--record').status).toBe(0);
    expect(gate('--check')).toEqual({ status: 0, said: '' });
    const fixture = readFileSync(join(tree, 'test/codecs/avro/versions/dead.letters.2.json'), 'utf8');
    expect(JSON.parse(fixture)).toHaveProperty(['dead.letters', 'hex']);
  });

  function gate(argument: string): { readonly status: number | null; readonly said: string } {
    const run = spawnSync(process.execPath, ['dist/codecs/avro/generate/main.js', argument], {
      cwd: tree,
      encoding: 'utf8',
    });
    return { status: run.status, said: run.stderr };
  }

  function writeSchema(text: string): void {
    writeFileSync(join(tree, 'schemas/dead.letters.avsc'), text);
  }
});

function changed(change: (fields: Schema['fields']) => Schema['fields']): string {
  const schema: Schema = JSON.parse(released);
  return JSON.stringify({ ...schema, fields: change(schema.fields) });
}

function replaced(fields: Schema['fields'], name: string, attributes: object): Schema['fields'] {
  return fields.map((field) => (field['name'] === name ? { name, ...attributes } : field));
}
