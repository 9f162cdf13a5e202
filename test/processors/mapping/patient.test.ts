import { describe, expect, test } from 'vitest';
import { citizenNumber } from '../../../processors/mapping/citizen-number.ts';
import { mobileNumber } from '../../../processors/mapping/patient.ts';
import { orderOf, patientOf, segment } from './hl7-text.ts';

const VALID = '00000019800101003X';

describe('mapping of the patient', () => {
  test.each([
    ['张三', '张三'],
    ['张三^zhangsan', '张三'],
    ['张^三', '张三'],
    ['张三^张^三', '张三'],
    ['ZHANG^SAN^^^^^L^A~张^三^^^^^L^I', '张三'],
    ['阿卜杜·测试^abudu ceshi', '阿卜杜·测试'],
    ['𠮷^𬭎', '𠮷𬭎'],
    ['Smith^Lucy^Mark', 'Smith Lucy'],
    ['无', undefined],
  ])('patient: the name in %s is %s', (sent, name) => {
    expect(patientOf({ 5: sent }).fields.patientName).toBe(name);
  });

  test.each([
    ['A^^^^IDCard~B^^^^PI~C^^^^mr', 'C'],
    ['A^^^^IDCard~B^^^^outpatient~C^^^^PatientNO', 'C'],
    ['A^^^^UPID~B^^^^Card_No', 'A'],
    ['A^^^^IDCard~B^^^^UPID', 'B'],
    ['E1^^^^PPN~B', 'B'],
    [`${VALID}^^^^NI~A^^^^PPN~B`, 'B'],
    [`${VALID}^^^^IdentifyNO~E1^^^^PPN~V1^^^^IDCard`, 'V1'],
    [`${VALID}^^^^IdentifyNO~E1^^^^PPN`, 'E1'],
    [`${VALID}^^^^IdentifyNO`, VALID],
    [`${VALID}^^^^21~B^^^^21`, 'B'],
    ['^^^^MR~""^^^^PI~D', 'D'],
  ])('patient: of the numbers %s the id is %s', (sent, id) => {
    expect(patientOf({ 3: sent }).fields.patientId).toBe(id);
  });

  test('patient: PID-2 is the id before a citizen number of PID-3 is', () => {
    expect(patientOf({ 2: 'X2', 3: `${VALID}^^^^NI` }).fields).toMatchObject({ patientId: 'X2', idCardNum: VALID });
  });

  test('patient: a visit card is no citizen number, even where its characters pass the check', () => {
    expect(patientOf({ 3: `${VALID}^^^^IDCard~P1^^^^PI` }).fields.idCardNum).toBeUndefined();
  });

  test('patient: a lower-case x is an X, and a number that fails the check is left out and reported', () => {
    expect(patientOf({ 19: VALID.toLowerCase() }).fields.idCardNum).toBe(VALID);
    const wrong = patientOf({ 3: '000000198001010031^^^^NI', 19: '330106800101003' });
    expect(wrong.fields.idCardNum).toBeUndefined();
    expect(wrong.findings).toEqual([
      { field: 'idCardNum', where: 'PID-3', code: 'mapping.invalid_citizen_number' },
      { field: 'idCardNum', where: 'PID-19', code: 'mapping.invalid_citizen_number' },
    ]);
  });

  test('citizen number: one changed digit is found, wherever it stands', () => {
    expect(citizenNumber(VALID)).toBe(VALID);
    for (let at = 0; at < 17; at += 1) {
      const digit = (Number(VALID[at]) + 1) % 10;
      expect(citizenNumber(`${VALID.slice(0, at)}${digit}${VALID.slice(at + 1)}`)).toBeUndefined();
    }
  });

  test('patient: insurance and passport numbers go by type, IN1 after PID-3', () => {
    expect(patientOf({ 3: 'H1^^^^hc~E1^^^^PPN~P1' }).fields).toMatchObject({
      medicalInsuranceNum: 'H1',
      passportNum: 'E1',
      patientId: 'P1',
    });
    const insured = orderOf(['PID|1||P1', segment('IN1', { 36: 'I36', 49: 'I49' }), 'ORC|NW', 'OBR|1']);
    expect(insured.fields.medicalInsuranceNum).toBe('I36');
  });

  test('patient: a permit goes to the field of the edition, never to both', () => {
    const segments = ['PID|1||H1^^^^HKP~P1', 'ORC|NW', 'OBR|1'];
    const permitTypes = ['HKP'];
    expect(orderOf(segments, { permitTypes }).fields).toMatchObject({ hkAndMarcoPermitNum: 'H1' });
    const mainland = orderOf(segments, { permitTypes, edition: 'mainland' }).fields;
    expect(mainland).toMatchObject({ hkAndMacauPermitNum: 'H1' });
    expect(mainland.hkAndMarcoPermitNum).toBeUndefined();
  });

  test.each([
    ['M', 'M'],
    ['f', 'F'],
    ['女', 'F'],
    ['1', 'M'],
    ['U', 'O'],
    ['A', 'O'],
    ['N', 'O'],
  ])('patient: sex %s is %s', (sent, sex) => {
    expect(patientOf({ 8: sent }).fields.patientSex).toBe(sex);
  });

  test('patient: an unknown sex is left out and reported', () => {
    const { fields, findings } = patientOf({ 8: '9' });
    expect(fields.patientSex).toBeUndefined();
    expect(findings).toEqual([{ field: 'patientSex', where: 'PID-8', code: 'mapping.unknown_code' }]);
  });

  test.each(['00000000', '20260230', '198001', '80-01-01', '1980/01/01', 'unknown'])(
    'patient: the birthday %s is left out and reported',
    (sent) => {
      const { fields, findings } = patientOf({ 7: sent });
      expect(fields.patientBirthday).toBeUndefined();
      expect(findings).toEqual([{ field: 'patientBirthday', where: 'PID-7', code: 'mapping.invalid_date' }]);
    },
  );

  test.each([
    ['16100000001', '16100000001'],
    ['+8616100000001', '16100000001'],
    ['+86 161-0000-0001', '16100000001'],
    ['^PRN^PH^^^^16100000007', '16100000007'],
    ['^^^^^^^^16100000009', '16100000009'],
    ['^^^^^^^^^^^16100000012', '16100000012'],
    ['0531-55550005', undefined],
    ['0311-87654321', undefined],
    ['无', undefined],
  ])('patient: the telephone in %s is %s', (sent, phone) => {
    expect(patientOf({ 13: sent }).fields.phoneNum).toBe(phone);
  });

  test('patient: a telephone that is no mobile is reported, a placeholder is not', () => {
    expect(patientOf({ 13: '0531-55550005' }).findings.map(({ code }) => code)).toEqual(['mapping.invalid_phone']);
    expect(patientOf({ 13: '0' }).findings).toEqual([]);
    expect(mobileNumber('161 0000 000')).toBeUndefined();
  });

  test('patient: an explicit null deletes, an empty field leaves unchanged', () => {
    expect(patientOf({ 7: '""', 11: '""', 13: '""' }).deleted).toEqual(['patientBirthday', 'phoneNum', 'homeAddress']);
    expect(patientOf({ 7: '', 13: '无' }).deleted).toEqual([]);
    expect(patientOf({ 13: '""~16100000001' })).toMatchObject({ deleted: [], fields: { phoneNum: '16100000001' } });
  });

  test.each([
    ['虚构路1号', '虚构路1号'],
    ['虚构路1号^2单元^测试市^样例省^000000^CN^H', '样例省测试市虚构路1号2单元'],
    ['测试市虚构路1号^^测试市^样例省', '样例省测试市虚构路1号'],
    ['样例省测试市虚构路1号^^测试市^样例省', '样例省测试市虚构路1号'],
    ['12 High Street^Flat 3^Testtown^^12345^GB', 'Testtown 12 High Street Flat 3'],
    ['同上', undefined],
  ])('patient: the address %s is %s', (sent, address) => {
    expect(patientOf({ 11: sent }).fields.homeAddress).toBe(address);
  });
});
