// Reads DICOM files for tests: the transfer syntax, and the data set after the file meta information.
import { readFileSync } from 'node:fs';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from '../../../codecs/dicom/transfer-syntax.ts';

export interface Part10File {
  readonly transferSyntaxUid: string;
  readonly dataSet: Buffer;
}

/** PS3.10 section 7.1. A file without preamble is taken as what its first element looks like. */
export function readPart10(path: string): Part10File {
  const bytes = readFileSync(path);
  let at = bytes.toString('latin1', 128, 132) === 'DICM' ? 132 : 0;
  let transferSyntaxUid = '';
  while (at + 8 <= bytes.length && bytes.readUInt16LE(at) === 2) {
    const long = ['OB', 'UN', 'OW', 'UT', 'SQ'].includes(bytes.toString('latin1', at + 4, at + 6));
    const length = long ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    const value = at + (long ? 12 : 8);
    if (bytes.readUInt16LE(at + 2) === 0x10) {
      transferSyntaxUid = bytes.toString('latin1', value, value + length).replace(/[\0 ]+$/, '');
    }
    at = value + length;
  }
  const dataSet = bytes.subarray(Math.min(at, bytes.length));
  return { transferSyntaxUid: transferSyntaxUid === '' ? guessed(dataSet) : transferSyntaxUid, dataSet };
}

function guessed(dataSet: Buffer): string {
  if (!/^[A-Z]{2}$/.test(dataSet.toString('latin1', 4, 6))) return IMPLICIT_VR_LITTLE_ENDIAN;
  return dataSet.length > 2 && dataSet[0] === 0 ? '1.2.840.10008.1.2.2' : EXPLICIT_VR_LITTLE_ENDIAN;
}
