// Each Chinese message over a real socket, recorded, assembled: what the cloud is told is what EXPECTED.jsonl says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHl7Message } from '../../codecs/hl7/message.ts';
import { createMllpServer } from '../../connectors/hl7/mllp-server.ts';
import { mapHl7Message } from '../../processors/mapping/hl7-mapping.ts';
import { defaultMappingSettings } from '../../processors/mapping/mapping-settings.ts';
import { loadConfiguration } from '../../runtime/config/load-configuration.ts';
import { silentTelemetry } from '../../runtime/contracts/telemetry.ts';
import { bridgeTasks } from '../../runtime/wiring/tasks.ts';
import { parseSite, type Site } from '../../schemas/identifiers.ts';
import type { CloudRequest, StudySnapshot } from '../../schemas/records.ts';
import { MllpClient, verdict } from '../connectors/hl7/mllp-client.ts';
import { type ExpectedGroup, type ExpectedMessage, expectedMessages } from '../processors/mapping/corpus-messages.ts';
import { corpusFolder } from '../requirements.ts';

import { type LogUnderTest, signal, untilRead } from '../runtime/log/log-under-test.ts';
import { openLogOfRun } from './log-of-run.ts';
import { lastPerKey, logCodec, recordsIn } from './log-records.ts';
import { type BareImages, bareImages } from './study-images.ts';
import { fieldDeviations, numberOf, type Told, toldDeviations } from './told-comparison.ts';

const corpus = corpusFolder();

/** Brought by the images of studies whose message has none. */
const LATER_MODALITY = 'XX';

/** How what a group says is seen, and where its study stood before the later modality; null: not judged. */
type Way = keyof typeof WAYS;
const WAYS = {
  body: { groups: 105, standing: /^sent$/, why: 'the study is sent' },
  body_later: {
    groups: 40,
    standing: /^waiting_for_fields modality$/,
    why: 'the message has no modality: the study waits until the images bring one',
  },
  no_link: {
    groups: 26,
    standing: /^waiting_for_images accessNumber(?: modality)?$/,
    why: 'only a placer number: no images can be its own before an accession comes; the mapped fields are compared',
  },
  cancelled: {
    groups: 6,
    standing: /^cancelled/,
    why: 'an order that was cancelled before anything was sent is not sent; the mapped fields are compared',
  },
  no_report: {
    groups: 7,
    standing: null,
    why: 'a withdrawn or refused report says nothing of its study; the mapped fields are compared',
  },
  two_orders: {
    groups: 4,
    standing: null,
    why: 'two orders or reports of one study make one body; the mapped fields are compared',
  },
} as const satisfies Readonly<Record<string, { groups: number; standing: RegExp | null; why: string }>>;

interface CorpusCase {
  readonly expected: ExpectedMessage;
  readonly site: Site;
  readonly bytes: Buffer;
}

describe.skipIf(corpus === undefined)('fidelity', () => {
  test('fidelity: every field of the 183 Chinese messages arrives over the wire in the body for the cloud, right or absent as expected', async () => {
    const cases = corpus === undefined ? [] : corpusCases(corpus);
    expect(cases).toHaveLength(183);
    const log = await openLogOfRun();
    try {
      await sendEach(cases, log);
      const records = await recordsIn(log.log, 'hl7.messages');
      expect(records.map(({ site, raw }) => [site, Buffer.from(raw).equals(bytesOf(cases, site))])).toEqual(
        cases.map(({ site }) => [site, true]),
      );
      const { deviations, ways } = await assembleAndCompare(cases, log);
      expect(deviations).toEqual([]);
      expect(ways).toEqual(Object.fromEntries(Object.entries(WAYS).map(([way, { groups }]) => [way, groups])));
      expect(log.fatal).toEqual([]);
    } finally {
      await log.close();
    }
  });
});

function corpusCases(folder: string): readonly CorpusCase[] {
  return expectedMessages(folder).map((expected, at) => {
    const site = parseSite(`file-${at}`);
    if (site === undefined) throw new TypeError('the name is a site');
    return { expected, site, bytes: readFileSync(join(folder, 'hl7/generated-zh', expected.file)) };
  });
}

function bytesOf(cases: readonly CorpusCase[], site: string): Buffer {
  return cases.find((each) => each.site === site)?.bytes ?? Buffer.alloc(0);
}

/** One site a file, so that each message stands alone. */
async function sendEach(cases: readonly CorpusCase[], { log, clock }: LogUnderTest): Promise<void> {
  let current: Site | undefined;
  const server = createMllpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    codec: logCodec,
    clock,
    telemetry: silentTelemetry,
    route: () => (current === undefined ? undefined : { site: current, source: 'his' }),
  });
  await server.start(signal);
  const sender = await MllpClient.open(server.address?.port ?? 0);
  for (const [at, { site, bytes }] of cases.entries()) {
    current = site;
    sender.send(bytes);
    await sender.expectAnswers(at + 1);
  }
  expect(sender.answers.filter((answer) => !verdict(answer).startsWith('AA '))).toEqual([]);
  sender.close();
  await server.drain(AbortSignal.timeout(2_000));
}

