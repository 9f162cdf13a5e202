// Synthetic DICOM files, explicit little endian: a header of about 1.4 KB and as many pixel bytes as wanted.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface InstanceFiles {
  readonly study: number;
  readonly instances: number;
  readonly pixelBytes: number;
}

const ROOT = '1.2.826.0.1.3680043.10.9999';
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** VRs whose length takes four bytes (PS3.5 section 7.1.2). */
const LONG = new Set(['OB', 'OW', 'UN', 'SQ', 'UT']);

export function writeInstances(folder: string, { study, instances, pixelBytes }: InstanceFiles): void {
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < instances; number += 1) {
    writeFileSync(join(folder, `${number}.dcm`), instanceFile(study, number, pixelBytes));
  }
}

function instanceFile(study: number, number: number, pixelBytes: number): Buffer {
  const studyUid = `${ROOT}.7.${study}`;
  const sopUid = `${studyUid}.1.${number}`;
  const meta = Buffer.concat([
    element(0x0002, 0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 0x0002, 'UI', CT_IMAGE_STORAGE),
    element(0x0002, 0x0003, 'UI', sopUid),
    element(0x0002, 0x0010, 'UI', EXPLICIT_LITTLE_ENDIAN),
    element(0x0002, 0x0012, 'UI', `${ROOT}.1`),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const header = dataSet(studyUid, sopUid, study, number);
  const pixels = pixelBytes === 0 ? [] : [element(0x7fe0, 0x0010, 'OW', Buffer.alloc(pixelBytes, number & 0xff))];
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0000, 'UL', length),
    meta,
    header,
    ...pixels,
  ]);
}

function dataSet(studyUid: string, sopUid: string, study: number, number: number): Buffer {
  return Buffer.concat([
    element(0x0008, 0x0005, 'CS', 'ISO_IR 192'),
    element(0x0008, 0x0016, 'UI', CT_IMAGE_STORAGE),
    element(0x0008, 0x0018, 'UI', sopUid),
    element(0x0008, 0x0020, 'DA', '20260303'),
    element(0x0008, 0x0030, 'TM', '091000'),
    element(0x0008, 0x0050, 'SH', `B${study}`),
    element(0x0008, 0x0060, 'CS', 'CT'),
    element(0x0008, 0x0070, 'LO', 'Maker'),
    element(0x0008, 0x0090, 'PN', 'Ceshi^Yi'),
    element(0x0008, 0x1030, 'LO', 'CT CHEST'),
    element(0x0008, 0x103e, 'LO', 'AXIAL'),
    element(0x0010, 0x0010, 'PN', 'Ceshi^Jia=测试^甲'),
    element(0x0010, 0x0020, 'LO', `P${study}`),
    element(0x0010, 0x0030, 'DA', '19800101'),
    element(0x0010, 0x0040, 'CS', 'F'),
    element(0x0018, 0x0015, 'CS', 'CHEST'),
    element(0x0018, 0x1030, 'LO', 'PROTOCOL'),
    element(0x0020, 0x000d, 'UI', studyUid),
    element(0x0020, 0x000e, 'UI', `${studyUid}.1`),
    element(0x0020, 0x0011, 'IS', '1'),
    element(0x0020, 0x0013, 'IS', String(number + 1)),
    element(0x0020, 0x4000, 'LT', 'Synthetic, for measuring. '.repeat(34)),
    element(0x0028, 0x0010, 'US', Buffer.from([0, 2])),
    element(0x0028, 0x0011, 'US', Buffer.from([0, 2])),
  ]);
}

function element(group: number, tag: number, vr: string, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  const padding = bytes.length % 2 === 0 ? [] : [Buffer.from(vr === 'UI' || vr === 'OB' ? [0] : [0x20])];
  const length = bytes.length + padding.length;
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(tag, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return Buffer.concat([head, bytes, ...padding]);
}
