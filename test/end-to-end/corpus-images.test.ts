// The corpus' images by dcmtk's storescu into a started bridge: what it counts is what others read in the same files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { InspectedRecord } from '../proofs/evidence.ts';
import { type OutgoingMessage, sendMessages } from '../proofs/interface-engine.ts';
import { Ledger } from '../proofs/ledger.ts';
import { corpusFolder, hasTool } from '../requirements.ts';
import { corpusInstances, type ExpectedImages, expectedByStudy, hostileFiles } from './corpus-instances.ts';
import { eventually, type StartedBridge, startedBridge } from './started-bridge.ts';
import { type FileOutcome, storescu, writeProfile } from './storescu.ts';

const corpus = corpusFolder();
const dcmtk = hasTool('storescu');

/** A study as the bridge has it: UIDs of instances and series, counts of its last snapshot. */
interface CountedStudy {
  readonly instances: readonly string[];
  readonly series: readonly string[];
  readonly counts: unknown;
}

describe.skipIf(corpus === undefined || !dcmtk)('the corpus of images over storescu', () => {
  test('storescu: SOP and series sets of each study are those of the independent reading, at the cloud too; a second sending changes no count', async () => {
    const files = corpusInstances(corpus ?? '');
    expect(files).toHaveLength(259);
    await using bridge = await startedBridge();
    const profile = writeProfile(bridge.folder, files);
    const paths = files.map(({ path }) => path);
    const outcomes = await storescu(bridge.ports.dicom, profile, paths);

    // Each file the sender could send is answered, and by the verdict of Orthanc.
    const sent = files.filter(({ path }) => outcomes.get(path) !== 'not sent');
    const stored = sent.filter(({ path }) => outcomes.get(path) === 'stored');
    expect(sent.length).toBeGreaterThan(230);
    expect(stored).toEqual(sent.filter(({ accepted }) => accepted));
    const expected = expectedByStudy(stored);
    expect(expected.size).toBeGreaterThan(60);

    await orderEach(bridge, [...expected.keys()]);
    await eventually(async () => (await bridge.studies()).size === expected.size, 'every study is at the cloud');
    await bridge.idle();
    const first = await cloudCounts(bridge);
    const bodies = await cloudBodies(bridge);
    expect(first).toEqual(cloudExpectation(expected));

    // In the same order: of two files that name one instance and differ, the one received last tells its attributes.
    const again = await storescu(bridge.ports.dicom, profile, paths);
    expect(sortedOutcomes(again)).toEqual(sortedOutcomes(outcomes));
    await bridge.idle();
    expect(await cloudCounts(bridge)).toEqual(first);
    expect(await cloudBodies(bridge)).toEqual(bodies);

    expect(await bridge.drained()).toBe(0);
    expect(bridge.process.output()).not.toMatch(/"level":"error"/);
    const instances = bridge.records('dicom.instances');
    expect(instances).toHaveLength(2 * stored.length);
    expect(countedStudies(instances, bridge.records('study.images'))).toEqual(bridgeExpectation(expected));
    expect(bridge.records('dead.letters')).toHaveLength(2 * (sent.length - stored.length));
  });

  test('storescu: hostile files beside a series harm no neighbour', async () => {
    const series = corpusInstances(corpus ?? '').filter(({ path }) => /MR\d\d\.dcm$/.test(path));
    const hostile = hostileFiles(corpus ?? '');
    expect([series.length, hostile.length]).toEqual([16, 19]);
    await using bridge = await startedBridge();
    const profile = writeProfile(bridge.folder, [...series, ...hostile.map(claimedSyntax)]);
    // On one association between the good ones, and on another beside it.
    const mixed = series.flatMap(({ path }, at) => [path, ...hostile.slice(at, at + 1)]);
    const [outcomes, beside] = await Promise.all([
      storescu(bridge.ports.dicom, profile, mixed),
      storescu(bridge.ports.dicom, profile, hostile),
    ]);
    for (const { path } of series) expect([path, outcomes.get(path)]).toEqual([path, 'stored']);
    const answered = [...outcomes, ...beside].filter(
      ([path, outcome]) => hostile.includes(path) && outcome !== 'not sent',
    );
    expect(answered.length).toBeGreaterThan(10);
    await bridge.idle();
    expect(await bridge.drained()).toBe(0);
    expect(bridge.process.output()).not.toMatch(/"level":"error"/);
    // Each answer has its record: an instance for a yes, a dead letter for a no.
    const yes = answered.filter(([, outcome]) => outcome === 'stored').length;
    const instances = bridge.records('dicom.instances');
    expect(instances).toHaveLength(series.length + yes);
    expect(bridge.records('dead.letters')).toHaveLength(answered.length - yes);
    const counted = countedStudies(instances, bridge.records('study.images'));
    const [[uid, expected] = ['', undefined]] = bridgeExpectation(expectedByStudy(series));
    expect(counted.get(uid)).toEqual(expected);
  });
});

