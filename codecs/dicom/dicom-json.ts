/**
 * Reads an instance from the DICOM JSON model into the same fields as from a data set.
 *
 * Only the tags of `HEADER_TAGS` are read; others are passed over unread. Every fault of an object is named, by tag and
 * by what was expected there; what was found is never repeated.
 *
 * Source: PS3.18 annex F.
 */
import type { Failure, Result } from '../../schemas/failure.ts';
import { type DicomHeader, emptyTexts, headerOf, type InstanceUids } from './header.ts';
import { HEADER_TAG_LIST, HEADER_TAGS, type HeaderField, type HeaderTag, tagText } from './header-tags.ts';

export interface JsonFault {
  /** Eight hex digits, or the name of a member that is no tag; '' for the object as a whole. */
  readonly tag: string;
  /** What should stand there. */
  readonly expectation: string;
}

export type JsonReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly JsonFault[] };

export interface JsonUids extends Pick<InstanceUids, 'sopInstanceUid' | 'seriesInstanceUid' | 'studyInstanceUid'> {
  /** undefined when the object does not give it. */
  readonly sopClassUid: InstanceUids['sopClassUid'] | undefined;
}

const VALUES_MAX = 64;
const VALUE_CHARACTERS_MAX = 4096;
const REQUIRED: readonly HeaderField[] = ['sopClassUid', 'sopInstanceUid', 'studyInstanceUid', 'seriesInstanceUid'];
const UID = /^[0-9.]{1,64}$/;
const UID_EXPECTATION = 'a UI element with one value of 1 to 64 digits and dots';

/** All that a stored instance gives. The text is JSON, hence UTF-8 whatever (0008,0005) says. */
export function readJsonInstance(object: unknown): JsonReading<DicomHeader> {
  const read = readTexts(object, REQUIRED);
  if (!read.ok) return read;
  const declared = read.value.specificCharacterSet;
  const charset = { declared: declared === '' ? [] : declared.split('\\'), used: 'ISO_IR 192', flagged: false };
  return withoutFailure(headerOf(read.value, charset));
}

/** The UIDs of an instance that was deleted; its SOP class need not be known. */
export function readJsonUids(object: unknown): JsonReading<JsonUids> {
  const read = readTexts(object, ['sopInstanceUid', 'studyInstanceUid', 'seriesInstanceUid']);
  if (!read.ok) return read;
  const knowsClass = read.value.sopClassUid !== '';
  // Any valid UID may stand in for the class, which is then left out again.
  const texts = knowsClass ? read.value : { ...read.value, sopClassUid: read.value.sopInstanceUid };
  const header = withoutFailure(headerOf(texts, { declared: [], used: 'ISO_IR 192', flagged: false }));
  if (!header.ok) return header;
  const { sopClassUid, sopInstanceUid, seriesInstanceUid, studyInstanceUid } = header.value;
  return {
    ok: true,
    value: {
      sopClassUid: knowsClass ? sopClassUid : undefined,
      sopInstanceUid,
      seriesInstanceUid,
      studyInstanceUid,
    },
  };
}

/** A JSON object, not an array; its members are to be looked up with `memberOf`. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member: what a prototype has is no member. */
export function memberOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function readTexts(object: unknown, required: readonly HeaderField[]): JsonReading<ReturnType<typeof emptyTexts>> {
  if (!isJsonObject(object)) {
    return { ok: false, faults: [{ tag: '', expectation: 'an object of the DICOM JSON model' }] };
  }
  const texts = emptyTexts();
  const faults: JsonFault[] = [];
  for (const entry of HEADER_TAG_LIST) {
    const tag = tagText(entry.tag);
    const element = memberOf(object, tag);
    const text = element === undefined ? '' : readElement(element, entry);
    const isUid = entry.vr === 'UI';
    if (text === undefined) faults.push({ tag, expectation: isUid ? UID_EXPECTATION : expectationOf(entry) });
    else if (isUid && (text === '' ? required.includes(entry.field) : !UID.test(text))) {
      faults.push({ tag, expectation: UID_EXPECTATION });
    } else texts[entry.field] = text;
  }
  return faults.length === 0 ? { ok: true, value: texts } : { ok: false, faults };
}

function expectationOf({ vr }: HeaderTag): string {
  const values = vr === 'PN' ? 'person name objects' : vr === 'DS' || vr === 'IS' ? 'numbers or strings' : 'strings';
  return `{ "vr": "${vr}", "Value": [${values}] }, at most ${VALUES_MAX} values of at most ${VALUE_CHARACTERS_MAX} characters`;
}

/** The values joined by backslashes, as a data set has them; '' for an empty element, undefined for a wrong one. */
function readElement(element: unknown, { vr }: HeaderTag): string | undefined {
  if (!isJsonObject(element) || memberOf(element, 'vr') !== vr) return undefined;
  const values = memberOf(element, 'Value');
  // Without a value the element is empty (PS3.18 section F.2.5); bulk data have no place in these elements.
  if (values === undefined) return memberOf(element, 'BulkDataURI') === undefined ? '' : undefined;
  if (!Array.isArray(values) || values.length > VALUES_MAX) return undefined;
  const texts: string[] = [];
  for (const value of values) {
    const text = vr === 'PN' ? readPersonName(value) : readValue(value, vr);
    if (text === undefined || text.length > VALUE_CHARACTERS_MAX) return undefined;
    texts.push(text);
  }
  return texts.join('\\').trim();
}

function readValue(value: unknown, vr: HeaderTag['vr']): string | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value.trim();
  // Decimal and integer strings are numbers in this model (PS3.18 section F.2.3).
  return typeof value === 'number' && (vr === 'DS' || vr === 'IS') ? String(value) : undefined;
}

/** PS3.18 section F.2.2: one member a group. */
function readPersonName(value: unknown): string | undefined {
  if (value === null) return '';
  if (!isJsonObject(value)) return undefined;
  const groups: string[] = [];
  for (const name of ['Alphabetic', 'Ideographic', 'Phonetic']) {
    const group = memberOf(value, name) ?? '';
    if (typeof group !== 'string') return undefined;
    groups.push(group.trim());
  }
  return groups.join('=').replace(/=+$/, '');
}

function withoutFailure(header: Result<DicomHeader>): JsonReading<DicomHeader> {
  return header.ok ? header : { ok: false, faults: [faultOf(header.failure)] };
}

function faultOf(failure: Failure): JsonFault {
  return { tag: tagText(HEADER_TAGS.sopInstanceUid.tag), expectation: failure.message };
}
