// The first whole way: a started bridge with its sandbox, a small hospital, and what the cloud ends with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommandProcess, runCommand, startListening } from '../runtime/cli/command-process.ts';

let folder = '';
const started: CommandProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studybridge-way-'));
});
afterEach(async () => {
  for (const command of started.splice(0)) {
    command.kill('SIGKILL');
    await command.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function bridge() {
  const command = await startListening({
    folder,
    environment: { STUDYBRIDGE_STUDY_QUIET_MS: '300', STUDYBRIDGE_LOG_LEVEL: 'debug' },
  });
  started.push(command);
  return command;
}

const PATIENT_FIELDS = ['patientId', 'patientName', 'phoneNum', 'idCardNum', 'homeAddress', 'medicalInsuranceNum'];

/** What the cloud was told about the patients, field by field. */
async function patientTexts(): Promise<ReadonlySet<string>> {
  const { output } = await runCommand({ folder, args: ['inspect', 'cloud.requests', '--reveal'] });
  const bodies = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(JSON.parse(line).record.body));
  return new Set(
    bodies.flatMap((body) => PATIENT_FIELDS.map((field) => body[field])).filter((text) => typeof text === 'string'),
  );
}

describe('a small hospital', () => {
  test('ends at the cloud as it was sent, again after a restart, and leaves no patient data in logs, metrics and status', async () => {
    const first = await bridge();
    const sent = await runCommand({
      folder,
      args: ['send', '--studies', '5', '--seed', '11', '--json', '--rate', '0'],
    });
    expect(sent.code, sent.errors).toBe(0);
    const outcome = JSON.parse(sent.output);
    expect(outcome).toMatchObject({ equal: true, refused: [] });
    expect(outcome.rows).toHaveLength(5);

    const status = await runCommand({ folder, args: ['status', '--json'] });
    expect(JSON.parse(status.output)).toMatchObject({
      running: true,
      sites: [{ studies: { sent: 5 }, queue: { waiting: 0 }, parked: [], withdrawByHand: [] }],
    });
    const metrics = await (await fetch(`${first.http}/metrics`)).text();
    first.kill('SIGTERM');
    expect(await first.ended).toBe(0);

    await bridge();
    const again = await runCommand({ folder, args: ['send', '--studies', '5', '--seed', '11', '--rate', '0'] });
    expect(again.code, again.output).toBe(0);

    const shown = [first.output(), first.errors(), metrics, status.output];
    for (const topic of [
      'hl7.messages',
      'dicom.instances',
      'study.images',
      'studies',
      'cloud.requests',
      'cloud.deliveries',
    ]) {
      const inspected = await runCommand({ folder, args: ['inspect', topic] });
      expect(inspected.output, topic).not.toBe('');
      // The facility is a system's name, not a patient's.
      shown.push(inspected.output.replaceAll('示例医院', ''));
    }
    const canaries = await patientTexts();
    expect(canaries.size).toBeGreaterThan(10);
    for (const text of shown) {
      expect(text).not.toMatch(/[\u4e00-\u9fff]/);
      for (const canary of canaries) expect(text.includes(canary), canary).toBe(false);
    }
  });
});
