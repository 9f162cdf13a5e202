// A Kafka broker of a test's own, which it may hurt: stopped, killed, frozen, restarted on the same port and data.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finishedCommand } from './finished-command.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, guardedProcess } from './guarded-process.ts';
import { type MavenArtifact, mavenFiles } from './maven-files.ts';

export const KAFKA_VERSIONS = ['4.1.1', '3.9.1'] as const;
export type KafkaVersion = (typeof KAFKA_VERSIONS)[number];

const SCALA = '2.13';
const HEAP = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const LOGGER = 'org.slf4j.simpleLogger';

export interface OwnBrokerWish {
  readonly version?: KafkaVersion;
  /** Added to `server.properties`; replaces what stands there by default. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Where the log lives, when it must be on a file system of a certain size. */
  readonly dataFolder?: string;
  /** Of the port that tests connect to; anything but PLAINTEXT brings its properties along. */
  readonly protocol?: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** Arguments of the storage tool, such as `--add-scram` and its value. */
  readonly format?: readonly string[];
}

export interface OwnBroker extends AsyncDisposable {
  readonly bootstrap: string;
  /** Of a second listener without encryption and authentication, which the broker itself uses. */
  readonly insideBootstrap: string;
  readonly version: KafkaVersion;
  readonly folder: string;
  readonly dataFolder: string;
  /** Same port, same data; resolves when it answers. */
  start(): Promise<void>;
  /** An orderly stop. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  readonly running: boolean;
  lastLines(): string;
}

/** The folder of the broker's own jars: its command line tools are in it too. */
export function brokerJars(version: KafkaVersion = KAFKA_VERSIONS[0]): Promise<string> {
  const artifacts: readonly MavenArtifact[] = [
    { group: 'org.apache.kafka', name: `kafka_${SCALA}`, version },
    // Kafka logs through slf4j 1.7, and says nothing without a binding.
    { group: 'org.slf4j', name: 'slf4j-simple', version: '1.7.36' },
  ];
  return mavenFiles(`kafka-${version}`, artifacts);
}

/** A started broker; it goes with the test's process at the latest. */
export async function ownBroker(wish: OwnBrokerWish = {}): Promise<OwnBroker> {
  const version = wish.version ?? KAFKA_VERSIONS[0];
  const jars = await brokerJars(version);
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-broker-'));
  const dataFolder = wish.dataFolder ?? join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true });
  const [port, insidePort, controllerPort] = [await freePort(), await freePort(), await freePort()];
  const properties = { ...serverProperties(wish, dataFolder, port, insidePort, controllerPort), ...wish.properties };
  const text = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(folder, 'server.properties'), text.join(''));
  await formatted(jars, folder, wish.format ?? []);

  let broker: GuardedProcess | undefined;
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    broker?.signal(name);
    await broker?.ended;
    broker = undefined;
  };
  const started: OwnBroker = {
    bootstrap: `127.0.0.1:${port}`,
    insideBootstrap: `127.0.0.1:${insidePort}`,
    version,
    folder,
    dataFolder,
    start: async () => {
      if (broker !== undefined) return;
      const up = await guardedProcess({
        command: 'java',
        args: [...javaArguments(jars), 'kafka.Kafka', 'server.properties'],
        folder,
        upLine: /Kafka Server started/,
      });
      broker = up;
      void up.ended.then(() => {
        if (broker === up) broker = undefined;
      });
    },
    stop: () => signal('SIGTERM'),
    kill: () => signal('SIGKILL'),
    freeze: () => broker?.signal('SIGSTOP'),
    thaw: () => broker?.signal('SIGCONT'),
    get running() {
      return broker !== undefined;
    },
    lastLines: () => broker?.lastLines() ?? '',
    [Symbol.asyncDispose]: async () => {
      await signal('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await started.start();
  return started;
}

function serverProperties(
  { protocol = 'PLAINTEXT' }: OwnBrokerWish,
  dataFolder: string,
  port: number,
  insidePort: number,
  controllerPort: number,
): Record<string, string> {
  const clients = `CLIENTS://127.0.0.1:${port},INSIDE://127.0.0.1:${insidePort}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `${clients},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': clients,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INSIDE',
    'listener.security.protocol.map': `CLIENTS:${protocol},INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'log.dirs': dataFolder,
    ...singleNodeProperties(),
  };
}

/** One node, small, quick to join; topics are made by `studybridge topics` alone. */
export function singleNodeProperties(): Record<string, string> {
  return {
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'offsets.topic.num.partitions': '8',
    'transaction.state.log.num.partitions': '8',
    'group.initial.rebalance.delay.ms': '0',
    // Tests do not wait six seconds for a member that was killed.
    'group.min.session.timeout.ms': '500',
    'auto.create.topics.enable': 'false',
    'log.cleaner.dedupe.buffer.size': '16777216',
    'message.max.bytes': '41943040',
    'replica.fetch.max.bytes': '41943040',
    // A killed broker may join again only when its former session has run out.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'controlled.shutdown.max.retries': '1',
  };
}

function javaArguments(jars: string): readonly string[] {
  const loggers = [`${LOGGER}.defaultLogLevel=warn`, `${LOGGER}.log.kafka.server.KafkaRaftServer=info`];
  return [...HEAP, ...loggers.map((line) => `-D${line}`), `-D${LOGGER}.showDateTime=true`, '-cp', join(jars, '*')];
}

async function formatted(jars: string, folder: string, more: readonly string[]): Promise<void> {
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const args = [
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${id}`,
    '-c',
    'server.properties',
    '--ignore-formatted',
  ];
  await finishedCommand('java', [...javaArguments(jars), ...args, ...more], { folder });
}
