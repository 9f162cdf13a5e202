// One side of the mapping benchmark, in a process of its own: `mapping-side bridge|split SECONDS`.
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { readHl7Message } from '../codecs/hl7/message.ts';
import { mapHl7Message } from '../processors/mapping/hl7-mapping.ts';
import { defaultMappingSettings } from '../processors/mapping/mapping-settings.ts';
import type { Hl7Message } from '../schemas/records.ts';
import { resultMessage } from './result-message.ts';

const MESSAGES = Array.from({ length: 512 }, (_, number) => resultMessage(number));
const WARM_UP_MS = 1_000;

const [side, secondsText = '5'] = process.argv.slice(2);
const work = side === 'split' ? naiveSplit : bridgeWork();
runFor(work, WARM_UP_MS);
const perSecond = runFor(work, Number(secondsText) * 1_000);
process.stdout.write(`${JSON.stringify({ messagesPerSecond: perSecond, microsecondsEach: 1e6 / perSecond })}\n`);

function bridgeWork(): (bytes: Buffer) => number {
  const codec = singleObjectCodec();
  return (bytes) => {
    const read = readHl7Message(bytes, {});
    if (!read.ok) throw new Error(read.failure.code);
    const groups = mapHl7Message(read.value, defaultMappingSettings);
    return groups.length + codec.encode('hl7.messages', recordOf(bytes, read.value.charset)).length;
  };
}

function recordOf(raw: Buffer, charset: Hl7Message['charset']): Hl7Message {
  return {
    site: 'bench',
    source: 'bench',
    receivedAtMs: 1_790_000_000_000,
    sourceAddress: '127.0.0.1',
    disposition: 'used',
    ignoredReason: null,
    messageType: 'ORU^R01',
    controlId: 'C1',
    sendingApplication: 'RIS',
    sendingFacility: 'TESTHOSP',
    messageDateTime: '20260303141500+0800',
    versionId: '2.5.1',
    charset,
    identifiers: {
      accessionNumbers: ['A1'],
      placerOrderNumbers: ['P1'],
      fillerOrderNumbers: ['F1'],
      studyInstanceUids: [],
      patientIds: ['P1'],
    },
    raw,
  };
}

function naiveSplit(bytes: Buffer): number {
  let components = 0;
  for (const segment of bytes.toString('utf8').split('\r')) {
    for (const field of segment.split('|')) components += field.split('^').length;
  }
  return components;
}

function runFor(work: (bytes: Buffer) => number, durationMs: number): number {
  const began = performance.now();
  let done = 0;
  let sink = 0;
  while (performance.now() - began < durationMs) {
    for (const bytes of MESSAGES) sink += work(bytes);
    done += MESSAGES.length;
  }
  if (sink === 0) throw new Error('the work was left out');
  return done / ((performance.now() - began) / 1_000);
}
