// The topic table: what a record's key is, how the topic is partitioned, how long it is kept.
import type { TopicName, TopicRecords } from './records.ts';

const DAY_MS = 86_400_000;

export interface Topic<Name extends TopicName> {
  /** The key after the site; the site and a slash are put before it. */
  readonly keyOf: (record: TopicRecords[Name]) => string;
  /** site: all of a hospital in one partition. key: spread by the whole key. */
  readonly partitionBy: 'site' | 'key';
  readonly cleanup: 'delete' | 'compact' | 'compact,delete';
  /** Default retention, ms; null: kept while the key lives. */
  readonly retentionMs: number | null;
}

export const TOPICS: { readonly [Name in TopicName]: Topic<Name> } = {
  'hl7.messages': {
    keyOf: (record) =>
      record.identifiers.accessionNumbers[0] ??
      record.identifiers.placerOrderNumbers[0] ??
      record.identifiers.fillerOrderNumbers[0] ??
      record.controlId,
    partitionBy: 'site',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
  },
  'dicom.instances': {
    keyOf: (record) => record.studyInstanceUid,
    partitionBy: 'key',
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
  },
  'study.images': {
    keyOf: (record) => record.studyInstanceUid,
    partitionBy: 'site',
    cleanup: 'compact',
    retentionMs: null,
  },
  studies: { keyOf: (record) => record.studyKey, partitionBy: 'site', cleanup: 'compact', retentionMs: null },
  documents: { keyOf: (record) => record.hash, partitionBy: 'site', cleanup: 'delete', retentionMs: 90 * DAY_MS },
  'cloud.requests': {
    keyOf: (record) => `${record.studyKey}/${record.kind}/${record.reportId ?? ''}`,
    partitionBy: 'site',
    cleanup: 'compact,delete',
    retentionMs: 90 * DAY_MS,
  },
  'cloud.deliveries': {
    keyOf: (record) => record.studyKey,
    partitionBy: 'site',
    cleanup: 'delete',
    retentionMs: 90 * DAY_MS,
  },
  'dead.letters': { keyOf: (record) => record.key, partitionBy: 'site', cleanup: 'delete', retentionMs: 90 * DAY_MS },
};

/** The whole key of a record: `site/…`. A site holds no slash, so the first one ends it. */
export function recordKey<Name extends TopicName>(topic: Name, record: TopicRecords[Name]): string {
  return `${record.site}/${TOPICS[topic].keyOf(record)}`;
}
