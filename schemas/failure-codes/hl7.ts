// Failure codes of this part: meaning and remedy.
export const HL7_FAILURES = {
  'hl7.missing_header': {
    meaning: 'A frame does not begin with an MSH segment.',
    remedy:
      'Look at the bytes in dead.letters: the sender wraps something else than an HL7 v2 message, or a batch (FHS, BHS).',
  },
  'hl7.unreadable_header': {
    meaning: 'The delimiters in MSH-1 and MSH-2 cannot separate fields.',
    remedy: 'Have the sending system write MSH-1 and MSH-2 as the standard says, usually |^~\\&.',
  },
  'hl7.too_many_segments': {
    meaning: 'A message has more segments than are read.',
    remedy: 'Find out what the sending system does: no real message is that long.',
  },
  'hl7.missing_message_type': {
    meaning: 'MSH-9, the message type, is empty.',
    remedy: 'Have the sending system fill MSH-9; without it nobody knows what the message is.',
  },
  'hl7.missing_control_id': {
    meaning: 'MSH-10, the message control id, is empty.',
    remedy: 'Have the sending system fill MSH-10; an acknowledgement cannot name the message without it.',
  },
  'hl7.control_id_too_long': {
    meaning: 'MSH-10, the message control id, is longer than the 199 characters the standard allows.',
    remedy: 'Have the sending system shorten MSH-10.',
  },
  'hl7.frame_too_large': {
    meaning: 'A frame grew beyond the largest that is taken; its beginning is in dead.letters.',
    remedy:
      'Raise the limit of bytes a frame if the message is genuine; otherwise find the sender that omits end blocks.',
  },
  'hl7.frame_without_end': {
    meaning: 'A frame began before the one before it had its end block, so that one may be cut off.',
    remedy: 'Have the sending system end each message with 0x1C 0x0D; it sends the message again after the refusal.',
  },
  'hl7.sender_refused': {
    meaning: 'No rule admits a sender of this application, facility and address.',
    remedy: 'Add a source for it to the configuration, or stop the sender.',
  },
  'hl7.type_not_used': {
    meaning: 'The message is of a type that says nothing of studies; it is kept and not used.',
    remedy: 'None; have the interface engine send fewer types if the volume disturbs.',
  },
  'hl7.log_unavailable': {
    meaning: 'The log could not take a message within the deadline; the sender was not told yes and sends again.',
    remedy: 'Look at the health of the log: a full disk, a slow disk, or a process about to restart.',
  },
} as const;