/** What a sender takes from the file meta information; a file without a readable one is left to fail. */
function claimedSyntax(path: string) {
  const head = readFileSync(path).subarray(0, 1_000).toString('latin1');
  const valueAfter = (mark: string): string => {
    const at = head.indexOf(mark);
    const length = at < 0 ? 0 : head.charCodeAt(at + 6);
    return head.slice(at + 8, at + 8 + length).replace(/[\0 ]+$/, '');
  };
  return {
    sopClassUid: valueAfter('\x02\x00\x02\x00UI'),
    transferSyntaxUid: valueAfter('\x02\x00\x10\x00UI'),
  };
}

/** An order for each study, so that all of them reach the cloud. */
async function orderEach(bridge: StartedBridge, uids: readonly string[]): Promise<void> {
  const orders = uids.map((uid, number): OutgoingMessage => {
    const controlId = `E2E${number}`;
    const segments = [
      `MSH|^~\\&|HIS|TESTHOSP|BRIDGE|CLOUD|20260303080000||ORM^O01|${controlId}|P|2.5.1||||||UNICODE UTF-8`,
      `PID|1||E2EP${number}^^^HIS^MR||测试${number}||19800101|F`,
      `ORC|NW|E2EPL${number}`,
      `OBR|1|E2EPL${number}||X1^检查||||||||||||||E2EA${number}||||||OT`,
      `ZDS|${uid}^HIS^Application^DICOM`,
    ];
    return { controlId, bytes: Buffer.from(`${segments.join('\r')}\r`, 'utf8') };
  });
  const ledger = new Ledger(join(bridge.folder, 'orders'));
  await sendMessages(bridge.ports.hl7, orders, 16, ledger);
  expect(ledger.allAcknowledged.size).toBe(orders.length);
}

async function cloudBodies(bridge: StartedBridge): Promise<readonly string[]> {
  return [...(await bridge.studies()).values()].map(({ body }) => JSON.stringify(body)).sort();
}

async function cloudCounts(bridge: StartedBridge): Promise<ReadonlyMap<unknown, readonly unknown[]>> {
  const bodies = [...(await bridge.studies()).values()].map(({ body }) => body);
  return new Map(
    bodies
      .map(
        (body) =>
          [body['studyUid'], ['imageCnt', 'seriesCnt', 'reportCnt', 'pdfCnt'].map((name) => body[name])] as const,
      )
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}

function cloudExpectation(expected: ReadonlyMap<string, ExpectedImages>): ReadonlyMap<unknown, readonly unknown[]> {
  return new Map(
    [...expected].map(([uid, { series, counts }]) => [
      uid,
      [counts.images, series.size, counts.structuredReports, counts.pdfs],
    ]),
  );
}

function bridgeExpectation(expected: ReadonlyMap<string, ExpectedImages>): ReadonlyMap<string, CountedStudy> {
  return new Map(
    [...expected].map(([uid, { instances, series, counts }]) => [
      uid,
      { instances: [...instances].sort(), series: [...series].sort(), counts },
    ]),
  );
}

/** Series and counts of the last snapshot of each study, and the instances on record. */
function countedStudies(
  instances: readonly InspectedRecord[],
  snapshots: readonly InspectedRecord[],
): ReadonlyMap<string, CountedStudy> {
  const uids = new Map<string, Set<string>>();
  for (const { record } of instances) {
    const study = String(record['studyInstanceUid']);
    uids.set(study, (uids.get(study) ?? new Set()).add(String(record['sopInstanceUid'])));
  }
  const last = new Map(snapshots.map(({ record }) => [String(record['studyInstanceUid']), record]));
  return new Map(
    [...last].sort().map(([uid, record]) => {
      const { counts, series }: Snapshot = JSON.parse(JSON.stringify(record));
      const { images, structuredReports, doseReports, pdfs } = counts;
      return [
        uid,
        {
          instances: [...(uids.get(uid) ?? [])].sort(),
          series: series.map(({ seriesInstanceUid }) => seriesInstanceUid).sort(),
          counts: { images, structuredReports: structuredReports + doseReports, pdfs },
        },
      ];
    }),
  );
}

interface Snapshot {
  readonly counts: Readonly<Record<'images' | 'structuredReports' | 'doseReports' | 'pdfs', number>>;
  readonly series: readonly { readonly seriesInstanceUid: string }[];
}

function sortedOutcomes(outcomes: ReadonlyMap<string, FileOutcome>): readonly (readonly [string, FileOutcome])[] {
  return [...outcomes].sort();
}
