// A process for tests to kill: appends to a spool for ever, and prints each id only when its append has resolved.
import { writeSync } from 'node:fs';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import { openSpoolLog } from '../../../../runtime/log/spool/spool-log.ts';
import { kafkaSite } from '../kafka-topics.ts';
import { entry, signal } from '../log-under-test.ts';

const [folder = '', bootstrap = '', prefix = '', life = '0'] = process.argv.slice(2);
const WRITERS = 4;

const parts = { clock: systemClock, telemetry: silentTelemetry, codec: singleObjectCodec() };
const embedded = await openEmbeddedLog({ ...parts, folder, reserveBytes: 0 });
const kafka = kafkaSite(bootstrap, prefix);
const { log, forwarder } = openSpoolLog({ ...parts, embedded, kafka, spoolId: 'killed', onContradiction: 'refuse' });
await forwarder.start(signal);
writeSync(1, 'ready\n');
const write = async (writer: number): Promise<void> => {
  for (let next = 0; ; next += 1) {
    const id = `${life}-${String(next).padStart(6, '0')}`;
    await log.append([entry('hl7.messages', `${writer}/x`, id)], signal);
    writeSync(1, `${writer} ${id}\n`);
    // A hospital, not a benchmark: other processes share the machine.
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
};
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
