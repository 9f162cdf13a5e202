// Proof: in the system calls themselves, no acknowledgement is written before what it promises is durable.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasTool } from '../requirements.ts';
import { freePorts, startBridge } from './bridge-process.ts';
import { brokenBuild } from './broken-build.ts';
import { hospitalDay } from './hospital-day.ts';
import { sendMessages } from './interface-engine.ts';
import { Ledger } from './ledger.ts';
import { storeInstances } from './modality.ts';
import { EARLY_DICOM, EARLY_HL7, NO_META_SYNC, NO_SYNC } from './sabotage.ts';
import { earlyAcknowledgements, readTrace } from './system-call-trace.ts';

const strace = hasTool('strace');
const TRACED = 'openat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync';
/** A page write holds many records: strings must not be cut before the one that is looked for. */
const STRING_BYTES = '1000000';

describe.skipIf(!strace)('the order of acknowledgement and durability (strace)', () => {
  test('invariant 1: every AA and every C-STORE 0000 is written after the sync and the meta page that cover its record', async () => {
    expect(await earlyInTrace()).toEqual([]);
  });

  test.each([
    ['acknowledges HL7 early', EARLY_HL7, /acknowledged before a sync/],
    ['acknowledges C-STORE early', EARLY_DICOM, /acknowledged before a sync/],
    ['does not sync pages', NO_SYNC, /acknowledged before/],
    ['does not sync the meta page', NO_META_SYNC, /acknowledged before the meta page/],
  ])('the same proof fails on a build that %s', async (_, breaks, fault) => {
    const early = await earlyInTrace(brokenBuild(breaks));
    expect(early.filter((text) => fault.test(text))).not.toEqual([]);
  });
});

async function earlyInTrace(dist?: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-trace-'));
  const ports = await freePorts();
  const trace = join(folder, 'trace');
  const under = ['strace', '-f', '-e', `trace=${TRACED}`, '-s', STRING_BYTES, '-o', trace];
  const bridge = await startBridge({ folder, ports, under, ...(dist === undefined ? {} : { dist }) });
  const day = hospitalDay(10, 4);
  const messages = new Ledger(join(folder, 'messages'));
  const instances = new Ledger(join(folder, 'instances'));
  await Promise.all([
    sendMessages(ports.hl7, day.messages, 4, messages),
    storeInstances(ports.dicom, day.instances, instances),
  ]);
  bridge.signal('SIGTERM');
  await bridge.ended;
  expect(messages.allAcknowledged.size).toBe(day.messages.length);
  expect(instances.allAcknowledged.size).toBe(day.instances.length);
  const promised = [
    ...day.messages.map(({ controlId }) => ({
      id: controlId,
      acknowledgement: `MSA|AA|${controlId}\\r`,
      record: `|${controlId}|P|2.5.1`,
    })),
    ...day.instances.map(({ sopInstanceUid }) => ({
      id: sopInstanceUid,
      acknowledgement: sopInstanceUid,
      record: sopInstanceUid,
    })),
  ];
  const early = earlyAcknowledgements(readTrace(trace), promised);
  rmSync(folder, { recursive: true, force: true });
  return early;
}
