// Lists, creates, verifies and mends the topics on the cluster.
import kafkajs, { type Admin } from 'kafkajs';
import { systemClock } from '../../contracts/clock.ts';
import { EnvironmentError } from '../../contracts/environment-error.ts';
import type { Telemetry } from '../../contracts/telemetry.ts';
import { connectFault } from './connect-fault.ts';
import { kafkaClient, kafkaErrorCode } from './kafka-client.ts';
import type { KafkaConnection } from './kafka-options.ts';
import { type ExpectedTopic, settingVerdict } from './topic-settings.ts';

export interface TopicState {
  readonly expected: ExpectedTopic;
  readonly exists: boolean;
  readonly differences: readonly TopicDifference[];
}

export interface TopicDifference {
  /** With the prefix. */
  readonly topic: string;
  /** `partitions`, `replication.factor`, or a setting as Kafka names it. */
  readonly setting: string;
  readonly expected: string;
  readonly found: string;
  /** The bridge does not start with it. */
  readonly blocks: boolean;
  /** `repairTopics` can settle it. */
  readonly repairable: boolean;
}

export interface ClusterSummary {
  readonly clusterId: string;
  readonly brokers: number;
}

/** How each topic stands. Rejects with an `EnvironmentError`: `kafka.unreachable`, `kafka.authentication_failed`. */
export async function listTopics(
  connection: KafkaConnection,
  telemetry: Telemetry,
  expected: readonly ExpectedTopic[],
): Promise<readonly TopicState[]> {
  return await withAdmin(connection, telemetry, async (admin) => await topicStates(admin, expected));
}

/** What differs on the topics that exist, and the names of those that do not. */
export async function verifyTopics(
  connection: KafkaConnection,
  telemetry: Telemetry,
  expected: readonly ExpectedTopic[],
): Promise<{ readonly missing: readonly string[]; readonly differences: readonly TopicDifference[] }> {
  const states = await listTopics(connection, telemetry, expected);
  return { missing: missingOf(states), differences: states.flatMap(({ differences }) => differences) };
}

/** Rejects besides with `kafka.topics_missing` or `kafka.topics_differ`: nothing is to run on such topics. */
export async function assertTopics(
  connection: KafkaConnection,
  telemetry: Telemetry,
  expected: readonly ExpectedTopic[],
): Promise<ClusterSummary> {
  return await withAdmin(connection, telemetry, async (admin) => {
    const { brokers, clusterId } = await admin.describeCluster();
    const states = await topicStates(admin, expected);
    const missing = missingOf(states);
    if (missing.length > 0) {
      throw new EnvironmentError(
        'kafka.topics_missing',
        `${missing.length} topics are missing on the Kafka cluster: ${missing.join(', ')}; run \`studybridge topics create\``,
      );
    }
    const blocking = states.flatMap(({ differences }) => differences).filter(({ blocks }) => blocks);
    if (blocking.length > 0) {
      throw new EnvironmentError(
        'kafka.topics_differ',
        `topics on the Kafka cluster contradict the configuration: ${blocking.map(differenceText).join('; ')}; run \`studybridge topics verify\``,
      );
    }
    return { clusterId, brokers: brokers.length };
  });
}

/** Creates what is missing and nothing else; resolves with the names of what was created. */
export async function createTopics(
  connection: KafkaConnection,
  telemetry: Telemetry,
  expected: readonly ExpectedTopic[],
): Promise<readonly string[]> {
  return await withAdmin(connection, telemetry, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = expected.filter(({ name }) => !existing.has(name));
    if (missing.length === 0) return [];
    try {
      await admin.createTopics({
        waitForLeaders: false,
        topics: missing.map(({ name, partitions, replicationFactor, settings }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor,
          configEntries: settings.map((setting) => ({ name: setting.name, value: setting.value })),
        })),
      });
    } catch (cause) {
      const code = refusalCode(cause);
      throw new EnvironmentError('kafka.topics_missing', `the Kafka cluster refuses to create topics: ${code}`, {
        cause,
      });
    }
    const created = missing.map(({ name }) => name);
    await untilKnown(admin, created);
    return created;
  });
}

/**
 * Sets what may be changed while a topic is in use; never partitions, replication or the cleanup policy. Resolves with
 * the differences that it settled.
 */
export async function repairTopics(
  connection: KafkaConnection,
  telemetry: Telemetry,
  expected: readonly ExpectedTopic[],
): Promise<readonly TopicDifference[]> {
  return await withAdmin(connection, telemetry, async (admin) => {
    const states = await topicStates(admin, expected);
    const settled = states.flatMap(({ differences }) => differences.filter(({ repairable }) => repairable));
    const topics = new Set(settled.map(({ topic }) => topic));
    if (topics.size === 0) return [];
    const found = await settingsOf(admin, [...topics]);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [...topics].map((topic) => {
        // Kafka resets what is not named, so what was set on the topic is named again.
        const own = new Map<string, string>();
        for (const [name, { value, ownToTopic }] of found.get(topic) ?? []) if (ownToTopic) own.set(name, value);
        for (const difference of settled)
          if (difference.topic === topic) own.set(difference.setting, difference.expected);
        const configEntries = [...own].map(([name, value]) => ({ name, value }));
        return { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries };
      }),
    });
    return settled;
  });
}

