// Reads what an instance record needs from the header that the walker kept.
import dicomParser, { type DataSet } from 'dicom-parser';
import { failed, type Result, succeeded } from '../../schemas/failure.ts';
import {
  parseSeriesInstanceUid,
  parseSopClassUid,
  parseSopInstanceUid,
  parseStudyInstanceUid,
  type SeriesInstanceUid,
  type SopClassUid,
  type SopInstanceUid,
  type StudyInstanceUid,
} from '../../schemas/identifiers.ts';
import type { DicomAttributes, DicomCharset, StudyAttributes } from '../../schemas/records.ts';
import { decodeTexts, type EncodedText, isAscii } from './charset.ts';
import { dependsOnCharset, HEADER_TAG_LIST, type HeaderField, tagText } from './header-tags.ts';

declare module 'dicom-parser' {
  // Exported as a class at run time; the package's types know the interface only.
  const DataSet: new (parser: ByteArrayParser, bytes: ByteArray, elements: Record<string, Element>) => DataSet;
}

export interface InstanceUids {
  readonly sopClassUid: SopClassUid;
  readonly sopInstanceUid: SopInstanceUid;
  readonly seriesInstanceUid: SeriesInstanceUid;
  readonly studyInstanceUid: StudyInstanceUid;
}

export interface DicomHeader extends InstanceUids {
  readonly attributes: DicomAttributes;
}

/** The text of each element, in the order of `HEADER_TAG_LIST`; '' where it is absent or empty. */
export type HeaderTexts = { readonly [Field in HeaderField]: string };

type WritableTexts = { -readonly [Field in HeaderField]: string };

const PARSER_KEYS: ReadonlyMap<string, (typeof HEADER_TAG_LIST)[number]> = new Map(
  HEADER_TAG_LIST.map((entry) => [`x${tagText(entry.tag).toLowerCase()}`, entry]),
);

/** Fails with `dicom.unreadable_data_set`, `dicom.missing_uid` or `dicom.invalid_uid`. */
export function readHeader(kept: Uint8Array): Result<DicomHeader> {
  const read = readHeaderTexts(kept);
  return read.ok ? headerOf(read.value.texts, read.value.charset) : read;
}

/** What is there, complete or not. Fails with `dicom.unreadable_data_set`. */
export function readHeaderTexts(
  kept: Uint8Array,
): Result<{ readonly texts: HeaderTexts; readonly charset: DicomCharset }> {
  const bytes = Buffer.from(kept.buffer, kept.byteOffset, kept.length);
  const dataSet = parsed(bytes);
  if (dataSet === undefined) return failed('dicom.unreadable_data_set', 'the header cannot be parsed');
  const texts = emptyTexts();
  // Element lengths may look like such bytes; then the longer way gives the same.
  const plain = isAscii(bytes);
  const encoded: EncodedText[] = [];
  const encodedFields: HeaderField[] = [];
  for (const key in dataSet.elements) {
    const element = dataSet.elements[key];
    const wanted = PARSER_KEYS.get(key);
    if (element === undefined || wanted === undefined) continue;
    const end = element.dataOffset + element.length;
    // The parser takes a length on trust; one past the end of the buffer is no value.
    if (end > bytes.length) return failed('dicom.unreadable_data_set', 'an element claims more bytes than there are');
    if (plain || !dependsOnCharset(wanted.vr)) {
      texts[wanted.field] = trimmed(bytes.toString('latin1', element.dataOffset, end));
    } else {
      encodedFields.push(wanted.field);
      encoded.push({ vr: wanted.vr, bytes: withoutPadding(bytes, element.dataOffset, end) });
    }
  }
  // Without encoded text this only reads the declaration.
  const { texts: decoded, charset } = decodeTexts(texts.specificCharacterSet, encoded);
  for (const [index, field] of encodedFields.entries()) texts[field] = trimmed(decoded[index] ?? '');
  return succeeded({ texts, charset });
}

/** From texts however they came. Fails with `dicom.missing_uid` or `dicom.invalid_uid`. */
export function headerOf(texts: HeaderTexts, charset: DicomCharset): Result<DicomHeader> {
  const uids = instanceUids(texts);
  if (!uids.ok) return uids;
  return succeeded({
    ...uids.value,
    attributes: {
      charset,
      modality: present(texts.modality),
      instanceNumber: present(texts.instanceNumber),
      seriesNumber: present(texts.seriesNumber),
      seriesDescription: present(texts.seriesDescription),
      study: studyAttributes(texts),
    },
  });
}

export function emptyTexts(): WritableTexts {
  return { ...NO_TEXTS };
}

