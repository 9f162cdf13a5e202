// The corpus' HL7 messages over MLLP into a started bridge: each is answered, and each answer is true.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { corpusMessage, messageFiles, type OracleLine, oracleLines } from '../codecs/hl7/corpus-messages.ts';
import { MllpClient } from '../connectors/hl7/mllp-client.ts';
import { corpusFolder } from '../requirements.ts';
import { type StartedBridge, startedBridge } from './started-bridge.ts';

const corpus = corpusFolder();
const PIPELINED = 50;

/** What a file brings that is not one message answered AA. `kept` and `refused`: the bytes between its frames. */
interface Exception {
  readonly file: string;
  readonly answers: readonly ('AA' | 'AE')[];
  readonly kept: number;
  readonly codes: readonly string[];
  readonly why: string;
}

const ACCEPTED: readonly string[] = ['AA'];
const NO_CONTROL_ID = { answers: ['AE'], kept: 0, codes: ['hl7.missing_control_id'] } as const;
const NO_HEADER = { answers: ['AE'], kept: 0, codes: ['hl7.unreadable_header'] } as const;
const UNWANTED = { answers: [], kept: 1, codes: [] } as const;

const EXCEPTIONS: readonly Exception[] = [
  {
    file: 'microsoft-fhir-converter/ADT-A40-01.hl7',
    ...UNWANTED,
    why: 'MSH-15 and MSH-16 are NE: no answer is wanted',
  },
  {
    file: 'microsoft-fhir-converter/ADT-A40-02.hl7',
    ...UNWANTED,
    why: 'MSH-15 and MSH-16 are NE: no answer is wanted',
  },
  { file: 'generated-hostile/1M-fields.hl7', ...NO_CONTROL_ID, why: 'a million empty fields, MSH-10 among them' },
  { file: 'generated-hostile/msh-no-encoding.hl7', ...NO_CONTROL_ID, why: 'the message ends after MSH-1' },
  {
    file: 'generated-hostile/same-delims.hl7',
    ...NO_CONTROL_ID,
    why: 'MSH-2 is empty and the header ends before MSH-10',
  },
  { file: 'generated-hostile/only-msh.hl7', ...NO_HEADER, why: 'the three letters MSH and nothing more' },
  { file: 'generated-hostile/cr-as-fieldsep.hl7', ...NO_HEADER, why: 'MSH-1 is the segment separator' },
  {
    file: 'generated-hostile/mllp-inside.hl7',
    answers: ['AA', 'AE'],
    kept: 1,
    codes: ['hl7.missing_control_id'],
    why: 'an end block inside a field makes two frames of it, the second without MSH-10',
  },
];

describe.skipIf(corpus === undefined)('the corpus of messages over MLLP', () => {
  const folder = corpus ?? '';
  const files = corpus === undefined ? [] : allFiles(folder);
  const exceptions = new Map(EXCEPTIONS.map((exception) => [exception.file, exception]));

  test('MLLP: 360 files in writes of 50 are each answered, each AA is kept byte for byte, each AE is a dead letter, counts are the oracle’s', async () => {
    expect(files).toHaveLength(360);
    await using bridge = await startedBridge();
    const answers = await answersTo(bridge, files, exceptions);
    expect(answers).toEqual(files.flatMap((file) => exceptions.get(file)?.answers ?? ACCEPTED));
    await bridge.idle();
    expect(await bridge.drained()).toBe(0);
    expect(bridge.process.output()).not.toMatch(/"level":"error"/);

    const kept = files.flatMap((file) => framesOf(folder, file).slice(0, exceptions.get(file)?.kept ?? 1));
    const records = bridge.records('hl7.messages');
    expect(records.map(({ record }) => shownDigest(record['raw']))).toEqual(kept.map(digest));
    const letters = bridge.records('dead.letters');
    const atTheDoor = letters.filter(({ record }) => record['stage'] === 'intake');
    const refused = EXCEPTIONS.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file)).flatMap(
      ({ file, kept: taken, codes }) =>
        framesOf(folder, file)
          .slice(taken)
          .map((bytes, at) => [codes[at], digest(bytes)]),
    );
    expect(atTheDoor.map(({ record }) => [record['code'], shownDigest(record['bytes'])])).toEqual(refused);

    expectTheOracle(oracleLines(folder), files, exceptions, records);
    expectInvariant3(records, letters, bridge.records('studies'));
  });
});