export function differenceText({ topic, setting, expected, found }: TopicDifference): string {
  return `${topic} has ${setting} ${found} instead of ${expected}`;
}

async function withAdmin<Answer>(
  connection: KafkaConnection,
  telemetry: Telemetry,
  work: (admin: Admin) => Promise<Answer>,
): Promise<Answer> {
  const admin = kafkaClient(connection, telemetry).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw error instanceof EnvironmentError ? error : connectFault(error, connection);
  } finally {
    await admin.disconnect().catch(() => {
      // It was not connected.
    });
  }
}

async function topicStates(admin: Admin, expected: readonly ExpectedTopic[]): Promise<readonly TopicState[]> {
  const existing = new Set(await admin.listTopics());
  const known = expected.filter(({ name }) => existing.has(name)).map(({ name }) => name);
  if (known.length === 0) return expected.map((topic) => ({ expected: topic, exists: false, differences: [] }));
  const { topics: described } = await admin.fetchTopicMetadata({ topics: known });
  const found = await settingsOf(admin, known);
  return expected.map((topic) => {
    const partitions = described.find(({ name }) => name === topic.name)?.partitions;
    if (partitions === undefined) return { expected: topic, exists: false, differences: [] };
    const differences = [
      ...countDifferences(topic, partitions.length, Math.min(...partitions.map(({ replicas }) => replicas.length))),
      ...settingDifferences(topic, found.get(topic.name) ?? new Map()),
    ];
    return { expected: topic, exists: true, differences };
  });
}

const LOOK_EVERY_MS = 50;
const KNOWN_WITHIN_MS = 30_000;

/** Brokers learn of a topic one after the other, and lead its partitions a moment later. */
async function untilKnown(admin: Admin, topics: readonly string[]): Promise<void> {
  const giveUpMs = systemClock.monotonicMs() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      await admin.fetchTopicMetadata({ topics: [...topics] });
      for (const topic of topics) await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      // It is created: a broker that does not know it yet says that there is none, or that another leads it.
      if (systemClock.monotonicMs() > giveUpMs) throw error;
    }
    await systemClock.sleep(LOOK_EVERY_MS, NEVER);
  }
}

const NEVER = new AbortController().signal;

/** What cannot be changed here: partitions never, replicas by the administrator. */
function countDifferences(topic: ExpectedTopic, partitions: number, replicas: number): readonly TopicDifference[] {
  const fixed = { topic: topic.name, repairable: false };
  const differences: TopicDifference[] = [];
  if (partitions !== topic.partitions) {
    const [expected, found] = [String(topic.partitions), String(partitions)];
    differences.push({ ...fixed, setting: 'partitions', expected, found, blocks: true });
  }
  if (replicas !== topic.replicationFactor) {
    const [expected, found] = [String(topic.replicationFactor), String(replicas)];
    const blocks = replicas < topic.replicationFactor;
    differences.push({ ...fixed, setting: 'replication.factor', expected, found, blocks });
  }
  return differences;
}

interface FoundSetting {
  readonly value: string;
  /** Not the default of the broker or of the cluster. */
  readonly ownToTopic: boolean;
}
type FoundSettings = ReadonlyMap<string, FoundSetting>;

function settingDifferences(topic: ExpectedTopic, found: FoundSettings): readonly TopicDifference[] {
  return topic.settings.flatMap((setting) => {
    // A broker that does not know the setting cannot be told.
    const value = found.get(setting.name)?.value;
    const verdict = value === undefined ? 'right' : settingVerdict(setting, value);
    if (value === undefined || verdict === 'right') return [];
    return [
      {
        topic: topic.name,
        setting: setting.name,
        expected: setting.value,
        found: value,
        blocks: verdict === 'wrong',
        // What the cluster has more of is not taken away: records could go with it.
        repairable: setting.changeable && (verdict === 'wrong' || setting.rule === 'wished'),
      },
    ];
  });
}

/** Of the protocol's DescribeConfigs: where a value comes from. */
const SOURCE_OF_TOPIC = 1;

async function settingsOf(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, FoundSettings>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(
        configEntries.map(({ configName, configValue, configSource }) => [
          configName,
          { value: configValue, ownToTopic: configSource === SOURCE_OF_TOPIC },
        ]),
      ),
    ]),
  );
}

function missingOf(states: readonly TopicState[]): readonly string[] {
  return states.filter(({ exists }) => !exists).map(({ expected }) => expected.name);
}

/** kafkajs gathers the refusals, one a topic. */
function refusalCode(error: unknown): string {
  const errors: unknown = error instanceof Error ? Reflect.get(error, 'errors') : undefined;
  return kafkaErrorCode(Array.isArray(errors) ? errors[0] : error);
}
