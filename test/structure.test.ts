// The shape of the tree: who may import whom, who owns which package, how large a file may be.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The way of the data: a folder may import itself and what stands here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // The records know nothing of what is done with them.
  schemas: [],
  // Bytes to values and back: pure.
  codecs: ['schemas'],
  // What comes in, what thinks and what goes out meet only in records.
  connectors: ['schemas', 'codecs', 'runtime/contracts'],
  processors: ['schemas', 'codecs', 'runtime/contracts'],
  sinks: ['schemas', 'runtime/contracts', 'codecs/avro'],
  // The runtime carries records whose meaning it does not know.
  runtime: ['schemas', 'codecs'],
  // A stranger to the bridge: it shares the schemas and the facts, no code.
  simulator: ['schemas', 'codecs', 'runtime/contracts'],
};

/** Files that put the parts together may import everything. */
const WIRING = [/^runtime\/wiring(\.ts|\/)/, /^runtime\/cli\//, /^bench\//, /^test\//];

/** Each third-party package is imported by the one place that owns it. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  kafkajs: ['runtime/log/kafka/'],
  '@bokuweb/zstd-wasm': ['runtime/log/kafka/compression/'],
  lmdb: ['runtime/log/embedded/', 'runtime/state/'],
  avsc: ['codecs/avro/'],
  'dicom-parser': ['codecs/dicom/'],
  'dicom-character-set': ['codecs/dicom/'],
  undici: ['sinks/cloud/', 'runtime/registry/'],
  zod: ['runtime/config/'],
  yaml: ['runtime/config/'],
  commander: ['runtime/cli/'],
  'prom-client': ['runtime/telemetry/'],
  pino: ['runtime/telemetry/'],
  hono: ['runtime/http/'],
  '@hono/node-server': ['runtime/http/'],
  'node-hl7-client': ['simulator/hospital/'],
  'dcmjs-dimse': ['simulator/hospital/'],
};

const FILE_LINES_MAX = 400;
const EMPTY_NAMES = /^(utils?|helpers?|common|types|constants|index|misc)\.ts$/;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources = readSources();
const shipped = sources.filter(({ path }) => !path.startsWith('test/') && !path.startsWith('bench/'));

describe('the structure of the tree', () => {
  test('a folder imports only what the way of the data allows', () => {
    const wrong = shipped.flatMap((file) =>
      file.imports
        .filter((name) => name.startsWith('.'))
        .map((name) => posix.normalize(posix.join(dirname(file.path), name)))
        .filter((target) => !mayImport(file.path, target))
        .map((target) => `${file.path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('a third-party package is imported only by the place that owns it', () => {
    const wrong = shipped.flatMap((file) =>
      file.imports
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .map(packageName)
        .filter((name) => !(OWNERS[name] ?? []).some((owner) => file.path.startsWith(owner)))
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every dependency of package.json has an owner, and every owner is a dependency', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    expect(declared.sort()).toEqual(Object.keys(OWNERS).sort());
  });

  test(`a file has at most ${FILE_LINES_MAX} lines, unless it is generated`, () => {
    const long = sources
      .filter(({ text }) => !text.startsWith('// Generated'))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > FILE_LINES_MAX);
    expect(long).toEqual([]);
  });

  test('a file is named by what is inside', () => {
    expect(sources.map(({ path }) => path).filter((path) => EMPTY_NAMES.test(posix.basename(path)))).toEqual([]);
  });

  test('a file begins with its one responsibility', () => {
    const silent = shipped.filter(({ text }) => !/^(#!.*\n)?(\/\/ |\/\*\*)/.test(text)).map(({ path }) => path);
    expect(silent).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'invariant %i is cited where it is enforced and has a test named after it',
    (number) => {
      const cited = new RegExp(`Invariants? [\\d, and]*\\b${number}\\b`);
      const named = new RegExp(`['"\`]([^'"\`]*: )?invariants? [\\d, and]*\\b${number}\\b`, 'i');
      const tests = sources.filter(({ path }) => path.endsWith('.test.ts') || path.endsWith('-contract.ts'));
      expect(shipped.some(({ text }) => cited.test(text))).toBe(true);
      expect(tests.some(({ path, text }) => path !== 'test/structure.test.ts' && named.test(text))).toBe(true);
    },
  );

  test('only the record codec, the wiring and the command line name both ends of the way', () => {
    const crossing = shipped.filter(
      ({ path, imports }) =>
        !WIRING.some((allowed) => allowed.test(path)) &&
        imports.some((name) => /\/connectors\//.test(name)) &&
        imports.some((name) => /\/sinks\//.test(name)),
    );
    expect(crossing.map(({ path }) => path)).toEqual([]);
  });
});

function mayImport(from: string, target: string): boolean {
  if (WIRING.some((allowed) => allowed.test(from))) return true;
  const home = from.split('/')[0] ?? '';
  if (target.startsWith(`${home}/`)) return true;
  return (MAY_IMPORT[home] ?? []).some((allowed) => target.startsWith(`${allowed}/`));
}

function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

function readSources(): readonly SourceFile[] {
  const tops = ['bench', 'codecs', 'connectors', 'processors', 'runtime', 'schemas', 'simulator', 'sinks', 'test'];
  return tops.flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => {
        const path = relative(ROOT, join(entry.parentPath, entry.name));
        const text = readFileSync(join(ROOT, path), 'utf8');
        return { path, text, imports: importsOf(text) };
      }),
  );
}

function importsOf(text: string): readonly string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}