async function assembleAndCompare(cases: readonly CorpusCase[], { log, clock }: LogUnderTest) {
  const { assembly } = tasksOf(cases, clock);
  await using service = log.run(assembly);
  await service.start(signal);
  const bring = async (modality: string | null, revision: number, wanted: (group: ExpectedGroup) => boolean) => {
    const entries = cases.flatMap(({ expected, site }) =>
      expected.groups
        .filter(wanted)
        .map((group) => bareImages({ ...imagesOf(group), site, modality, revision, atMs: clock.nowMs() })),
    );
    await log.append(entries, signal);
    await untilRead(log, 'assembly');
  };
  await bring(null, 1, () => true);
  const waiting = [...(await lastPerKey(log, 'studies')).values()];
  await bring(LATER_MODALITY, 2, lacksModality);
  const told = toldBySite([...(await lastPerKey(log, 'cloud.requests')).values()]);

  const ways = new Map<Way, number>();
  const deviations: string[] = [];
  for (const { expected, site, bytes } of cases) {
    const own = waiting.filter((study) => study.site === site);
    for (const [at, group] of expected.groups.entries()) {
      const way = wayOf(group, expected);
      ways.set(way, (ways.get(way) ?? 0) + 1);
      const found =
        way === 'body' || way === 'body_later'
          ? toldDeviations(group, told.get(site) ?? [], fromImages(group))
          : fieldDeviations(mappedFields(bytes, at), group, ['studyId']);
      const standing = standingDeviations(
        way,
        own.filter((study) => isOf(study, group)),
      );
      deviations.push(
        ...[...found, ...standing].map((deviation) => `${expected.file} group ${at}, ${way}: ${deviation}`),
      );
    }
  }
  return { deviations, ways: Object.fromEntries([...ways].sort()) };
}

/** With the UID and the number that the message gives; a made one where it gives none. */
function imagesOf(group: ExpectedGroup): Pick<BareImages, 'studyInstanceUid' | 'accession'> {
  const { placer, filler, accession, studyInstanceUid } = group.identifiers;
  const made = `2.25.${[...`${placer}${filler}`].filter((character) => /\d/.test(character)).join('')}`;
  return { studyInstanceUid: studyInstanceUid ?? made, accession: accession ?? filler ?? null };
}

function fromImages(group: ExpectedGroup): readonly string[] {
  return [
    ...(group.identifiers.studyInstanceUid === undefined ? ['studyUid'] : []),
    ...(lacksModality(group) ? ['modality'] : []),
  ];
}

function lacksModality({ fields, unscored }: ExpectedGroup): boolean {
  return fields['modality'] === undefined && unscored['modality'] === undefined;
}

function wayOf(group: ExpectedGroup, { groups }: ExpectedMessage): Way {
  if (group.action === 'cancel' || group.action === 'discontinue') return 'cancelled';
  if (numberOf(group) === undefined) return 'no_link';
  if (group.report?.status === 'withdrawn' || group.report?.status === 'refused') return 'no_report';
  if (groups.some((other) => other !== group && numberOf(other) === numberOf(group))) return 'two_orders';
  return lacksModality(group) ? 'body_later' : 'body';
}

function isOf({ accessionNumbers, placerOrderNumbers }: StudySnapshot, group: ExpectedGroup): boolean {
  const { placer } = group.identifiers;
  const number = numberOf(group);
  return number === undefined
    ? placer !== undefined && placerOrderNumbers.includes(placer)
    : accessionNumbers.includes(number);
}

/** Before a modality came: where the study stood, and what it lacked. */
function standingDeviations(way: Way, studies: readonly StudySnapshot[]): readonly string[] {
  const wanted = WAYS[way].standing;
  const found = studies.map(({ state, missing }) => [state, ...missing].join(' '));
  return wanted === null || (found.length === 1 && wanted.test(found[0] ?? ''))
    ? []
    : [`it is ${found.join(' and ')}, not ${wanted}`];
}

function toldBySite(requests: readonly CloudRequest[]): ReadonlyMap<string, readonly Told[]> {
  const told = new Map<string, Told[]>();
  for (const { site, kind, body } of requests) {
    told.set(site, [...(told.get(site) ?? []), { kind, body: JSON.parse(body) }]);
  }
  return told;
}

function mappedFields(bytes: Uint8Array, at: number): Readonly<Record<string, unknown>> {
  const message = readHl7Message(bytes, {});
  return message.ok ? { ...mapHl7Message(message.value, defaultMappingSettings)[at]?.fields } : {};
}

/** The tasks as the bridge makes them from a configuration of these sites. */
function tasksOf(cases: readonly CorpusCase[], clock: LogUnderTest['clock']) {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-fidelity-'));
  const file = join(folder, 'studybridge.yaml');
  writeFileSync(file, ['sites:', ...cases.map(({ site }) => `  ${site}: { studyQuietMs: 0 }`), ''].join('\n'));
  const { configuration } = loadConfiguration({ environment: {}, file, directory: folder });
  rmSync(folder, { recursive: true });
  const account = {
    url: 'http://127.0.0.1:9',
    appId: '1',
    token: '0'.repeat(32),
    timeoutMs: 1,
    inFlightMax: 1,
    reportPath: '/r',
    deletePath: '/d',
  };
  const accounts = new Map(cases.map(({ site }) => [String(site), account]));
  return bridgeTasks(configuration, { codec: logCodec, clock, telemetry: silentTelemetry, accounts });
}
