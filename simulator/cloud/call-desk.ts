// Judges one call as the cloud would (signature, form, existence) and changes the final state when it is taken.
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, parseJson, textField } from '../json-value.ts';
import { ACCEPTED, type CloudAnswer, refusal } from './cloud-answer.ts';
import type { CallKind, CloudChange, CloudMemory, StudyRecord } from './cloud-memory.ts';
import { PDF_FIELD, readPdf, refuseReport, refuseWithdrawal } from './report-form.ts';
import { refuseSignature, type SignatureRules } from './request-signature.ts';
import { refuseStudy } from './study-form.ts';

/** A call whose body has been read whole. */
export interface ReceivedCall {
  readonly call: CallKind;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly bytes: Buffer;
  /** SHA-256 of the bytes, lower-case hex. */
  readonly bodyHash: string;
  /** The body, where it is UTF-8 and a JSON object. */
  readonly body: JsonObject | undefined;
  readonly receivedAtMs: number;
}

export interface Judgement {
  readonly answer: CloudAnswer;
  /** What the final state becomes; empty for a refusal. */
  readonly changes: readonly CloudChange[];
}

export function receiveCall(
  call: CallKind,
  headers: ReceivedCall['headers'],
  bytes: Buffer,
  receivedAtMs: number,
): ReceivedCall {
  const bodyHash = createHash('sha256').update(bytes).digest('hex');
  const value = parseJson(decodeUtf8(bytes));
  return { call, headers, bytes, bodyHash, body: isJsonObject(value) ? value : undefined, receivedAtMs };
}

/** Text that no JSON begins with, where the bytes are no UTF-8. */
function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The caller refuses it as no JSON, which RFC 8259 section 8.1 requires to be UTF-8.
    return '\uFFFD';
  }
}

export function judge(received: ReceivedCall, memory: CloudMemory, rules: SignatureRules): Judgement {
  const unsigned = refuseSignature(received.headers, rules, received.receivedAtMs);
  if (unsigned !== undefined) return refused(unsigned);
  const contentType = received.headers['content-type'];
  if (typeof contentType !== 'string' || !/^application\/json\s*(;\s*charset=utf-?8\s*)?$/i.test(contentType)) {
    return refused(refusal(100001, 'content type is not application/json'));
  }
  if (received.body === undefined) return refused(refusal(100001, 'the body is not a JSON object in UTF-8'));
  switch (received.call) {
    case 'study':
      return judgeStudy(received.body, memory, received.receivedAtMs);
    case 'report':
      return judgeReport(received.body, memory, received.receivedAtMs);
    case 'withdrawal':
      return judgeWithdrawal(received.body, memory);
  }
}

function judgeStudy(body: JsonObject, memory: CloudMemory, nowMs: number): Judgement {
  const refusedBy = refuseStudy(body);
  if (refusedBy !== undefined) return refused(refusedBy);
  const studyId = textField(body, 'studyId') ?? '';
  const known = memory.study(studyId);
  if (known === undefined && memory.full) return refused(refusal(100002, 'the sandbox holds no more studies'));
  const study: StudyRecord = {
    studyId,
    body,
    firstAtMs: known?.firstAtMs ?? nowMs,
    lastAtMs: nowMs,
    uploads: (known?.uploads ?? 0) + 1,
    reports: known?.reports ?? {},
  };
  return { answer: ACCEPTED, changes: [{ type: 'study', study }] };
}

function judgeReport(body: JsonObject, memory: CloudMemory, nowMs: number): Judgement {
  const refusedBy = refuseReport(body);
  if (refusedBy !== undefined) return refused(refusedBy);
  const study = memory.study(textField(body, 'studyId') ?? '');
  if (study === undefined) return refused(refusal(30002, 'the examination does not exist'));
  const reportId = textField(body, 'reportId') ?? '';
  const { [PDF_FIELD]: _bytes, ...kept } = body;
  const report = {
    reportId,
    body: kept,
    pdf: readPdf(body) ?? null,
    lastAtMs: nowMs,
    uploads: (study.reports[reportId]?.uploads ?? 0) + 1,
  };
  // The id came from outside: fromEntries makes an own property of any name, `__proto__` too.
  const reports = Object.fromEntries([...Object.entries(study.reports), [reportId, report]]);
  return { answer: ACCEPTED, changes: [{ type: 'study', study: { ...study, reports } }] };
}

function judgeWithdrawal(body: JsonObject, memory: CloudMemory): Judgement {
  const refusedBy = refuseWithdrawal(body);
  if (refusedBy !== undefined) return refused(refusedBy);
  const study = memory.study(textField(body, 'studyId') ?? '');
  if (study === undefined) return refused(refusal(100004, 'no data found'));
  const reportId = textField(body, 'reportId');
  if (reportId === undefined) return { answer: ACCEPTED, changes: [{ type: 'withdrawn', studyId: study.studyId }] };
  if (!Object.hasOwn(study.reports, reportId)) return refused(refusal(100004, 'no data found'));
  const reports = Object.fromEntries(Object.entries(study.reports).filter(([id]) => id !== reportId));
  return { answer: ACCEPTED, changes: [{ type: 'study', study: { ...study, reports } }] };
}

function refused(answer: CloudAnswer): Judgement {
  return { answer, changes: [] };
}
