// Failure codes of this part: meaning and remedy.
export const KAFKA_FAILURES = {
  'log.unavailable': {
    meaning: 'The Kafka brokers did not confirm an append in time; whether it is durable is not known.',
    remedy: 'Look at the brokers and the network to them; senders wait and send again.',
  },
  'log.record_refused': {
    meaning: 'A record is larger than the log takes; it was not stored and the sender was told so.',
    remedy:
      'Raise `kafka.maxRecordBytes` and run `studybridge topics`, which names what differs; or have the sender send less.',
  },
  'kafka.unreachable': {
    meaning: 'None of the configured Kafka brokers answers.',
    remedy: 'Check KAFKA_BROKERS, the network, TLS and SASL settings; then start again.',
  },
  'kafka.authentication_failed': {
    meaning: 'The Kafka brokers refuse the credentials or the certificate.',
    remedy: 'Check the SASL mechanism, user and password, and the certificates of both sides.',
  },
  'kafka.topics_missing': {
    meaning: 'Topics that the bridge needs do not exist on the Kafka cluster.',
    remedy: 'Run `studybridge topics create`, or have the administrator create what `studybridge topics list` shows.',
  },
  'kafka.topics_differ': {
    meaning: 'Topics on the Kafka cluster contradict the configuration: partitions, cleanup, retention or replication.',
    remedy:
      'Run `studybridge topics verify`, which names each difference; settle it in the configuration or on the cluster.',
  },
  'kafka.consumer_crashed': {
    meaning: 'The Kafka client gave up its membership in a consumer group.',
    remedy: 'None: the process ends and is to be started again by its supervisor. If it recurs, look at the brokers.',
  },
  'kafka.fetch_stalled': {
    meaning: 'A task had no answer from the brokers for longer than allowed, while the process was alive.',
    remedy: 'None: the process ends and is to be started again by its supervisor. If it recurs, look at the brokers.',
  },
  'kafka.topic_recreated': {
    meaning: 'A topic ends before the position of a task: it was deleted and made anew, or brokers have lost records.',
    remedy:
      'Find out what became of the topic. To go on with the topics as they are, delete the task’s changelog topic and the caches; the task then begins from the first record.',
  },
} as const;
