// One side of the mapping benchmark, in a process of its own: `mapping-side bridge|split SECONDS`.
import { singleObjectCodec } from '../codecs/avro/record-codec.ts';
import { readHl7Message } from '../codecs/hl7/message.ts';
import { mapHl7Message } from '../processors/mapping/hl7-mapping.ts';
import { defaultMappingSettings } from '../processors/mapping/mapping-settings.ts';
import { recordAround } from './message-record.ts';
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
    return groups.length + codec.encode('hl7.messages', recordAround('bench', 1, bytes, read.value.charset)).length;
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
