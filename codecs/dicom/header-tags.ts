// The elements that are read from an object's header.

export type TextVr = 'AE' | 'AS' | 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'PN' | 'SH' | 'TM' | 'UI';

export interface HeaderTag {
  /** Group and element as one number. */
  readonly tag: number;
  /** PS3.6 section 6. */
  readonly vr: TextVr;
}

/** All are top-level strings with a two-byte length in explicit VR. The four UIDs come first. */
export const HEADER_TAGS = {
  sopClassUid: { tag: 0x00080016, vr: 'UI' },
  sopInstanceUid: { tag: 0x00080018, vr: 'UI' },
  studyInstanceUid: { tag: 0x0020000d, vr: 'UI' },
  seriesInstanceUid: { tag: 0x0020000e, vr: 'UI' },
  specificCharacterSet: { tag: 0x00080005, vr: 'CS' },
  studyDate: { tag: 0x00080020, vr: 'DA' },
  studyTime: { tag: 0x00080030, vr: 'TM' },
  accessionNumber: { tag: 0x00080050, vr: 'SH' },
  modality: { tag: 0x00080060, vr: 'CS' },
  manufacturer: { tag: 0x00080070, vr: 'LO' },
  institutionName: { tag: 0x00080080, vr: 'LO' },
  referringPhysician: { tag: 0x00080090, vr: 'PN' },
  stationName: { tag: 0x00081010, vr: 'SH' },
  studyDescription: { tag: 0x00081030, vr: 'LO' },
  seriesDescription: { tag: 0x0008103e, vr: 'LO' },
  institutionalDepartment: { tag: 0x00081040, vr: 'LO' },
  performingPhysician: { tag: 0x00081050, vr: 'PN' },
  operatorsName: { tag: 0x00081070, vr: 'PN' },
  admittingDiagnoses: { tag: 0x00081080, vr: 'LO' },
  manufacturerModel: { tag: 0x00081090, vr: 'LO' },
  patientName: { tag: 0x00100010, vr: 'PN' },
  patientId: { tag: 0x00100020, vr: 'LO' },
  issuerOfPatientId: { tag: 0x00100021, vr: 'LO' },
  patientBirthDate: { tag: 0x00100030, vr: 'DA' },
  patientSex: { tag: 0x00100040, vr: 'CS' },
  patientAge: { tag: 0x00101010, vr: 'AS' },
  patientSizeMetres: { tag: 0x00101020, vr: 'DS' },
  patientWeightKilograms: { tag: 0x00101030, vr: 'DS' },
  allergies: { tag: 0x00102110, vr: 'LO' },
  patientTelephone: { tag: 0x00102154, vr: 'SH' },
  bodyPartExamined: { tag: 0x00180015, vr: 'CS' },
  scanOptions: { tag: 0x00180022, vr: 'CS' },
  studyId: { tag: 0x00200010, vr: 'SH' },
  seriesNumber: { tag: 0x00200011, vr: 'IS' },
  instanceNumber: { tag: 0x00200013, vr: 'IS' },
  requestingService: { tag: 0x00321033, vr: 'LO' },
  admissionId: { tag: 0x00380010, vr: 'LO' },
} as const satisfies Readonly<Record<string, HeaderTag>>;

export type HeaderField = keyof typeof HEADER_TAGS;

/** In the order of the table. */
export const HEADER_TAG_LIST: readonly (HeaderTag & { readonly field: HeaderField })[] = headerTagList();

/** The UIDs without which an object cannot be counted are the first of the list. */
export const REQUIRED_TAGS = 4;

/** Elements ascend by tag (PS3.5 section 7.1), so that nothing wanted follows this one. */
export const LAST_HEADER_TAG = Math.max(...HEADER_TAG_LIST.map(({ tag }) => tag));

/** Tags whose text depends on (0008,0005), PS3.5 section 6.1.2.3. */
export function dependsOnCharset(vr: TextVr): boolean {
  return vr === 'LO' || vr === 'PN' || vr === 'SH';
}

/** Eight upper-case hex digits, as in the DICOM JSON model. */
export function tagText(tag: number): string {
  return tag.toString(16).toUpperCase().padStart(8, '0');
}

function headerTagList(): readonly (HeaderTag & { readonly field: HeaderField })[] {
  const list: (HeaderTag & { readonly field: HeaderField })[] = [];
  let field: HeaderField;
  for (field in HEADER_TAGS) list.push({ field, ...HEADER_TAGS[field] });
  return list;
}
