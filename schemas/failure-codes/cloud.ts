// Failure codes of this part: meaning and remedy.
export const CLOUD_FAILURES = {
  'cloud.unreachable': {
    meaning: 'No connection to the cloud could be made; nothing was sent.',
    remedy: 'Check the address, the network and the firewall; it is tried again by itself.',
  },
  'cloud.certificate_refused': {
    meaning: 'The certificate of the cloud is expired, not signed by a trusted authority, or not the pinned one.',
    remedy: 'Compare the certificate with the configured authority and fingerprint; nothing is sent until it is right.',
  },
  'cloud.connection_lost': {
    meaning: 'The connection ended after a request had begun; the cloud may have taken it.',
    remedy: 'None: the same request is sent again.',
  },
  'cloud.timed_out': {
    meaning: 'The cloud did not answer within the time of one attempt; it may have taken the request.',
    remedy: 'None at first: the same request is sent again. If it lasts, ask the vendor, or raise the time-out.',
  },
  'cloud.not_sent': {
    meaning: 'An attempt was due, but its time was over before it could be sent.',
    remedy: 'None: it is tried again. If it lasts, the disk or the processor is too slow for the load.',
  },
  'cloud.attempt_abandoned': {
    meaning: 'An attempt was given up by this side after it had begun; the cloud may have taken the request.',
    remedy: 'None: the same request is sent again.',
  },
  'cloud.attempt_unsettled': {
    meaning: 'The process ended while an attempt was under way; the cloud may have taken the request.',
    remedy: 'None: the same request is sent again.',
  },
  'cloud.throttled': {
    meaning: 'The cloud asks to wait (HTTP 429 or 503).',
    remedy: 'None: the whole site waits as long as the cloud asks.',
  },
  'cloud.server_error': {
    meaning: 'The cloud answered with HTTP 5xx; it may have taken the request.',
    remedy: 'None at first: the same request is sent again. If it lasts, ask the vendor.',
  },
  'cloud.unreadable_answer': {
    meaning: 'The answer of the cloud is no JSON with an integer code.',
    remedy:
      'Check that the address is the cloud and not a proxy; it is tried every 5 minutes for 24 hours, then parked.',
  },
  'cloud.internal_error': {
    meaning: 'The cloud reports an internal error (code 1).',
    remedy: 'None at first: it is tried again. If it lasts, ask the vendor.',
  },
  'cloud.saving_failed': {
    meaning: 'The cloud could not save or sync (codes 100002, 100003, 10001).',
    remedy: 'None at first: it is tried again. If it lasts, ask the vendor.',
  },
  'cloud.duplicate': {
    meaning: 'The cloud refused an update as a duplicate (codes 10004, 30004).',
    remedy: 'Ask the vendor why an update of this study is refused; the study is parked.',
  },
  'cloud.study_unknown': {
    meaning: 'The cloud does not know the examination, though it was sent (codes 30002, 30008).',
    remedy: 'Look for the study at the cloud; what belongs to it is parked.',
  },
  'cloud.locked': {
    meaning:
      'The cloud could not delete, create or change this at the moment (codes 10002, 30005 to 30007, 30010, 30011).',
    remedy: 'Unlock the report at the cloud; it is tried every 5 minutes for 24 hours, then parked.',
  },
  'cloud.invalid_data': {
    meaning: 'The cloud refuses the content (codes 100001, 10005, 20030, 20031).',
    remedy: 'Correct the mapping or the data at the hospital; the request stands in dead.letters.',
  },
  'cloud.not_authenticated': {
    meaning: 'The cloud refuses the token or the signature (codes 90001, 90002, 90003).',
    remedy: 'Check appId, token and the clock; the site sends nothing but one probe a minute until it is right.',
  },
  'cloud.no_permission': {
    meaning: 'The cloud denies this site the permission (code 20008).',
    remedy: 'Ask the vendor for the permission; the site sends nothing but one probe a minute until it is right.',
  },
  'cloud.study_forbidden': {
    meaning: 'The cloud denies the permission for this examination (code 30009).',
    remedy: 'Ask the vendor whose examination it is; the study is parked.',
  },
  'cloud.nothing_found': {
    meaning: 'The cloud found no data to change (codes 100004, 10003).',
    remedy: 'Look for the study at the cloud; the study is parked.',
  },
  'cloud.unexpected_code': {
    meaning: 'The cloud answered with a code that is not expected for this call.',
    remedy: 'Look the code up in the vendor’s list; the study is parked.',
  },
  'cloud.study_parked': {
    meaning: 'An earlier request of the same study is parked; this one waits behind it.',
    remedy: 'Settle the first dead letter of the study, then send the later ones in their order.',
  },
  'cloud.no_account': {
    meaning: 'A request names a site for which no cloud is configured.',
    remedy: 'Configure the cloud of this site, then send the dead letters again.',
  },
  'cloud.stale_revision': {
    meaning: 'A request is not newer than one already read; the newer one counts.',
    remedy: 'None.',
  },
  'cloud.reports_off': {
    meaning: 'Report upload is not configured; the report was not sent.',
    remedy: 'Set the path of the provisional report upload once the vendor has settled it.',
  },
  'cloud.withdraw_by_hand': {
    meaning: 'A study or report must be withdrawn, and no deletion call is configured.',
    remedy: 'Withdraw it at the cloud by hand; `studybridge status` lists what is to be withdrawn.',
  },
  'cloud.call_not_configured': {
    meaning: 'A waiting request needs a call that is no longer configured.',
    remedy: 'Configure the path again, or settle the study by hand.',
  },
  'cloud.document_missing': {
    meaning: 'The document of a report did not arrive within 24 hours.',
    remedy: 'Have the report sent again by the hospital.',
  },
  'cloud.body_unreadable': {
    meaning: 'The body of a request is not the JSON it should be.',
    remedy: 'Find who else writes to cloud.requests; the bytes are in dead.letters.',
  },
  'cloud.key_too_long': {
    meaning: 'The identifiers of a study and its report are too long to be kept.',
    remedy: 'Find which message carries an identifier of more than 500 bytes; the bytes are in dead.letters.',
  },
} as const;
