import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHl7Message } from '../../../codecs/hl7/message.ts';
import { mapDicomStudy } from '../../../processors/mapping/dicom-mapping.ts';
import { mapHl7Message, mapHl7Patient } from '../../../processors/mapping/hl7-mapping.ts';
import { defaultMappingSettings } from '../../../processors/mapping/mapping-settings.ts';
import { FAILURE_CODES } from '../../../schemas/failure-codes.ts';
import { NO_STUDY_ATTRIBUTES } from '../../../schemas/no-study-attributes.ts';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

/** Pieces that mean something to the mapping, and pieces that mean trouble. */
const piece = fc.oneof(
  fc.constantFrom(
    '""',
    '无',
    '0',
    'I',
    'NW',
    'CA',
    'F',
    'P',
    'X',
    'W',
    'CT',
    'M',
    '张三',
    '^张^三',
    '~',
    '^',
    '&',
    '\\.br\\',
  ),
  fc.constantFrom(
    '20260304',
    '2026-02-30',
    '00000000',
    '20260304101112+0800',
    '-1',
    '1e9',
    'NaN',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom(
    'ED',
    'HD',
    'TX',
    '^Study Instance UID',
    'GDT',
    'IMP',
    '^Application^PDF^Base64^JVBERi0=',
    '1.2.3',
    'cm',
  ),
  fc.string({ maxLength: 12, unit: 'binary' }).map((text) => text.replaceAll(/[\r\n]/g, ' ')),
);
const field = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
const segmentText = fc
  .tuple(
    fc.constantFrom('PID', 'PV1', 'ORC', 'OBR', 'OBX', 'NTE', 'DG1', 'AL1', 'IN1', 'ZDS', 'IPC', 'TQ1', 'ZZZ'),
    fc.array(field, { maxLength: 50 }),
  )
  .map(([name, fields]) => [name, ...fields].join('|'));
const messageText = fc
  .tuple(
    fc.constantFrom('ORM^O01', 'ORU^R01', 'OMI^O23', 'OMG^O19', 'ADT^A08'),
    fc.array(segmentText, { maxLength: 14 }),
  )
  .map(([type, segments]) => [`MSH|^~\\&|||||20260304||${type}|1|P|2.5|||||||UTF-8`, ...segments].join('\r'));

describe(`mapping fuzz (seed ${seed})`, () => {
  test('mapping: any message yields groups whose fields are not empty, and findings of known codes', () => {
    fc.assert(
      fc.property(messageText, (text) => {
        const read = readHl7Message(Buffer.from(text), {});
        if (!read.ok) return;
        const results = [
          ...mapHl7Message(read.value, defaultMappingSettings),
          mapHl7Patient(read.value, defaultMappingSettings),
        ];
        for (const { fields, deleted, findings } of results) {
          for (const [name, value] of Object.entries(fields)) {
            expect(typeof value).toBe('string');
            expect(value, name).not.toBe('');
            expect(value, name).not.toBe('""');
          }
          for (const name of deleted) expect(fields[name]).toBeUndefined();
          for (const { code } of findings) expect(Object.hasOwn(FAILURE_CODES, code)).toBe(true);
          if (fields.studyDate !== undefined) expect(fields.studyDate).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
        }
      }),
      { seed, numRuns: 20_000 },
    );
  });

  test('mapping: any attributes of images yield fields that are not empty', () => {
    const attributes = fc.record(
      Object.fromEntries(Object.keys(NO_STUDY_ATTRIBUTES).map((name) => [name, fc.option(fc.oneof(piece, field))])),
    );
    fc.assert(
      fc.property(attributes, (found) => {
        const images = {
          site: 'default',
          studyInstanceUid: '1.2.3',
          revision: 1,
          firstEventAtMs: 0,
          lastEventAtMs: 0,
          counts: { images: 0, structuredReports: 0, doseReports: 0, pdfs: 0, keyObjects: 0, presentationStates: 0 },
          series: [],
          attributes: { ...NO_STUDY_ATTRIBUTES, ...found },
        };
        for (const value of Object.values(mapDicomStudy(images, defaultMappingSettings).fields))
          expect(value).not.toBe('');
      }),
      { seed, numRuns: 5_000 },
    );
  });
});
