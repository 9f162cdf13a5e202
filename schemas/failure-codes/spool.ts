// Failure codes of this part: meaning and remedy.
export const SPOOL_FAILURES = {
  'spool.cursor_missing': {
    meaning:
      'The embedded log has forwarded records before, and this Kafka cluster knows nothing of it: it is another cluster, or its cursor topic was emptied.',
    remedy:
      'Check KAFKA_BROKERS and the topic prefix. If the cluster is the right one, start once with `kafka.spool.onContradiction: continue`, which goes on behind what was forwarded.',
  },
  'spool.cursor_behind': {
    meaning: 'The Kafka cluster knows of fewer forwarded records than the embedded log: the cluster has lost some.',
    remedy:
      'Find out what the cluster lost. `kafka.spool.onContradiction: continue` goes on behind what was forwarded; what was lost on Kafka is in the embedded log within its retention.',
  },
  'spool.cursor_ahead': {
    meaning:
      'The Kafka cluster knows of records that this embedded log does not hold: the data directory was restored from an older copy.',
    remedy:
      'Give the data directory a new spool id, or start once with `kafka.spool.onContradiction: continue`, which forwards everything from the embedded log’s own cursor on and may forward records twice.',
  },
  'spool.no_tasks': {
    meaning: 'A spool was asked to run or to show a task; it only takes records and forwards them.',
    remedy: 'Run the processors and sinks where the Kafka cluster is; with a spool only `run connectors` is possible.',
  },
  'spool.record_refused': {
    meaning: 'Kafka refused a record of the spool for good; mostly it is larger than the topic allows.',
    remedy:
      'Raise max.message.bytes of the topic as `studybridge topics verify` says. The whole record stands in the embedded log at the position the dead letter names.',
  },
} as const;
