// The header of every corpus file against dcmtk's reading of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HeaderField } from '../../../codecs/dicom/header-tags.ts';
import { corpusFolder } from '../../requirements.ts';
import { readTexts, type TextsReading } from './header-reading.ts';
import { readPart10 } from './part10.ts';

const corpus = corpusFolder();

type Reading = Readonly<Record<string, unknown>>;

interface OracleLine {
  readonly file: string;
  readonly part10: boolean;
  readonly dcmtk: Reading;
  readonly pydicom: Reading;
}

const FIELDS: readonly (readonly [oracle: string, field: HeaderField])[] = [
  ['SOPClassUID', 'sopClassUid'],
  ['SOPInstanceUID', 'sopInstanceUid'],
  ['AccessionNumber', 'accessionNumber'],
  ['Modality', 'modality'],
  ['PatientName', 'patientName'],
  ['PatientID', 'patientId'],
  ['StudyInstanceUID', 'studyInstanceUid'],
  ['SeriesInstanceUID', 'seriesInstanceUid'],
  ['InstanceNumber', 'instanceNumber'],
];

/** Where the expectation is not dcmtk's reading, and why. Each is used by at least one file. */
const DEVIATIONS = {
  nested: {
    why: 'the oracle took the first such tag at any depth, here one inside a sequence; the top level decides',
    files: /liver_(expb_)?1frame|DICOMDIR|chrSQEncoding|UN_sequence/,
  },
  raw: {
    why: 'dcmtk could not convert this Japanese text and printed its bytes; pydicom could',
    files: /chr(H31|H32|JapMulti)/,
  },
  bareGb2312: {
    why: 'ISO 2022 IR 58 without escapes: dcmtk refuses and pydicom guesses Latin; the twin file in GB18030 is right',
    files: /MISSING-ESC/,
  },
  wrongVr: {
    why: 'the file gives its strings as OB, so dcmtk prints bytes in hex; the bytes are the same',
    files: /rtdose_rle/,
  },
  unreadableForDcmtk: {
    why: 'dcmtk reads the whole file and finds it truncated or malformed after the header; pydicom reads the header',
    files: /MR_truncated|rtplan_truncated|Tag-0040-A170-VR-CS/,
  },
} as const;

/** Neither dcmtk nor a network could carry these: no file meta information, or a length that is none. */
const UNREADABLE = /pydicom\/test_files_(no_meta|SC_rgb_jpeg)\.dcm$/;

describe.skipIf(corpus === undefined)('DICOM header against the oracle', () => {
  const folder = join(corpus ?? '', 'dicom');
  const lines =
    corpus === undefined ? [] : readFileSync(join(folder, 'oracle.jsonl'), 'utf8').trim().split('\n').map(parseLine);
  const used = new Set<string>();

  test.each(lines.map((line) => [line.file, line] as const))('%s has the tags that dcmtk reads', (_, line) => {
    const { transferSyntaxUid, dataSet } = readPart10(join(folder, line.file));
    const reading = readTexts(transferSyntaxUid, dataSet);
    if (UNREADABLE.test(line.file)) {
      expect(line.dcmtk['ok']).toBe(false);
      expect(reading.ok && reading.value.texts.sopInstanceUid !== '' && line.file.includes('no_meta')).toBe(false);
      return;
    }
    const texts = textsOf(reading);
    const expected = expectedOf(line);
    for (const [name, field] of FIELDS) expect([name, texts[field]]).toEqual([name, expected[name] ?? '']);
    expect(reading.ok && reading.value.charset.declared.join('\\')).toBe(plain(line.pydicom['SpecificCharacterSet']));
    if (line.part10 && line.dcmtk['TransferSyntaxUID'] !== undefined) {
      expect(transferSyntaxUid).toBe(line.dcmtk['TransferSyntaxUID']);
    }
  });

  test('every listed deviation is one that a file needs', () => {
    expect([...used].sort()).toEqual(Object.keys(DEVIATIONS).sort());
  });

  function expectedOf(line: OracleLine): Readonly<Record<string, string>> {
    const deviation = Object.entries(DEVIATIONS).find(([, { files }]) => files.test(line.file))?.[0];
    if (deviation !== undefined) used.add(deviation);
    const dcmtk = Object.fromEntries(FIELDS.map(([name]) => [name, plain(line.dcmtk[name])]));
    const pydicom = Object.fromEntries(FIELDS.map(([name]) => [name, plain(line.pydicom[name])]));
    if (deviation === 'nested' || deviation === 'unreadableForDcmtk') return pydicom;
    if (deviation === 'raw') return { ...dcmtk, PatientName: pydicom['PatientName'] ?? '' };
    if (deviation === 'wrongVr') return mapValues(dcmtk, fromHexList);
    if (deviation !== 'bareGb2312') return dcmtk;
    const twin = lines.find(({ file }) => file === line.file.replace('.ir58-MISSING-ESC', '.gb18030'));
    return {
      ...dcmtk,
      PatientName: withoutEmptyGroups(twin?.dcmtk['PatientName']),
      PatientID: plain(twin?.dcmtk['PatientID']),
    };
  }
});

function parseLine(text: string): OracleLine {
  const line: OracleLine = JSON.parse(text);
  return line;
}

function textsOf(reading: TextsReading): Readonly<Record<HeaderField, string>> {
  if (!reading.ok) throw new Error(reading.failure.code);
  return reading.value.texts;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\0/g, '').trim() : '';
}

function mapValues(
  values: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}

/** The twin files end their names with an empty third group. */
function withoutEmptyGroups(name: unknown): string {
  return plain(name).replace(/=+(?=\\|$)/g, '');
}

/** dcmtk's `31\2e\32` of an OB value. */
function fromHexList(value: string): string {
  if (!/^[0-9a-f]{2}(\\[0-9a-f]{2})*$/.test(value)) return value;
  return plain(Buffer.from(value.replaceAll('\\', ''), 'hex').toString('latin1'));
}
