// An embedded log in a folder of its own that goes with the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { type EmbeddedLogOptions, openEmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

export interface TemporaryLog extends LogUnderTest {
  readonly folder: string;
}

export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'studybridge-log-'));
}

export async function openLog(folder: string, options: Partial<EmbeddedLogOptions> = {}): Promise<TemporaryLog> {
  const clock = new ManualClock();
  const fatal: Error[] = [];
  const log = await openEmbeddedLog({
    folder,
    clock,
    telemetry: silentTelemetry,
    codec: singleObjectCodec(),
    reserveBytes: 1024 * 1024,
    // The manual clock jumps while a commit is under way.
    commitDeadlineMs: 1e12,
    onFatal: (error) => fatal.push(error),
    ...options,
  });
  return { folder, log, clock, fatal, close: async () => log[Symbol.asyncDispose]() };
}

/** Removes the folder when it is closed. */
export async function openTemporaryLog(options: Partial<EmbeddedLogOptions> = {}): Promise<TemporaryLog> {
  const folder = await temporaryFolder();
  const opened = await openLog(folder, options);
  const close = async (): Promise<void> => {
    await opened.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...opened, close };
}
