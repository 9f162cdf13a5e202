// The cloud sink on the embedded log: real commits, a real socket, a restart in the middle.

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import type { RecordLog } from '../../../runtime/contracts/record-log.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { cloudSinkTask } from '../../../sinks/cloud/cloud-sink.ts';
import { cloudSiteView } from '../../../sinks/cloud/cloud-view.ts';
import { openLog, temporaryFolder } from '../../runtime/log/embedded/temporary-log.ts';
import { ScriptedCloud, type Step } from './scripted-cloud.ts';
import { accountAt } from './sink-harness.ts';

const codec = singleObjectCodec();
const never = new AbortController().signal;
const STUDIES = 300;

test('cloud sink on the embedded log: a restart in the middle loses nothing and keeps every study in order', async () => {
  const cloud = new ScriptedCloud(() => Date.now());
  await cloud.open();
  let accepts = 150;
  const accepted: Step = { body: '{"code":0,"message":""}', processed: true };
  cloud.script = () => {
    accepts -= 1;
    return accepts >= 0 ? accepted : { end: 'hang' };
  };
  const folder = await temporaryFolder();
  const task = cloudSinkTask({
    codec,
    clock: systemClock,
    telemetry: silentTelemetry,
    sites: new Map([['north', accountAt(cloud, { timeoutMs: 3_000, inFlightMax: 16 })]]),
    random: () => 0,
  });
  const run = async (body: (log: RecordLog) => Promise<void>): Promise<void> => {
    const { log, close } = await openLog(folder, { clock: systemClock });
    const service = log.run(task);
    await service.start(never);
    await body(log);
    await service.drain(AbortSignal.abort());
    await close();
  };
  await run(async (log) => {
    for (const revision of [1, 2]) await log.append(requests(revision), never);
    await until(() => cloud.requests.length >= 150 + 16);
  });
  cloud.script = () => accepted;
  await run(async (log) => {
    const [state] = log.view(task);
    await until(() =>
      Array.from({ length: STUDIES }, (_, study) => lastRevision(cloud, study)).every((last) => last === 2),
    );
    await until(() => state !== undefined && cloudSiteView(state, 'north').waiting === 0);
  });
  for (let study = 0; study < STUDIES; study += 1) {
    const revisions = (cloud.applied.get(`/ris/study/add S${study}`) ?? []).map((body) => JSON.parse(body).revision);
    expect(revisions).toEqual(revisions.toSorted());
  }
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

function lastRevision(cloud: ScriptedCloud, study: number): unknown {
  const last = cloud.applied.get(`/ris/study/add S${study}`)?.at(-1);
  return last === undefined ? undefined : JSON.parse(last).revision;
}

function requests(revision: number) {
  return Array.from({ length: STUDIES }, (_, study) => {
    const body = JSON.stringify({ studyId: `S${study}`, revision });
    const request = {
      site: 'north',
      studyKey: `S${study}`,
      kind: 'study',
      reportId: null,
      revision,
      mappingVersion: 1,
      cloudStudyId: `S${study}`,
      body,
      documentHashes: [],
      contentHash: createHash('sha256').update(body).digest('hex'),
      createdAtMs: 0,
      originAtMs: 0,
      causes: [],
    } as const;
    return codec.entry('cloud.requests', request, { trace: '00000000000000aa' });
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
