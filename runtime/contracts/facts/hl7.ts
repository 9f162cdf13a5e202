// Facts of this part. See `telemetry.ts` for what a declaration means.
export const HL7_FACTS = {
  'hl7.listening': { level: 'info', message: 'MLLP port open', fields: { host: 'string', port: 'number' } },
  'hl7.ended': { level: 'info', message: 'MLLP port closed, what was accepted is answered', fields: {} },
  'hl7.connection_opened': {
    level: 'debug',
    message: 'MLLP connection opened',
    fields: { address: 'string' },
    metric: { kind: 'counter', name: 'hl7_connections_total', help: 'MLLP connections accepted.', labels: [] },
  },
  'hl7.connection_closed': {
    level: 'debug',
    message: 'MLLP connection closed',
    fields: {
      address: 'string',
      reason: 'string',
      messages: 'number',
      skippedBytes: 'number',
      unfinishedBytes: 'number',
    },
    metric: {
      kind: 'counter',
      name: 'hl7_connections_closed_total',
      help: 'MLLP connections closed, by why.',
      labels: ['reason'],
    },
  },
  'hl7.connection_refused': {
    level: 'debug',
    message: 'MLLP connection refused: as many as allowed are open',
    fields: { connections: 'number' },
    metric: {
      kind: 'counter',
      name: 'hl7_connections_refused_total',
      help: 'MLLP connections refused because as many as allowed were open.',
      labels: [],
    },
  },
  'hl7.messages_accepted': {
    level: 'debug',
    message: 'HL7 messages durable and answered',
    fields: { disposition: 'string', messages: 'number' },
    metric: {
      kind: 'counter',
      name: 'hl7_messages_accepted_total',
      help: 'HL7 messages made durable, by what becomes of them.',
      labels: ['disposition'],
      value: 'messages',
    },
  },
  'hl7.acknowledged': {
    level: 'debug',
    message: 'HL7 answers written',
    fields: { answers: 'number', tookSeconds: 'number' },
    metric: {
      kind: 'histogram',
      name: 'hl7_acknowledge_seconds',
      help: 'Time from reading the messages of one chunk until their answers are written.',
      labels: [],
      value: 'tookSeconds',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10],
    },
  },
  'hl7.message_refused': {
    level: 'debug',
    message: 'HL7 message refused: kept as a dead letter, unless the log could not take it',
    fields: { code: 'string', answer: 'string' },
    metric: {
      kind: 'counter',
      name: 'hl7_messages_refused_total',
      help: 'HL7 messages answered AE or AR, by failure code.',
      labels: ['code', 'answer'],
    },
  },
  'hl7.charset_contradicted': {
    level: 'debug',
    message: 'the bytes of a message are not in the character set it declares',
    fields: { used: 'string' },
    metric: {
      kind: 'counter',
      name: 'hl7_charset_contradictions_total',
      help: 'HL7 messages whose bytes are not in the character set they declare, by what they were decoded with.',
      labels: ['used'],
    },
  },
  'hl7.log_unavailable': {
    level: 'warn',
    message:
      'an MLLP connection was closed without answers: the log could not take its messages; the sender sends again',
    fields: { code: 'string', messages: 'number' },
    metric: {
      kind: 'counter',
      name: 'hl7_messages_not_answered_total',
      help: 'HL7 messages left without an answer because the log could not take them in time.',
      labels: ['code'],
      value: 'messages',
    },
  },
} as const;
