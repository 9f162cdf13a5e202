// Facts of this part. See `telemetry.ts` for what a declaration means.
export const TASK_FACTS = {
  'task.started': {
    level: 'info',
    message: 'task started',
    fields: { task: 'string', partition: 'number', waiting: 'number' },
  },
  'task.ended': { level: 'info', message: 'task ended', fields: { task: 'string', partition: 'number' } },
  'task.committed': {
    level: 'debug',
    message: 'batch committed',
    fields: {
      task: 'string',
      partition: 'number',
      records: 'number',
      wakes: 'number',
      reports: 'number',
      outputs: 'number',
      tookSeconds: 'number',
    },
    metric: {
      kind: 'counter',
      name: 'task_records_total',
      help: 'Records read by a task and committed.',
      labels: ['task'],
      value: 'records',
    },
  },
  'task.rejected': {
    level: 'debug',
    message: 'a record cannot be used: its reason and its bytes are in dead.letters',
    fields: { task: 'string', code: 'string', topic: 'string', partition: 'number', offset: 'string' },
    metric: {
      kind: 'counter',
      name: 'task_rejected_total',
      help: 'Records a task moved to dead.letters.',
      labels: ['task', 'code'],
    },
  },
  'task.processor_failed': {
    level: 'error',
    message: 'a processor ended with an exception; nothing of the record was committed',
    fields: {
      task: 'string',
      topic: 'string',
      partition: 'number',
      offset: 'string',
      attempt: 'number',
      fault: 'string',
    },
    metric: {
      kind: 'counter',
      name: 'task_processor_failures_total',
      help: 'Exceptions thrown by processors.',
      labels: ['task'],
    },
  },
  'task.waiting_for_space': {
    level: 'warn',
    message: 'a batch could not be committed because the disk is full; it is computed again when there is space',
    fields: { task: 'string', partition: 'number' },
  },
} as const;