function allFiles(folder: string): readonly string[] {
  return ['generated-zh', 'microsoft-fhir-converter', 'dcm4che', 'generated-hostile'].flatMap((name) =>
    messageFiles(folder, name),
  );
}

/** On one connection, fifty messages a write; answers come in the order of the messages. */
async function answersTo(
  bridge: StartedBridge,
  files: readonly string[],
  exceptions: ReadonlyMap<string, Exception>,
): Promise<readonly string[]> {
  const sender = await MllpClient.open(bridge.ports.hl7);
  let expected = 0;
  for (let at = 0; at < files.length; at += PIPELINED) {
    const batch = files.slice(at, at + PIPELINED);
    sender.send(...batch.map((file) => corpusMessage(corpus ?? '', file)));
    expected += batch.reduce((sum, file) => sum + (exceptions.get(file)?.answers.length ?? 1), 0);
    await sender.expectAnswers(expected);
  }
  sender.close();
  return sender.answers.map((answer) => /\rMSA\|(\w\w)\|/.exec(answer)?.[1] ?? answer);
}

/** What a reader of MLLP finds between start and end blocks when the file stands in a frame. */
function framesOf(folder: string, file: string): readonly Buffer[] {
  const bytes = corpusMessage(folder, file);
  const end = bytes.indexOf('\x1c\r');
  return end < 0 ? [bytes] : [bytes.subarray(0, end), bytes.subarray(bytes.indexOf('\x0b', end) + 1)];
}

/** Stands for the bytes, so that a difference can be read. */
function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Of bytes as `inspect` shows them. */
function shownDigest(base64: unknown): string {
  return digest(Buffer.from(String(base64), 'base64'));
}

interface Inspected {
  readonly position: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** python-hl7 read 333 of the files: types, control ids and accession numbers are the same, and so are their counts. */
function expectTheOracle(
  oracle: readonly OracleLine[],
  files: readonly string[],
  exceptions: ReadonlyMap<string, Exception>,
  records: readonly Inspected[],
): void {
  const readable = files.filter((file) => (exceptions.get(file)?.kept ?? 1) === 1);
  const byFile = new Map(readable.map((file, at) => [file, records[at]?.record ?? {}]));
  expect(oracle).toHaveLength(333);
  const ours = oracle.map(({ file }) => byFile.get(file) ?? {});
  expect(countsOf(ours.map((record) => record['messageType']))).toEqual(
    countsOf(oracle.map(({ MSH9 }) => MSH9.split('^').slice(0, 2).join('^'))),
  );
  expect(ours.map((record) => record['controlId'])).toEqual(oracle.map(({ MSH10 }) => MSH10));
  const accessions = (record: Readonly<Record<string, unknown>>): string => JSON.stringify(record['identifiers']);
  const missing = oracle.filter(({ OBR18 = '' }, at) => {
    const [accession = ''] = OBR18.split('^');
    return accession !== '' && !accessions(ours[at] ?? {}).includes(JSON.stringify(accession));
  });
  expect(missing.map(({ file }) => file)).toEqual([]);
}

/** Invariant 3: what is to be used is the cause of a study or a dead letter with its position; the rest says why not. */
function expectInvariant3(
  records: readonly Inspected[],
  letters: readonly Inspected[],
  studies: readonly Inspected[],
): void {
  const ends = new Set(
    studies.flatMap(({ record }): readonly unknown[] => (Array.isArray(record['causes']) ? record['causes'] : [])),
  );
  for (const { record } of letters) {
    const position = record['position'];
    if (typeof position === 'object' && position !== null) ends.add(Object.values(position).join('/'));
  }
  for (const { position, record } of records) {
    if (record['disposition'] === 'used') expect([position, ends.has(position)]).toEqual([position, true]);
    else if (record['disposition'] === 'ignored') expect(record['ignoredReason']).not.toBeNull();
    else expect(record['messageType']).toMatch(/^ADT\^/);
  }
}

function countsOf(values: readonly unknown[]): ReadonlyMap<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const value of [...values].sort()) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
