/**
 * How the topics have to be: what is created, and what is held against what stands on the cluster.
 *
 * A task that was away reads every revision when it comes back, so what is compacted keeps everything for as long as the
 * intake's records are kept: unread work is never entrusted to compaction. Changelogs are read whole, so the last value
 * of each key will do; their deletions stay for a day, for caches that were made before (`state-cache.ts`).
 */
import type { TopicName } from '../../../schemas/records.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import type { KafkaLayout } from './kafka-options.ts';
import { kafkaNames } from './topic-names.ts';

/**
 * equal: anything else is wrong. atLeast: less is wrong, more is told. wished: less is told only. created: what a topic
 * is made with, the cluster's own affair from then on.
 */
export type SettingRule = 'equal' | 'atLeast' | 'wished' | 'created';

export interface TopicSetting {
  /** As Kafka names it. */
  readonly name: string;
  readonly value: string;
  readonly rule: SettingRule;
  /** May be changed while the topic is in use, without harm to what stands there. */
  readonly changeable: boolean;
}

export interface ExpectedTopic {
  /** With the prefix. */
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly settings: readonly TopicSetting[];
}

const DAY_MS = 86_400_000;
/** Longer than any outage to survive, and as long as the intake keeps its records. */
const COMPACTION_LAG_MS = 30 * DAY_MS;
/** Closed segments only are compacted: a changelog is to be short, since it is read whole. */
const CHANGELOG_SEGMENT_BYTES = 128 * 1024 * 1024;
/** A record's key and headers, and what frames a batch of one. */
const BATCH_OVERHEAD_BYTES = 16 * 1024;
/** Kafka's largest number: without end. */
const UNLIMITED = '9223372036854775807';
const FOR_EVER = '-1';

/** What the topics take in one record batch. */
export function batchBytesMax({ recordBytesMax }: KafkaLayout): number {
  return recordBytesMax + BATCH_OVERHEAD_BYTES;
}

/** The topics of `schemas/topics.ts`, and a changelog for each task. */
export function expectedTopics(
  layout: KafkaLayout,
  tasks: readonly { readonly name: string }[],
): readonly ExpectedTopic[] {
  const names = kafkaNames(layout.topicPrefix);
  const { partitions, replicationFactor } = layout;
  const topic = (name: string, settings: readonly TopicSetting[]): ExpectedTopic => ({
    name,
    partitions,
    replicationFactor,
    settings: [...sharedSettings(layout), ...settings],
  });
  return [
    ...topicNames().map((name) => topic(names.topic(name), recordSettings(name, layout))),
    ...tasks.map(({ name }) => topic(names.changelog(name), changelogSettings())),
  ];
}

/** Those of the topic table. */
export function topicNames(): readonly TopicName[] {
  const isTopic = (name: string): name is TopicName => Object.hasOwn(TOPICS, name);
  return Object.keys(TOPICS).filter(isTopic);
}

function sharedSettings(layout: KafkaLayout): readonly TopicSetting[] {
  return [
    changeable('max.message.bytes', String(batchBytesMax(layout)), 'atLeast'),
    changeable('min.insync.replicas', String(layout.minInSyncReplicas), 'atLeast'),
    // A record keeps the time at which it came in, also when it is carried here from elsewhere.
    changeable('message.timestamp.type', 'CreateTime', 'equal'),
    // Else a clock that is an hour ahead would have every record refused.
    changeable('message.timestamp.after.max.ms', UNLIMITED, 'wished'),
  ];
}

function recordSettings(name: TopicName, { retentionMs }: KafkaLayout): readonly TopicSetting[] {
  const { cleanup, retentionMs: usualMs } = TOPICS[name];
  const override = retentionMs[name];
  const keptMs = override === undefined ? usualMs : override;
  const settings = [fixed('cleanup.policy', cleanup)];
  if (cleanup !== 'compact') {
    settings.push(changeable('retention.ms', keptMs === null ? FOR_EVER : String(keptMs), 'atLeast'));
  }
  if (cleanup !== 'delete') settings.push(changeable('min.compaction.lag.ms', String(COMPACTION_LAG_MS), 'atLeast'));
  return settings;
}

function changelogSettings(): readonly TopicSetting[] {
  return [
    fixed('cleanup.policy', 'compact'),
    changeable('delete.retention.ms', String(DAY_MS), 'atLeast'),
    changeable('segment.bytes', String(CHANGELOG_SEGMENT_BYTES), 'created'),
  ];
}

function fixed(name: string, value: string): TopicSetting {
  return { name, value, rule: 'equal', changeable: false };
}

function changeable(name: string, value: string, rule: SettingRule): TopicSetting {
  return { name, value, rule, changeable: true };
}

/** Whether what stands on the cluster is as asked; `told` where it is not, and does no harm. */
export function settingVerdict({ name, value, rule }: TopicSetting, found: string): 'right' | 'told' | 'wrong' {
  if (rule === 'created' || sameValue(name, value, found)) return 'right';
  if (rule === 'equal') return 'wrong';
  const less = amountOf(found) < amountOf(value);
  if (rule === 'wished') return less ? 'told' : 'right';
  return less ? 'wrong' : 'told';
}

/** `compact,delete` and `delete,compact` are one policy. */
function sameValue(name: string, value: string, found: string): boolean {
  if (name !== 'cleanup.policy') return value === found;
  const policies = (text: string): string => text.split(',').sort().join();
  return policies(value) === policies(found);
}

function amountOf(value: string): bigint {
  return value === FOR_EVER ? BigInt(UNLIMITED) : BigInt(value);
}
