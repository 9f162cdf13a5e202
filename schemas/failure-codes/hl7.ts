// Failure codes of this part: meaning and remedy.
export const HL7_FAILURES = {
  'hl7.missing_control_id': {
    meaning: 'MSH-10, the message control id, is empty.',
    remedy: 'Have the sending system fill MSH-10; an acknowledgement cannot name the message without it.',
  },
} as const;
