// The forms of the two provisional calls, report upload and mark for deletion. Ours, not the vendor's: no document states them.
import { createHash } from 'node:crypto';
import type { JsonObject } from '../json-value.ts';
import { textField } from '../json-value.ts';
import { type CloudAnswer, refusal } from './cloud-answer.ts';
import { DATE_TIME, type FieldRule, oneOf, REQUIRED_TEXT, refuseFields, TEXT } from './field-rules.ts';

/** Holds the PDF itself, base64, in place of the hash that the topics carry. */
export const PDF_FIELD = 'pdfBase64';

const REPORT_RULES: ReadonlyMap<string, FieldRule> = new Map<string, FieldRule>([
  ['reportId', REQUIRED_TEXT],
  ['studyId', REQUIRED_TEXT],
  ['accessNumber', REQUIRED_TEXT],
  ['status', { ...oneOf('registered', 'partial', 'preliminary', 'final'), required: true }],
  ['version', { type: 'count', required: true }],
  ['findings', TEXT],
  ['impression', TEXT],
  ['reportDoctor', TEXT],
  ['reportDoctorId', TEXT],
  ['auditDoctor', TEXT],
  ['auditDoctorId', TEXT],
  ['reportDate', DATE_TIME],
  ['auditDate', DATE_TIME],
  ['pdfHash', TEXT],
]);

const WITHDRAWAL_RULES: ReadonlyMap<string, FieldRule> = new Map<string, FieldRule>([
  ['studyId', REQUIRED_TEXT],
  ['reportId', TEXT],
]);

export interface ReceivedPdf {
  readonly sha256: string;
  readonly bytes: number;
}

/** Undefined when the form is right; whether its study exists is not looked at here. */
export function refuseReport(body: JsonObject): CloudAnswer | undefined {
  const { [PDF_FIELD]: pdf, ...rest } = body;
  const refused = refuseFields(rest, REPORT_RULES);
  if (refused !== undefined) return refused;
  if (pdf === undefined) return undefined;
  if (typeof pdf !== 'string') return refusal(100001, `field ${PDF_FIELD} is not a string`);
  const received = readPdf(body);
  if (received === undefined) return refusal(20030, `field ${PDF_FIELD} is not base64 of a PDF`);
  const declared = textField(body, 'pdfHash');
  if (declared !== undefined && declared !== received.sha256) {
    return refusal(10005, 'pdfHash is not the SHA-256 of the PDF');
  }
  return undefined;
}

export function refuseWithdrawal(body: JsonObject): CloudAnswer | undefined {
  return refuseFields(body, WITHDRAWAL_RULES);
}

/** The body's PDF, or undefined where it has none or what it has is none: a PDF begins with `%PDF-`. */
export function readPdf(body: JsonObject): ReceivedPdf | undefined {
  const text = textField(body, PDF_FIELD);
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is not base64; written again it is the same text only where nothing was skipped.
  if (bytes.toString('latin1', 0, 5) !== '%PDF-' || bytes.toString('base64') !== text) return undefined;
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}
