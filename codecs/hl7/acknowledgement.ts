// Writes the answer to a message: an acknowledgement of the original mode, in ASCII only, so that no sender is confused.
import type { Failure } from '../../schemas/failure.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';
import { type Delimiters, STANDARD_DELIMITERS } from './delimiters.ts';
import { escapeText, escapeUnprintable } from './escapes.ts';
import type { Hl7Message } from './message.ts';
import type { Hl7Segment } from './message-view.ts';

/** AA accepted, AE error in what was sent, AR refused (table 0008). */
export type AcknowledgementCode = 'AA' | 'AE' | 'AR';

/** What an answer takes from the message it answers: kept while the message is being made durable. */
export interface AcknowledgementHeader {
  readonly delimiters: Delimiters;
  /** MSH-2, as the sender wrote it. */
  readonly encodingCharacters: string;
  /** MSH-3 to MSH-6 of the answer, separated. */
  readonly parties: string;
  readonly event: string;
  readonly processingId: string;
  readonly versionId: string;
  /** MSA-2 */
  readonly controlId: string;
  /** MSH-15 and MSH-16 are both NE: the sender wants no answer (table 0155). */
  readonly unwanted: boolean;
}

export interface AcknowledgementStamp {
  /** MSH-7 */
  readonly timestamp: string;
  /** MSH-10 of the answer itself. */
  readonly controlId: string;
}

const PARTY_LENGTH_MAX = 227;
const CONTROL_ID_LENGTH_MAX = 199;

const UNREADABLE: AcknowledgementHeader = {
  delimiters: STANDARD_DELIMITERS,
  encodingCharacters: '^~\\&',
  parties: '|||',
  event: '',
  processingId: 'P',
  versionId: '2.5.1',
  controlId: '',
  unwanted: false,
};

/**
 * Without a message: for bytes that have no readable MSH. An answer is written with the sender's own delimiters and
 * repeats fields as sent, escape sequences included, so that MSA-2 is byte for byte what the sender compares it with; what
 * is not printable ASCII stands as `\Xhh…\` of its UTF-8 bytes. Where the message lacks one of the delimiters, the
 * standard's are used and values are escaped.
 */
export function acknowledgementHeader(message: Hl7Message | undefined): AcknowledgementHeader {
  const header = message?.first('MSH');
  if (message === undefined || header === undefined) return UNREADABLE;
  const complete = isComplete(message.delimiters);
  const delimiters = complete ? message.delimiters : STANDARD_DELIMITERS;
  const echo = (field: number, lengthMax: number): string =>
    complete
      ? escapeUnprintable(header.raw(field).slice(0, lengthMax), delimiters)
      : escapeText(header.text(field).slice(0, lengthMax), delimiters);
  const party = (field: number): string => echo(field, PARTY_LENGTH_MAX);
  const separator = delimiters.field;
  return {
    delimiters,
    encodingCharacters: delimiters.component + delimiters.repetition + delimiters.escape + delimiters.subcomponent,
    parties: party(5) + separator + party(6) + separator + party(3) + separator + party(4),
    event: plainWord(header.text(9, 2)),
    processingId: plainWord(header.text(11)) || UNREADABLE.processingId,
    versionId: version(header) || UNREADABLE.versionId,
    controlId: echo(10, CONTROL_ID_LENGTH_MAX),
    unwanted: header.text(15) === 'NE' && header.text(16) === 'NE',
  };
}

function isComplete(delimiters: Delimiters): boolean {
  return (
    delimiters.component !== '' &&
    delimiters.repetition !== '' &&
    delimiters.escape !== '' &&
    delimiters.subcomponent !== ''
  );
}

function plainWord(text: string): string {
  return /^[A-Za-z0-9]{1,8}$/.test(text) ? text : '';
}

function version(header: Hl7Segment): string {
  const text = header.text(12);
  return /^[0-9.]{1,8}$/.test(text) ? text : '';
}

/**
 * The text of the answer, unframed. A failure becomes the text of MSA-3 and an ERR segment (ERR-2 where, ERR-3 by table
 * 0357, ERR-4, ERR-5 our code, ERR-8 the reason).
 *
 * Source: HL7 v2.5.1, sections 2.9.2 and 2.15.5.
 */
export function writeAcknowledgement(
  header: AcknowledgementHeader,
  code: AcknowledgementCode,
  failure: Failure | undefined,
  stamp: AcknowledgementStamp,
): string {
  const { delimiters, event } = header;
  const f = delimiters.field;
  const c = delimiters.component;
  const type = event === '' ? 'ACK' : `ACK${c}${event}${c}ACK`;
  const msh = `MSH${f}${header.encodingCharacters}${f}${header.parties}${f}${stamp.timestamp}${f}${f}${type}${f}${stamp.controlId}${f}${header.processingId}${f}${header.versionId}\r`;
  const msa = `MSA${f}${code}${f}${header.controlId}`;
  if (failure === undefined) return `${msh}${msa}\r`;
  const reason = escapeText(failure.message, delimiters);
  const error = ERRORS.get(failure.code) ?? INTERNAL_ERROR;
  const where = error.field === undefined ? '' : ['MSH', '1', error.field].join(c);
  const what = [error.code, error.text, 'HL70357'].join(c);
  const own = escapeText(failure.code, delimiters);
  return `${msh}${msa}${f}${reason}\rERR${f}${f}${where}${f}${what}${f}E${f}${own}${f}${f}${f}${reason}\r`;
}

interface ErrorCondition {
  /** Table 0357. */
  readonly code: number;
  readonly text: string;
  /** Of MSH, where one is at fault. */
  readonly field?: number;
}

const INTERNAL_ERROR: ErrorCondition = { code: 207, text: 'Application internal error' };

/** Which error condition of table 0357 a failure is told as. */
const ERRORS: ReadonlyMap<FailureCode, ErrorCondition> = new Map<FailureCode, ErrorCondition>([
  // Whatever comes first, it is not MSH.
  ['hl7.missing_header', { code: 100, text: 'Segment sequence error' }],
  ['hl7.unreadable_header', { code: 102, text: 'Data type error', field: 1 }],
  ['hl7.missing_message_type', { code: 101, text: 'Required field missing', field: 9 }],
  ['hl7.missing_control_id', { code: 101, text: 'Required field missing', field: 10 }],
  ['hl7.control_id_too_long', { code: 102, text: 'Data type error', field: 10 }],
  // The rest of the message may be missing.
  ['hl7.frame_without_end', { code: 100, text: 'Segment sequence error' }],
]);
