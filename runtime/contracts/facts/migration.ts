// Facts of this part. See `telemetry.ts` for what a declaration means.
export const MIGRATION_FACTS = {
  'migration.interrupted': {
    level: 'warn',
    message: 'the migration lost the Kafka cluster; it goes on behind what was committed',
    fields: { code: 'string', failures: 'number' },
  },
} as const;
