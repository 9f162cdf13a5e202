// The numbers by which a message is found again.
import { assert, describe, expect, test } from 'vitest';
import { readEnvelope, readIdentifiers } from '../../../codecs/hl7/intake-reader.ts';
import { type Hl7Message, readHl7Message } from '../../../codecs/hl7/message.ts';
import { corpusFolder } from '../../requirements.ts';
import { corpusMessage, expectedLines, messageFiles } from './corpus-messages.ts';

const corpus = corpusFolder() ?? '';
const MSH = 'MSH|^~\\&|A|B|||20260301||ORU^R01|7|P|2.5.1\r';

describe.skipIf(corpus === '')('intake reader on the corpus', () => {
  test('intake reader: finds the identifiers of each Chinese message', () => {
    for (const { file, identifiers, messageType, controlId } of expectedLines(corpus)) {
      const message = read(corpusMessage(corpus, `generated-zh/${file}`));
      const found = readIdentifiers(message);
      expect(
        {
          accession: found.accessionNumbers,
          placer: found.placerOrderNumbers,
          filler: found.fillerOrderNumbers,
          studyInstanceUid: found.studyInstanceUids,
        },
        file,
      ).toEqual({
        accession: identifiers.accession ?? [],
        placer: identifiers.placer ?? [],
        filler: identifiers.filler ?? [],
        studyInstanceUid: identifiers.studyInstanceUid ?? [],
      });
      if (identifiers.patientId !== undefined) expect(found.patientIds, file).toContain(identifiers.patientId);
      const envelope = readEnvelope(message);
      assert(envelope.ok);
      expect(envelope.value.messageType, file).toBe(messageType.split('^').slice(0, 2).join('^'));
      expect(envelope.value.controlId, file).toBe(controlId);
    }
  });

  test('intake reader: every order and result of dcm4che names the same study', () => {
    const files = messageFiles(corpus, 'dcm4che').filter((file) => /\/O(?:MG|MI|RM|RU)/.test(file));
    const studies = files.map((file) => readIdentifiers(read(corpusMessage(corpus, file))).studyInstanceUids);
    const named = new Set(studies.flat()).values();
    expect(files.length).toBe(6);
    expect([...named].filter((uid) => studies.every((uids) => uids.includes(uid))).length).toBe(1);
  });
});

test.each([
  ['OBX|1|HD|113014^DICOM Study^DCM||1.2.3\r', ['1.2.3']],
  ['OBX|1|HD|||1.2.3^x\r', ['1.2.3']],
  ['OBX|1|HD|||^1.2.3^ISO\r', ['1.2.3']],
  ['OBX|1|HD|113015^DICOM Series^DCM||1.2.3\r', []],
  ['OBX|1|ST|^Study Instance UID||1.2.3\r', ['1.2.3']],
  ['OBX|1|ST|^Series Instance UID||1.2.3\r', []],
  ['OBX|1|NM|^Weight||70.5\r', []],
  ['ZDS|1.2.3^^Application^DICOM\r', ['1.2.3']],
  ['ZDS|../../etc\r', []],
  ['IPC|ACC1|RP|1.2.4|SPS\r', ['1.2.4']],
])('intake reader: the study of %j', (segment, uids) => {
  expect(readIdentifiers(read(MSH + segment)).studyInstanceUids).toEqual(uids);
});

test('intake reader: distinct values in the order of the message, without deletions and without what could be no key', () => {
  const message = `${MSH}PID|1|OLD|A^^^H~""~ ~B~A\rORC|NW|P1^X|F1\rOBR|1|P1|""|||||||||||||||ACC\rORC|NW|P2\rOBR|2|P2|F2|||||||||||||||${'9'.repeat(200)}\r`;
  expect(readIdentifiers(read(message))).toEqual({
    accessionNumbers: ['ACC'],
    placerOrderNumbers: ['P1', 'P2'],
    fillerOrderNumbers: ['F1', 'F2'],
    studyInstanceUids: [],
    patientIds: ['A', 'B'],
  });
});

test.each([
  ['ORM^O01', '1', 'ORM^O01'],
  ['ORM^O01^ORM_O01', '1', 'ORM^O01'],
  ['ORM', '1', 'ORM^O01'],
  ['ACK', '1', 'ACK'],
  ['', '1', 'hl7.missing_message_type'],
  ['ORM^O01', '', 'hl7.missing_control_id'],
  ['ORM^O01', '1'.repeat(200), 'hl7.control_id_too_long'],
])('intake reader: MSH-9 %j with MSH-10 %j is %j', (type, controlId, expected) => {
  const envelope = readEnvelope(read(`MSH|^~\\&|A|B|||20260301||${type}|${controlId}|P|2.5.1\r`));
  expect(envelope.ok ? envelope.value.messageType : envelope.failure.code).toBe(expected);
});

function read(bytes: Uint8Array | string): Hl7Message {
  const result = readHl7Message(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, {});
  assert(result.ok, result.ok ? '' : result.failure.code);
  return result.value;
}
