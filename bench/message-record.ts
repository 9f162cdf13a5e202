// A synthetic result message as the intake records it.
import type { Hl7Message } from '../schemas/records.ts';
import { resultMessage } from './result-message.ts';

const CHARSET: Hl7Message['charset'] = {
  declared: [{ where: 'MSH-18', value: 'UNICODE UTF-8' }],
  used: 'utf-8',
  contradicted: false,
  byteOrderMark: false,
};

export function messageRecord(site: string, number: number): Hl7Message {
  return recordAround(site, number, resultMessage(number), CHARSET);
}

export function recordAround(
  site: string,
  number: number,
  raw: Uint8Array,
  charset: Hl7Message['charset'],
): Hl7Message {
  return {
    site,
    source: 'bench',
    receivedAtMs: 1_790_000_000_000,
    sourceAddress: '127.0.0.1',
    disposition: 'used',
    ignoredReason: null,
    messageType: 'ORU^R01',
    controlId: `C${number}`,
    sendingApplication: 'RIS',
    sendingFacility: 'TESTHOSP',
    messageDateTime: '20260303141500+0800',
    versionId: '2.5.1',
    charset,
    identifiers: {
      accessionNumbers: [`A${number}`],
      placerOrderNumbers: [`PL${number}`],
      fillerOrderNumbers: [`FI${number}`],
      studyInstanceUids: [],
      patientIds: [`P${number}`],
    },
    raw,
  };
}
