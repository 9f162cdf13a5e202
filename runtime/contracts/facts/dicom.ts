// Facts of this part. See `telemetry.ts` for what a declaration means.
export const DICOM_FACTS = {
  'dicom.listening': {
    level: 'info',
    message: 'the DICOM store SCP takes associations; it is a tap and archives nothing',
    fields: { host: 'string', port: 'number' },
  },
  'dicom.stopped': {
    level: 'info',
    message: 'the DICOM store SCP has ended',
    fields: { associationsAborted: 'number' },
  },
  'dicom.association_opened': {
    level: 'debug',
    message: 'an association was accepted',
    fields: { source: 'string', contexts: 'number' },
    metric: {
      kind: 'counter',
      name: 'dicom_associations_total',
      help: 'Associations accepted.',
      labels: ['source'],
    },
  },
  'dicom.association_closed': {
    level: 'debug',
    message: 'an association has ended',
    fields: { source: 'string', objects: 'number', durationMs: 'number' },
  },
  'dicom.association_rejected': {
    level: 'warn',
    message: 'an association was rejected',
    fields: { address: 'string', reason: 'string' },
    metric: {
      kind: 'counter',
      name: 'dicom_associations_rejected_total',
      help: 'Associations rejected, by reason.',
      labels: ['reason'],
    },
  },
  'dicom.association_aborted': {
    level: 'warn',
    message: 'the bridge aborted an association',
    fields: { address: 'string', reason: 'string' },
    metric: {
      kind: 'counter',
      name: 'dicom_associations_aborted_total',
      help: 'Associations that the bridge aborted, by reason.',
      labels: ['reason'],
    },
  },
  'dicom.instance_stored': {
    level: 'debug',
    message: 'an instance was recorded and acknowledged',
    fields: { source: 'string', bytes: 'number', durationSeconds: 'number' },
    metric: {
      kind: 'histogram',
      name: 'dicom_store_seconds',
      help: 'From the last byte of an object to its acknowledgement, by source.',
      labels: ['source'],
      value: 'durationSeconds',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10],
    },
  },
  'dicom.instance_refused': {
    level: 'debug',
    message: 'an object was refused',
    fields: { source: 'string', code: 'string', bytes: 'number' },
    metric: {
      kind: 'counter',
      name: 'dicom_refused_total',
      help: 'Objects refused, by source and failure code.',
      labels: ['source', 'code'],
    },
  },
  'dicom.log_behind': {
    level: 'warn',
    message: 'the log did not take an object in time; the sender was told to send again',
    fields: { source: 'string' },
  },
  'dicom.store_events_recorded': {
    level: 'debug',
    message: 'store events were recorded and acknowledged',
    fields: { source: 'string', count: 'number' },
    metric: {
      kind: 'counter',
      name: 'dicom_store_events_total',
      help: 'Store and delete events taken over HTTP, by source.',
      labels: ['source'],
      value: 'count',
    },
  },
  'dicom.store_events_refused': {
    level: 'debug',
    message: 'a request with store events was refused',
    fields: { status: 'number', faults: 'number' },
    metric: {
      kind: 'counter',
      name: 'dicom_store_events_refused_total',
      help: 'Requests with store events that were refused.',
      labels: [],
    },
  },
} as const;
