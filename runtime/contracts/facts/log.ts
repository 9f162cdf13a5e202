// Facts of this part. See `telemetry.ts` for what a declaration means.
export const LOG_FACTS = {
  'log.opened': {
    level: 'info',
    message: 'log opened',
    fields: { topics: 'number', records: 'number', tookMs: 'number' },
  },
  'log.closed': { level: 'info', message: 'log closed', fields: {} },
  'log.group_committed': {
    level: 'debug',
    message: 'group flushed',
    fields: { appends: 'number', commits: 'number', writes: 'number', tookSeconds: 'number' },
    metric: {
      kind: 'histogram',
      name: 'log_flush_seconds',
      help: 'Time from the beginning of a group of writes until it is durable.',
      labels: [],
      value: 'tookSeconds',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    },
  },
  'log.commit_failed': {
    level: 'error',
    message: 'the log could not be flushed; the process ends and starts again from what is durable',
    fields: { code: 'string', waiting: 'number' },
    metric: { kind: 'counter', name: 'log_commit_failures_total', help: 'Flushes that failed.', labels: ['code'] },
  },
  'log.full': {
    level: 'warn',
    message: 'the disk is below its reserve: senders wait until space is free',
    fields: { freeBytes: 'number', reserveBytes: 'number' },
    metric: { kind: 'counter', name: 'log_full_total', help: 'Times the disk fell below its reserve.', labels: [] },
  },
  'log.writable_again': {
    level: 'info',
    message: 'the disk has space again: senders go on',
    fields: { freeBytes: 'number' },
  },
  'log.retention_removed': {
    level: 'debug',
    message: 'records past their retention removed',
    fields: { topic: 'string', records: 'number' },
    metric: {
      kind: 'counter',
      name: 'log_retention_removed_total',
      help: 'Records removed by age or because a later one has their key.',
      labels: ['topic'],
      value: 'records',
    },
  },
  'log.retention_failed': {
    level: 'warn',
    message: 'removing old records failed; it is tried again at the next sweep',
    fields: { topic: 'string' },
  },
  'log.readers_cleared': {
    level: 'warn',
    message: 'readers of processes that were killed have been cleared',
    fields: { readers: 'number' },
  },
  'log.lock_by_file': {
    level: 'info',
    message: 'this system has no abstract sockets: a lock file with a process id guards the data directory',
    fields: {},
  },
} as const;
