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
} as const;
