// A seeded day of a small hospital as bytes: orders, results and instances of many studies, and what must come of them.

import type { OutgoingMessage } from './interface-engine.ts';
import { implicit, type OutgoingInstance, text } from './modality.ts';

export interface ExpectedStudy {
  readonly accession: string;
  readonly studyUid: string;
  readonly patientName: string;
  readonly instances: number;
  readonly series: number;
}

export interface HospitalDay {
  /** In an order that mixes the studies; each study's own messages keep theirs. */
  readonly messages: readonly OutgoingMessage[];
  readonly instances: readonly OutgoingInstance[];
  readonly studies: readonly ExpectedStudy[];
}

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
const SERIES = 2;

/** Four messages a study: order, preliminary, final and corrected report. */
export function hospitalDay(studies: number, instancesEach: number, run = 'D'): HospitalDay {
  const numbers = Array.from({ length: studies }, (_, number) => number);
  const steps = [orderMessage, preliminary, finalReport, corrected];
  return {
    messages: steps.flatMap((step, index) => numbers.map((number) => step(run, number, index))),
    instances: Array.from({ length: instancesEach }, (_, image) => image).flatMap((image) =>
      numbers.map((number) => instanceOf(run, number, image)),
    ),
    studies: numbers.map((number) => ({
      accession: accessionOf(run, number),
      studyUid: studyUidOf(number),
      patientName: nameOf(number),
      instances: instancesEach,
      series: Math.min(SERIES, instancesEach),
    })),
  };
}

function accessionOf(run: string, number: number): string {
  return `${run}A${number}`;
}

function studyUidOf(number: number): string {
  return `1.2.826.0.1.3680043.10.9999.20.${number}`;
}

function nameOf(number: number): string {
  return `测试${String.fromCodePoint(0x4e00 + (number % 5_000))}`;
}

function head(type: string, controlId: string, minute: number): string {
  return `MSH|^~\\&|HIS|TESTHOSP|BRIDGE|CLOUD|202603030${minute}0000||${type}|${controlId}|P|2.5.1||||||UNICODE UTF-8`;
}

function patient(number: number): string {
  return `PID|1||P${number}^^^HIS^MR||${nameOf(number)}||19800101|F`;
}

function orderMessage(run: string, number: number): OutgoingMessage {
  const controlId = `${run}O${number}`;
  return message(controlId, [
    head('ORM^O01', controlId, 1),
    patient(number),
    `ORC|NW|${run}P${number}`,
    `OBR|1|${run}P${number}||CT001^胸部CT平扫||||||||||||||${accessionOf(run, number)}||||||CT`,
    `ZDS|${studyUidOf(number)}^HIS^Application^DICOM`,
  ]);
}

function preliminary(run: string, number: number, step: number): OutgoingMessage {
  return result(run, number, step, 'P');
}

function finalReport(run: string, number: number, step: number): OutgoingMessage {
  return result(run, number, step, 'F');
}

function corrected(run: string, number: number, step: number): OutgoingMessage {
  return result(run, number, step, 'C');
}

function result(run: string, number: number, step: number, status: string): OutgoingMessage {
  const controlId = `${run}R${step}-${number}`;
  const filler = `${run}F${number}`;
  return message(controlId, [
    head('ORU^R01', controlId, 1 + step),
    patient(number),
    `ORC|RE|${run}P${number}|${filler}`,
    `OBR|1|${run}P${number}|${filler}|CT001^胸部CT平扫|||20260303091000|||||||||||${accessionOf(run, number)}||||2026030310${step}000||CT|${status}`,
    `OBX|1|TX|F^检查所见||第${step}版所见。||||||${status}`,
    `OBX|2|TX|I^检查印象||第${step}版印象。||||||${status}`,
  ]);
}

function message(controlId: string, segments: readonly string[]): OutgoingMessage {
  return { controlId, bytes: Buffer.from(`${segments.join('\r')}\r`, 'utf8') };
}

function instanceOf(run: string, number: number, image: number): OutgoingInstance {
  const studyUid = studyUidOf(number);
  const seriesUid = `${studyUid}.${image % SERIES}`;
  const sopInstanceUid = `${seriesUid}.${image}`;
  return {
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid,
    dataSet: Buffer.concat([
      implicit(0x0008, 0x0016, Buffer.from(CT_IMAGE_STORAGE)),
      implicit(0x0008, 0x0018, Buffer.from(sopInstanceUid)),
      implicit(0x0008, 0x0050, text(accessionOf(run, number))),
      implicit(0x0008, 0x0060, text('CT')),
      implicit(0x0010, 0x0020, text(`P${number}`)),
      implicit(0x0020, 0x000d, Buffer.from(studyUid)),
      implicit(0x0020, 0x000e, Buffer.from(seriesUid)),
      implicit(0x7fe0, 0x0010, Buffer.alloc(256, image & 0xff)),
    ]),
  };
}
