// The broker of the benchmarks on Kafka: the one that KAFKA_BROKERS names, or one of their own, started once.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { systemClock } from '../runtime/contracts/clock.ts';
import { finishedCommand } from '../test/kafka/finished-command.ts';
import { freePort } from '../test/kafka/free-port.ts';
import { guardedProcess } from '../test/kafka/guarded-process.ts';
import { brokerJars, singleNodeProperties } from '../test/kafka/own-broker.ts';

export interface BenchBroker {
  /** `host:port`. */
  readonly bootstrap: string;
  /** Undefined where it runs elsewhere. */
  readonly pid: number | undefined;
}

/** As the baselines had it; not the tests' broker, whose compiler is held back so that it starts quickly. */
const HEAP = ['-Xms768m', '-Xmx768m'];
const LOGGER = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
];

const WARM_UP_POLL_MS = 100;
const WARM_UP_TIMEOUT_MS = 30_000;

const given = process.env['KAFKA_BROKERS'];
// What is measured on the embedded log must not find it.
delete process.env['KAFKA_BROKERS'];

let started: Promise<BenchBroker> | undefined;

export function benchBroker(): Promise<BenchBroker> {
  started ??= startBroker();
  return started;
}

/** Of topics, groups and transactional ids of one run. */
export function randomPrefix(): string {
  return `b${randomBytes(5).toString('hex')}.`;
}

async function startBroker(): Promise<BenchBroker> {
  if (given !== undefined && given !== '') return { bootstrap: given, pid: undefined };
  const jars = await brokerJars();
  const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'studybridge-bench-broker-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    ...singleNodeProperties(),
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, 'server.properties'), lines.join(''));
  const java = [...HEAP, ...LOGGER, '-cp', join(jars, '*')];
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  await finishedCommand(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', 'server.properties'],
    {
      folder,
    },
  );
  const broker = await guardedProcess({
    command: 'java',
    args: [...java, 'kafka.Kafka', 'server.properties'],
    folder,
    upLine: /Kafka Server started/,
  });
  void broker.ended.then((how) => process.stderr.write(`the broker ended with ${how}:\n${broker.lastLines()}\n`));
  const bootstrap = `127.0.0.1:${port}`;
  await warmedUp(bootstrap);
  return { bootstrap, pid: broker.pid };
}

/** The topics of groups and transactions are made when they are first needed: not in the time of the first side. */
async function warmedUp(bootstrap: string): Promise<void> {
  const kafka = new Kafka({
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { retries: 30, maxRetryTime: 500 },
  });
  const producer = kafka.producer({ transactionalId: 'warm-up', maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  await producer.disconnect();
  const admin = kafka.admin();
  await admin.connect();
  const giveUp = AbortSignal.timeout(WARM_UP_TIMEOUT_MS);
  for (;;) {
    const known = await admin.fetchOffsets({ groupId: 'warm-up' }).catch(() => undefined);
    if (known !== undefined) break;
    await systemClock.sleep(WARM_UP_POLL_MS, giveUp);
  }
  await admin.disconnect();
}
