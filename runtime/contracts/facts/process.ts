// Facts of this part. See `telemetry.ts` for what a declaration means.
export const PROCESS_FACTS = {
  'process.started': {
    level: 'info',
    message: 'studybridge started',
    fields: {
      version: 'string',
      role: 'string',
      log: 'string',
      node: 'string',
      pid: 'number',
      sites: 'number',
      cloud: 'string',
    },
  },
  'process.listening': {
    level: 'info',
    message: 'port open',
    fields: { service: 'string', host: 'string', port: 'number' },
  },
  'process.ready': { level: 'info', message: 'ready', fields: { tookMs: 'number' } },
  'process.open_to_network': {
    level: 'warn',
    message:
      'the ports listen beyond this machine: senders elsewhere are refused unless a source of the configuration file allows their address',
    fields: { host: 'string', allowedRanges: 'number' },
  },
  'process.password_in_clear': {
    level: 'warn',
    message: 'a password goes over the network in clear text: use TLS, or a SCRAM mechanism',
    fields: { to: 'string' },
  },
  'process.sandbox': {
    level: 'warn',
    message: 'no cloud is configured: studies go to the sandbox cloud beside the bridge',
    fields: { studyQuietMs: 'number' },
  },
  'process.draining': { level: 'info', message: 'draining', fields: { reason: 'string' } },
  'process.drain_overrun': {
    level: 'warn',
    message: 'a part did not drain in time and was abandoned; what it had not finished goes on at the next start',
    fields: { service: 'string' },
  },
  'process.drained': { level: 'info', message: 'drained', fields: { tookMs: 'number' } },
  'process.aborted': { level: 'warn', message: 'a second signal ended the process before it had drained', fields: {} },
  'process.service_failed': {
    level: 'error',
    message: 'a part ended by itself; the process ends and starts again from what is durable',
    fields: { service: 'string', code: 'string' },
  },
  'process.failed': {
    level: 'error',
    message: 'a fault of the program; the process ends and starts again from what is durable',
    fields: { code: 'string', where: 'string' },
  },
  'http.answered': {
    level: 'debug',
    message: 'request answered',
    fields: { route: 'string', status: 'string', tookSeconds: 'number' },
    metric: {
      kind: 'histogram',
      name: 'http_request_seconds',
      help: 'Time from a request to its answer.',
      labels: ['route', 'status'],
      value: 'tookSeconds',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
    },
  },
  'http.refused': {
    level: 'debug',
    message: 'request refused before it was read',
    fields: { reason: 'string' },
    metric: {
      kind: 'counter',
      name: 'http_refused_total',
      help: 'Requests refused before they were read: address, size, not ready.',
      labels: ['reason'],
    },
  },
  'control.answered': { level: 'debug', message: 'control request answered', fields: { command: 'string' } },
  'control.reveal': {
    level: 'info',
    message: 'records were shown with patient data to the owner of the data directory',
    fields: { topic: 'string' },
  },
} as const;
