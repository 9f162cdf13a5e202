// `topics`: what must be on Kafka against what is; creates what is missing, names what differs, mends what may be mended.
import { silentTelemetry } from '../contracts/telemetry.ts';
import {
  createTopics,
  differenceText,
  listTopics,
  repairTopics,
  type TopicDifference,
  type TopicState,
} from '../log/kafka/topic-admin.ts';
import type { ExpectedTopic } from '../log/kafka/topic-settings.ts';
import { bridgeTopics } from '../wiring/bridge-topics.ts';
import { type ConfigOptions, configurationOf } from './check-config-command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { kafkaNeeded } from './kafka-needed.ts';
import { bold, type Terminal, table } from './terminal.ts';

export interface VerifyOptions extends ConfigOptions {
  readonly repair?: boolean;
}

/** What must be, topic by topic, and whether it is. */
export async function showTopics(terminal: Terminal, options: ConfigOptions): Promise<ExitCode> {
  const { connection, expected } = placeOf(options);
  const states = await listTopics(connection, silentTelemetry, expected);
  if (options.json === true) terminal.print(JSON.stringify(states.map(stateJson)));
  else for (const line of stateTable(terminal, states)) terminal.print(line);
  return EXIT.done;
}

/** Leaves with 1 when a topic that was there is not as it must be. */
export async function makeTopics(terminal: Terminal, options: ConfigOptions): Promise<ExitCode> {
  const { connection, expected } = placeOf(options);
  const created = await createTopics(connection, silentTelemetry, expected);
  const states = await listTopics(connection, silentTelemetry, expected);
  if (options.json !== true) {
    for (const topic of created) terminal.print(`created ${topic}`);
    if (created.length === 0) terminal.print('no topic was missing');
  }
  return verdict(terminal, { created, repaired: [], states }, options);
}

/** Leaves with 1 when a topic is missing, or contradicts the configuration so that the bridge would not start. */
export async function checkTopics(terminal: Terminal, options: VerifyOptions): Promise<ExitCode> {
  const { connection, expected } = placeOf(options);
  const repaired = options.repair === true ? await repairTopics(connection, silentTelemetry, expected) : [];
  const states = await listTopics(connection, silentTelemetry, expected);
  if (options.json !== true) {
    for (const { topic, setting, expected: value } of repaired)
      terminal.print(`set ${setting} of ${topic} to ${value}`);
  }
  return verdict(terminal, { created: [], repaired, states }, options);
}

function placeOf(options: ConfigOptions) {
  const { configuration } = configurationOf(options);
  const kafka = kafkaNeeded(configuration, 'topics are on Kafka; the embedded log makes its own');
  return { connection: kafka.connection, expected: bridgeTopics(configuration, kafka) };
}

interface Findings {
  readonly created: readonly string[];
  readonly repaired: readonly TopicDifference[];
  readonly states: readonly TopicState[];
}

function verdict(terminal: Terminal, { created, repaired, states }: Findings, options: ConfigOptions): ExitCode {
  const missing = states.filter(({ exists }) => !exists).map(({ expected }) => expected.name);
  const differences = states.flatMap((state) => state.differences);
  const right = missing.length === 0 && differences.every(({ blocks }) => !blocks);
  if (options.json === true) terminal.print(JSON.stringify({ right, created, repaired, missing, differences }));
  else for (const line of findingLines(states.length, missing, differences)) terminal.print(line);
  return right ? EXIT.done : EXIT.runtime;
}

function findingLines(topics: number, missing: readonly string[], differences: readonly TopicDifference[]): string[] {
  const lines = missing.map((topic) => `${topic} is missing`);
  for (const difference of differences) {
    const { blocks, repairable } = difference;
    const hint = repairable ? '; `studybridge topics verify --repair` sets it' : '';
    lines.push(`${differenceText(difference)}${blocks ? hint : ' (tolerated)'}`);
  }
  if (missing.length > 0) lines.push('create what is missing by `studybridge topics create`');
  if (lines.length === 0) lines.push(`all ${topics} topics are as they must be`);
  return lines;
}

function stateJson({ expected, exists, differences }: TopicState) {
  const { name, partitions, replicationFactor, settings } = expected;
  const wanted = Object.fromEntries(settings.map((setting) => [setting.name, setting.value]));
  return { topic: name, partitions, replicationFactor, settings: wanted, exists, differences };
}

function stateTable(terminal: Terminal, states: readonly TopicState[]): string[] {
  const rows = states.map(({ expected, exists, differences }) => [
    expected.name,
    String(expected.partitions),
    String(expected.replicationFactor),
    settingOf(expected, 'cleanup.policy'),
    keptFor(expected),
    exists ? differenceCount(differences) : 'missing',
  ]);
  const [title = '', ...lines] = table([['topic', 'partitions', 'replicas', 'cleanup', 'kept', 'is'], ...rows]);
  return [bold(terminal, title), ...lines];
}

function differenceCount(differences: readonly TopicDifference[]): string {
  const blocking = differences.filter(({ blocks }) => blocks).length;
  return blocking === 0 ? 'as it must be' : `different: ${blocking}`;
}

const DAY_MS = 86_400_000;

function keptFor(expected: ExpectedTopic): string {
  const retention = Number(settingOf(expected, 'retention.ms'));
  return retention > 0 ? `${retention / DAY_MS} d` : 'for ever';
}

function settingOf({ settings }: ExpectedTopic, name: string): string {
  return settings.find((setting) => setting.name === name)?.value ?? '';
}
