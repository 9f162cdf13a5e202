// The run of the same tests on Kafka: which broker, and what makes a bridge of a folder one on Kafka.
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { MAIN_FILE } from '../compiled-tree.ts';

/** Set by `kafka-run-setup.ts`; unset in a run on the embedded log. */
export const BROKER_OF_RUN = 'STUDYBRIDGE_TEST_RUN_BROKER';

/** Undefined: this run is on the embedded log. */
export function brokerOfRun(): string | undefined {
  return process.env[BROKER_OF_RUN];
}

/** Topics of a folder's bridge bear its name, so that each command in the folder finds them. Empty on the embedded log. */
export function kafkaVariables(folder: string): Readonly<Record<string, string>> {
  const bootstrap = brokerOfRun();
  if (bootstrap === undefined) return {};
  return {
    KAFKA_BROKERS: bootstrap,
    STUDYBRIDGE_KAFKA_TOPIC_PREFIX: `${basename(folder)}.`,
    STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1',
  };
}

/** As an operator does before the first start. */
export function createTopics(folder: string, variables: Readonly<Record<string, string>>): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN_FILE, 'topics', 'create'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], STUDYBRIDGE_DATA_DIR: join(folder, 'data'), ...variables },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`topics create ended with ${status}: ${stdout}${stderr}`);
}
