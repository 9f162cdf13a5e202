// Facts of this part. See `telemetry.ts` for what a declaration means.
export const SPOOL_FACTS = {
  'spool.connected': {
    level: 'info',
    message: 'the spool forwards to Kafka',
    fields: { spool: 'string', waiting: 'number', tookMs: 'number' },
  },
  'spool.forwarded': {
    level: 'debug',
    message: 'records of the spool are committed on Kafka',
    fields: { records: 'number', bytes: 'number', tookMs: 'number' },
    metric: {
      kind: 'counter',
      name: 'spool_forwarded_total',
      help: 'Records forwarded from the embedded log to Kafka.',
      labels: [],
      value: 'records',
    },
  },
  'spool.link_failing': {
    level: 'warn',
    message: 'nothing can be forwarded to Kafka; senders are served, records wait in the embedded log',
    fields: { code: 'string', failingMs: 'number', waiting: 'number' },
    metric: {
      kind: 'counter',
      name: 'spool_link_failing_total',
      help: 'Times that forwarding had failed for longer than a short trouble lasts, by code.',
      labels: ['code'],
    },
  },
  'spool.link_restored': {
    level: 'info',
    message: 'records are forwarded to Kafka again',
    fields: { failedMs: 'number', waiting: 'number' },
  },
  'spool.record_refused': {
    level: 'error',
    message: 'Kafka refuses a record for good; it is a dead letter there and stays whole in the embedded log',
    fields: { code: 'string', topic: 'string', offset: 'string', bytes: 'number' },
    metric: {
      kind: 'counter',
      name: 'spool_refused_total',
      help: 'Records that Kafka refused for good, by code.',
      labels: ['topic', 'code'],
    },
  },
  'spool.refuses_to_go_on': {
    level: 'error',
    message: 'the spool and the Kafka cluster contradict one another; nothing is forwarded until a human decides',
    fields: { code: 'string', topic: 'string', embedded: 'string', cluster: 'string' },
  },
  'spool.went_on': {
    level: 'warn',
    message: 'the spool goes on from its own cursor, as configured, although the Kafka cluster contradicts it',
    fields: { code: 'string', topic: 'string', embedded: 'string', cluster: 'string' },
  },
} as const;
