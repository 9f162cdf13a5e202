// Records as `inspect` shows them: no patient data unless it is asked for (invariant 8).
import { describe, expect, test } from 'vitest';
import { recordJson } from '../../../runtime/control/record-mask.ts';
import { SCHEMA_TEXTS } from '../../../schemas/records.ts';

const CANARY = 'CANARY-张三-13800138000';

/** Fields of the schemas that a reader without `--reveal` may see as they are. */
const IDENTIFYING = [
  'raw',
  'bytes',
  'body',
  'content',
  'patientIds',
  'patientId',
  'patientName',
  'patientBirthDate',
  'patientTelephone',
  'allergies',
  'referringPhysician',
  'performingPhysician',
  'operatorsName',
  'admittingDiagnoses',
  'studyDescription',
  'seriesDescription',
  'admissionId',
];

describe('a record', () => {
  test.each(IDENTIFYING)('does not show %s', (field) => {
    expect(Object.values(SCHEMA_TEXTS).join()).toContain(`"${field}"`);
    const record = { site: 'default', [field]: CANARY, deeper: { [field]: [CANARY] } };
    expect(JSON.stringify(recordJson(record, false))).not.toContain('CANARY');
    expect(JSON.stringify(recordJson(record, true))).toContain('CANARY');
  });

  test('does not show a field that nobody has judged', () => {
    expect(recordJson({ newField: CANARY }, false)).toEqual({ newField: '***' });
  });

  test('shows ids, codes, counts and times', () => {
    const record = {
      site: 'default',
      revision: 3,
      failureCode: 'cloud.x',
      counts: { images: 7 },
      accessionNumbers: ['A1'],
    };
    expect(recordJson(record, false)).toEqual(record);
  });

  test('shows bytes as base64 when asked to, and never before', () => {
    const record = { raw: new Uint8Array([1, 2, 3]) };
    expect(recordJson(record, true)).toEqual({ raw: 'AQID' });
    expect(recordJson(record, false)).toEqual({ raw: '***' });
  });
});
