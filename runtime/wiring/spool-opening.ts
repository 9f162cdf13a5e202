// The log of connectors in spool mode: their own disk first, Kafka behind it.
import { randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import type { KafkaConfiguration } from '../config/kafka-resolution.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Telemetry } from '../contracts/telemetry.ts';
import { openEmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { SpoolLog } from '../log/spool/spool-log.ts';
import { formatWithoutRegistry } from './record-format.ts';

/** What is spooled is written without a registry, which may be out of reach as Kafka is; every reader takes it. */
export async function openSpool(
  configuration: Configuration,
  kafka: KafkaConfiguration,
  parts: { readonly clock: Clock; readonly telemetry: Telemetry; readonly fail: (error: unknown) => void },
): Promise<SpoolLog> {
  const { clock, telemetry, fail } = parts;
  const folder = join(configuration.dataDirectory, 'spool');
  const { codec } = formatWithoutRegistry();
  const { openSpoolLog } = await import('../log/spool/spool-log.ts');
  const embedded = await openEmbeddedLog({ folder, codec, clock, telemetry, onFatal: fail });
  try {
    const spoolId = await identityOf(folder);
    const { onContradiction } = kafka.spool;
    return openSpoolLog({ embedded, kafka, spoolId, onContradiction, codec, clock, telemetry });
  } catch (error) {
    await embedded[Symbol.asyncDispose]();
    throw error;
  }
}

/** Made once a folder, and durable before it is used: what was forwarded is found on Kafka by it. */
async function identityOf(folder: string): Promise<string> {
  const path = join(folder, 'spool-id');
  const known = await readIdentity(path);
  if (known !== '') return known;
  const identity = randomUUID();
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(identity);
    await file.sync();
  } finally {
    await file.close();
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return identity;
}

async function readIdentity(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
