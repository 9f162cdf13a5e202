// Facts of this part. See `telemetry.ts` for what a declaration means.
export const REGISTRY_FACTS = {
  'registry.agreed': {
    level: 'info',
    message: 'the schema registry holds the schema of every topic',
    fields: { topics: 'number', registered: 'number', versions: 'number', tookMs: 'number' },
  },
  'registry.registered': {
    level: 'info',
    message: 'a schema was registered',
    fields: { subject: 'string', id: 'number' },
  },
  'registry.waiting': {
    level: 'warn',
    message: 'the schema registry does not serve requests yet; it is asked again',
    fields: { code: 'string', httpStatus: 'number', waitedMs: 'number', givesUpAfterMs: 'number' },
  },
  'registry.version_unreadable': {
    level: 'warn',
    message: 'the registry holds a version that is not of the bridge; records written with it become dead letters',
    fields: { subject: 'string', version: 'number' },
  },
  'registry.schema_learned': {
    level: 'info',
    message: 'a schema that another producer writes with was fetched',
    fields: { id: 'number' },
  },
  'registry.schema_unknown': {
    level: 'warn',
    message: 'records name a schema that the registry does not hold or that cannot be read; they become dead letters',
    fields: { id: 'number' },
    metric: {
      kind: 'counter',
      name: 'registry_unknown_schemas_total',
      help: 'Schemas named by records that the registry did not hold.',
      labels: [],
    },
  },
  'registry.request_failed': {
    level: 'warn',
    message: 'a schema could not be fetched; the records that name it wait',
    fields: { code: 'string', httpStatus: 'number' },
    metric: {
      kind: 'counter',
      name: 'registry_request_failures_total',
      help: 'Schemas that could not be fetched.',
      labels: ['code'],
    },
  },
} as const;
