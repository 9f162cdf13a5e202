// Facts of this part. See `telemetry.ts` for what a declaration means.
export const KAFKA_FACTS = {
  'kafka.connected': {
    level: 'info',
    message: 'connected to the Kafka cluster',
    fields: { brokers: 'number', tookMs: 'number' },
  },
  'kafka.client_warned': {
    level: 'warn',
    message: 'the Kafka client reports trouble; it tries again by itself',
    fields: { namespace: 'string', code: 'string' },
    metric: {
      kind: 'counter',
      name: 'kafka_client_warnings_total',
      help: 'Errors and warnings of the Kafka client, by their code.',
      labels: ['code'],
    },
  },
  'kafka.append_failed': {
    level: 'warn',
    message: 'the broker did not confirm an append; the senders are not told yes',
    fields: { entries: 'number', code: 'string', tookMs: 'number' },
    metric: {
      kind: 'counter',
      name: 'kafka_append_failures_total',
      help: 'Batches of appends whose durability is not known.',
      labels: ['code'],
    },
  },
  'kafka.assigned': {
    level: 'info',
    message: 'partitions of a task were assigned to this process',
    fields: { task: 'string', partitions: 'string', gained: 'number', lost: 'number' },
    metric: {
      kind: 'counter',
      name: 'kafka_rebalances_total',
      help: 'Assignments of partitions to this process.',
      labels: ['task'],
    },
  },
  'kafka.restored': {
    level: 'info',
    message: 'the state of a task was restored',
    fields: { task: 'string', partition: 'number', changes: 'number', from: 'string', tookMs: 'number' },
  },
  'kafka.cache_dropped': {
    level: 'warn',
    message: 'the local copy of a state cannot be used; the state is restored from the changelog',
    fields: { task: 'string', partition: 'number', reason: 'string' },
  },
  'kafka.commit_failed': {
    level: 'warn',
    message: 'a transaction was not committed; the task is opened anew from what is committed',
    fields: { task: 'string', partition: 'number', code: 'string' },
    metric: {
      kind: 'counter',
      name: 'kafka_commit_failures_total',
      help: 'Transactions that were not committed, or whose outcome is not known.',
      labels: ['task', 'code'],
    },
  },
  'kafka.rerouted': {
    level: 'warn',
    message: 'records of another producer stood on a partition where they do not belong; they were moved',
    fields: { task: 'string', topic: 'string', partition: 'number', records: 'number' },
    metric: {
      kind: 'counter',
      name: 'kafka_rerouted_total',
      help: 'Records moved to the partition of their site or study.',
      labels: ['task', 'topic'],
      value: 'records',
    },
  },
  'kafka.fetch_failed': {
    level: 'warn',
    message: 'a fetch brought no answer; it is tried again',
    fields: { task: 'string', partition: 'number', code: 'string' },
    metric: {
      kind: 'counter',
      name: 'kafka_fetch_failures_total',
      help: 'Fetches without an answer.',
      labels: ['task', 'code'],
    },
  },
  'kafka.fetch_stalled': {
    level: 'error',
    message: 'fetching has stalled; the process ends so that another takes its partitions',
    fields: { task: 'string', partition: 'number', stalledMs: 'number' },
  },
  'kafka.unread_expired': {
    level: 'error',
    message: 'retention has removed records before a task had read them',
    fields: { task: 'string', partition: 'number', topic: 'string', records: 'number' },
    metric: {
      kind: 'counter',
      name: 'kafka_unread_expired_total',
      help: 'Offsets that retention removed before they were read.',
      labels: ['task', 'topic'],
      value: 'records',
    },
  },
  'kafka.consumer_crashed': {
    level: 'error',
    message: 'the membership of a consumer group ended and does not start again; the process ends',
    fields: { task: 'string', code: 'string' },
  },
} as const;
