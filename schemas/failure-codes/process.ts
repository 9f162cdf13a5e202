// Failure codes of this part: meaning and remedy.
export const PROCESS_FAILURES = {
  'process.configuration': {
    meaning:
      'The configuration file or the environment has faults; every one is listed with key, value and expectation.',
    remedy: 'Mend each fault and try `studybridge check-config`; docs/configuration.md describes every option.',
  },
  'process.port_taken': {
    meaning: 'Another process listens on a port of the bridge.',
    remedy: 'End the other process, or set another port; port 0 picks a free one and prints it.',
  },
  'process.port_refused': {
    meaning: 'The system does not let the bridge listen on this port or address.',
    remedy: 'Set an address of this machine and a port above 1023, or grant the right to listen on a low one.',
  },
  'process.not_running': {
    meaning: 'No bridge runs on this data directory.',
    remedy: 'Start one by `studybridge run`, or name its directory by STUDYBRIDGE_DATA_DIR.',
  },
  'process.service_failed': {
    meaning: 'A part of the bridge ended by itself.',
    remedy: 'Look at the ERROR line before; the process ends, and starts again from what is durable.',
  },
  'process.unexpected': {
    meaning: 'A fault of the program: an exception nobody expected.',
    remedy: 'Start it again: nothing that was acknowledged is lost. Report the fault with its code and place.',
  },
  'control.unreadable_request': {
    meaning: 'A request on the control socket is not one this version knows.',
    remedy: 'Use the same version of the command as of the running bridge.',
  },
  'http.source_not_allowed': {
    meaning: 'A request came from an address no source of the configuration allows.',
    remedy: 'Name the sender in the configuration file with its address, or leave it refused.',
  },
  'http.body_too_large': {
    meaning: 'The body of a request is longer than http.bodyBytesMax.',
    remedy: 'Have the sender split its events over several requests, or raise the limit.',
  },
  'http.not_ready': {
    meaning: 'The bridge starts or drains and takes no requests.',
    remedy: 'None: the sender sends again.',
  },
} as const;
