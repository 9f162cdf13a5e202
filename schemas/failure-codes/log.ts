// Failure codes of this part: meaning and remedy.
export const LOG_FAILURES = {
  'log.full': {
    meaning: 'The disk that holds the log has less free space than the reserve.',
    remedy: 'Free space on the disk of the data directory, or shorten the retention; senders wait meanwhile.',
  },
  'log.commit_failed': {
    meaning: 'The log could not be flushed to disk; whether the last group of records is durable is not known.',
    remedy: 'Look at the disk and its controller; the process ends and starts again from what is durable.',
  },
  'log.closed': {
    meaning: 'The log is draining and takes no more records.',
    remedy: 'None: the sender sends again when the bridge has started again.',
  },
  'log.in_use': {
    meaning: 'Another process works in this data directory.',
    remedy:
      'Stop the other process, or give this one a data directory of its own by --data-dir or STUDYBRIDGE_DATA_DIR.',
  },
  'log.folder_not_writable': {
    meaning: 'The data directory cannot be created, or files in it cannot be written.',
    remedy: 'Give the data directory to the user the bridge runs as, with mode 0700.',
  },
  'log.newer_layout': {
    meaning: 'The data directory was written by a newer version, in a layout this version does not know.',
    remedy: 'Start the newer version again; the data directory is unchanged.',
  },
  'log.migrated': {
    meaning: 'The log of this data directory is being carried, or was carried, to Kafka by `studybridge migrate`.',
    remedy:
      'Set KAFKA_BROKERS to go on there; `docs/moving-to-kafka.md` says how to go back to the embedded log and what that loses.',
  },
  'task.processor_failed': {
    meaning:
      'A processor ended with an exception on the same record three times; it was set aside so that the rest goes on.',
    remedy:
      'Report the fault with the log line of that position; after the repair the record can be replayed from dead.letters.',
  },
} as const;
