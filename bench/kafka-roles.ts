// The roles of the bridge as processes of their own on the benchmarks' broker, and their topics.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, type RunningServer, startServer } from './child-process.ts';
import { type BenchBroker, benchBroker, randomPrefix } from './kafka-broker.ts';
import { PARTITIONS } from './kafka-cluster.ts';

const COMMAND = fileURLToPath(new URL('../runtime/cli/main.cjs', import.meta.url));

export interface RolePlace {
  readonly broker: BenchBroker;
  readonly prefix: string;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Fresh topics under a prefix of their own. */
export async function rolePlace(folder: string, more: NodeJS.ProcessEnv = {}): Promise<RolePlace> {
  const broker = await benchBroker();
  const prefix = randomPrefix();
  const environment: NodeJS.ProcessEnv = {
    KAFKA_BROKERS: broker.bootstrap,
    STUDYBRIDGE_KAFKA_TOPIC_PREFIX: prefix,
    STUDYBRIDGE_KAFKA_PARTITIONS: String(PARTITIONS),
    STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1',
    STUDYBRIDGE_HL7_PORT: '0',
    STUDYBRIDGE_DICOM_PORT: '0',
    STUDYBRIDGE_HTTP_PORT: '0',
    STUDYBRIDGE_LOG_LEVEL: 'error',
    ...more,
  };
  await outputOf(process.execPath, [COMMAND, 'topics', 'create'], {
    ...process.env,
    ...environment,
    STUDYBRIDGE_DATA_DIR: folder,
  });
  return { broker, prefix, folder, environment };
}

/** `ready` finds a port in what the role prints. */
export function startRole(place: RolePlace, role: string, ready: RegExp): Promise<RunningServer> {
  const folder = join(place.folder, role);
  mkdirSync(folder);
  return startServer([COMMAND, 'run', role], ready, { ...place.environment, STUDYBRIDGE_DATA_DIR: folder });
}
