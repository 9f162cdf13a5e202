// Facts of this part. See `telemetry.ts` for what a declaration means.
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

export const CLOUD_FACTS = {
  'cloud.attempted': {
    level: 'debug',
    message: 'an attempt at the cloud ended',
    fields: {
      site: 'string',
      kind: 'string',
      course: 'string',
      code: 'string',
      cloudCode: 'string',
      requestId: 'string',
    },
    metric: {
      kind: 'counter',
      name: 'cloud_attempts_total',
      help: 'Attempts at the cloud by what followed from them and by failure code.',
      labels: ['site', 'kind', 'course', 'code'],
    },
  },
  'cloud.answered': {
    level: 'debug',
    message: 'the time of an attempt at the cloud',
    fields: { site: 'string', tookSeconds: 'number' },
    metric: {
      kind: 'histogram',
      name: 'cloud_attempt_seconds',
      help: 'From the beginning of an attempt to its answer or its failure.',
      labels: ['site'],
      value: 'tookSeconds',
      buckets: LATENCY_BUCKETS,
    },
  },
  'cloud.settled': {
    level: 'debug',
    message: 'a request has its outcome',
    fields: { site: 'string', kind: 'string', outcome: 'string', requestId: 'string' },
    metric: {
      kind: 'counter',
      name: 'cloud_requests_total',
      help: 'Requests by outcome.',
      labels: ['site', 'kind', 'outcome'],
    },
  },
  'cloud.delivered': {
    level: 'debug',
    message: 'a request was delivered',
    fields: { site: 'string', kind: 'string', tookSeconds: 'number' },
    metric: {
      kind: 'histogram',
      name: 'cloud_order_to_cloud_seconds',
      help: 'From the arrival of the record that led to a request to its delivery.',
      labels: ['site', 'kind'],
      value: 'tookSeconds',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400],
    },
  },
  'cloud.study_parked': {
    level: 'error',
    message: 'a study is parked: the cloud will not take it, and its requests wait in dead.letters',
    fields: { site: 'string', code: 'string', cloudCode: 'string', requestId: 'string' },
    metric: { kind: 'counter', name: 'cloud_parked_total', help: 'Studies parked.', labels: ['site', 'code'] },
  },
  'cloud.withdraw_by_hand': {
    level: 'error',
    message: 'a study or report must be withdrawn at the cloud by hand: no deletion call is configured',
    fields: { site: 'string', requestId: 'string' },
    metric: {
      kind: 'counter',
      name: 'cloud_withdraw_by_hand_total',
      help: 'Withdrawals left to a person.',
      labels: ['site'],
    },
  },
  'cloud.site_stopped': {
    level: 'error',
    message: 'the cloud refuses this site: nothing is sent but one probe a minute',
    fields: { site: 'string', code: 'string', cloudCode: 'string' },
    metric: {
      kind: 'counter',
      name: 'cloud_site_stops_total',
      help: 'Times a site was stopped.',
      labels: ['site', 'code'],
    },
  },
  'cloud.site_healed': {
    level: 'info',
    message: 'the cloud takes requests of this site again',
    fields: { site: 'string', stoppedSeconds: 'number' },
  },
  'cloud.site_paused': {
    level: 'warn',
    message: 'the cloud is out of reach or asks to wait: the site pauses and then tries with one request',
    fields: { site: 'string', code: 'string', pauseSeconds: 'number' },
    metric: { kind: 'counter', name: 'cloud_site_pauses_total', help: 'Pauses of a site.', labels: ['site', 'code'] },
  },
  'cloud.site_resumed': {
    level: 'info',
    message: 'the cloud answers again: the site sends as before',
    fields: { site: 'string' },
  },
  'cloud.certificate_refused': {
    level: 'error',
    message: 'the certificate of the cloud is refused: nothing is sent to it',
    fields: { site: 'string' },
  },
  'cloud.clock_skewed': {
    level: 'warn',
    message: 'the clock here and the clock of the cloud differ by more than a minute: signatures may be refused',
    fields: { site: 'string', skewSeconds: 'number' },
  },
  'cloud.lease_lapsed': {
    level: 'warn',
    message: 'the sender stood still past its lease: its open requests were aborted and are sent again',
    fields: { stoodStillSeconds: 'number', aborted: 'number' },
  },
} as const;
