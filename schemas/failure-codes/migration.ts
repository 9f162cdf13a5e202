// Failure codes of this part: meaning and remedy.
export const MIGRATION_FAILURES = {
  'migration.topics_not_empty': {
    meaning: 'Topics on the Kafka cluster that the migration is to fill hold records of someone else.',
    remedy: 'Choose another topic prefix, or delete and create the topics; then start the migration again.',
  },
  'migration.unknown_state': {
    meaning: 'The embedded log holds the state of a task that this version does not have.',
    remedy: 'Migrate with the version that wrote it; nothing was changed.',
  },
  'migration.elsewhere': {
    meaning:
      'This log is already being carried, or was carried, to another Kafka cluster, prefix or number of partitions.',
    remedy: 'Finish that migration, or give it up: remove migrated-to-kafka.json from the data directory.',
  },
  'migration.unfinished': {
    meaning: 'A migration to these topics has begun and is not finished: the states on Kafka are not whole.',
    remedy: 'Run `studybridge migrate --to-kafka` again, which goes on where it stopped; then start the bridge.',
  },
  'migration.record_refused': {
    meaning: 'Kafka refused a record or an entry of the state for good; mostly it is larger than the topic allows.',
    remedy: 'Raise max.message.bytes of the topic named, and start the migration again; it goes on where it stopped.',
  },
  'migration.differs': {
    meaning: 'What was read back from Kafka is not what the embedded log holds.',
    remedy:
      'Make sure that nothing else writes to these topics; delete and create them, remove migrated-to-kafka.json, and migrate again.',
  },
} as const;