const NO_TEXTS: HeaderTexts = {
  sopClassUid: '',
  sopInstanceUid: '',
  studyInstanceUid: '',
  seriesInstanceUid: '',
  specificCharacterSet: '',
  studyDate: '',
  studyTime: '',
  accessionNumber: '',
  modality: '',
  manufacturer: '',
  institutionName: '',
  referringPhysician: '',
  stationName: '',
  studyDescription: '',
  seriesDescription: '',
  institutionalDepartment: '',
  performingPhysician: '',
  operatorsName: '',
  admittingDiagnoses: '',
  manufacturerModel: '',
  patientName: '',
  patientId: '',
  issuerOfPatientId: '',
  patientBirthDate: '',
  patientSex: '',
  patientAge: '',
  patientSizeMetres: '',
  patientWeightKilograms: '',
  allergies: '',
  patientTelephone: '',
  bodyPartExamined: '',
  scanOptions: '',
  studyId: '',
  seriesNumber: '',
  instanceNumber: '',
  requestingService: '',
  admissionId: '',
};

function parsed(bytes: Buffer): DataSet | undefined {
  const parser = dicomParser.littleEndianByteArrayParser;
  const dataSet = new dicomParser.DataSet(parser, bytes, {});
  // A stream over no bytes is refused by the parser.
  if (bytes.length === 0) return dataSet;
  try {
    dicomParser.parseDicomDataSetExplicit(dataSet, new dicomParser.ByteStream(parser, bytes, 0), bytes.length);
    return dataSet;
  } catch {
    // What it throws are strings and objects that hold data of the object; the caller's code says enough.
    return undefined;
  }
}

function instanceUids(texts: HeaderTexts): Result<InstanceUids> {
  const { sopClassUid, sopInstanceUid, seriesInstanceUid, studyInstanceUid } = texts;
  if (sopClassUid === '' || sopInstanceUid === '' || seriesInstanceUid === '' || studyInstanceUid === '') {
    return failed('dicom.missing_uid', 'a SOP Class, SOP Instance, Series Instance or Study Instance UID is missing');
  }
  const uids = {
    sopClassUid: parseSopClassUid(sopClassUid),
    sopInstanceUid: parseSopInstanceUid(sopInstanceUid),
    seriesInstanceUid: parseSeriesInstanceUid(seriesInstanceUid),
    studyInstanceUid: parseStudyInstanceUid(studyInstanceUid),
  };
  if (
    uids.sopClassUid === undefined ||
    uids.sopInstanceUid === undefined ||
    uids.seriesInstanceUid === undefined ||
    uids.studyInstanceUid === undefined
  ) {
    return failed('dicom.invalid_uid', 'a UID is not made of 1 to 64 digits and dots');
  }
  return succeeded({
    sopClassUid: uids.sopClassUid,
    sopInstanceUid: uids.sopInstanceUid,
    seriesInstanceUid: uids.seriesInstanceUid,
    studyInstanceUid: uids.studyInstanceUid,
  });
}

function studyAttributes(texts: HeaderTexts): StudyAttributes {
  return {
    patientId: present(texts.patientId),
    issuerOfPatientId: present(texts.issuerOfPatientId),
    patientName: present(texts.patientName),
    patientSex: present(texts.patientSex),
    patientBirthDate: present(texts.patientBirthDate),
    patientAge: present(texts.patientAge),
    patientSizeMetres: present(texts.patientSizeMetres),
    patientWeightKilograms: present(texts.patientWeightKilograms),
    patientTelephone: present(texts.patientTelephone),
    allergies: present(texts.allergies),
    accessionNumber: present(texts.accessionNumber),
    studyId: present(texts.studyId),
    studyDate: present(texts.studyDate),
    studyTime: present(texts.studyTime),
    studyDescription: present(texts.studyDescription),
    bodyPartExamined: present(texts.bodyPartExamined),
    scanOptions: present(texts.scanOptions),
    referringPhysician: present(texts.referringPhysician),
    requestingService: present(texts.requestingService),
    institutionName: present(texts.institutionName),
    institutionalDepartment: present(texts.institutionalDepartment),
    performingPhysician: present(texts.performingPhysician),
    operatorsName: present(texts.operatorsName),
    admissionId: present(texts.admissionId),
    admittingDiagnoses: present(texts.admittingDiagnoses),
    stationName: present(texts.stationName),
    manufacturer: present(texts.manufacturer),
    manufacturerModel: present(texts.manufacturerModel),
  };
}

function present(text: string): string | null {
  return text === '' ? null : text;
}

/** Values are padded with spaces, UIDs with a NUL (PS3.5 section 6.2); some senders mix the two. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end -= 1;
  while (start < end && isPadding(text.charCodeAt(start))) start += 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function withoutPadding(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let last = end;
  while (last > start && isPadding(bytes[last - 1] ?? 0)) last -= 1;
  return bytes.subarray(start, last);
}

function isPadding(code: number): boolean {
  return code === 0x20 || code === 0;
}
