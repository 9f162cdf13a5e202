// A process for tests to kill: appends and counts for ever, and prints each id only when its append has resolved.
import { writeSync } from 'node:fs';
import { singleObjectCodec } from '../../../../codecs/avro/record-codec.ts';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { openEmbeddedLog } from '../../../../runtime/log/embedded/embedded-log.ts';
import { entry, signal } from '../log-under-test.ts';
import { counting } from './counting-task.ts';

const [folder = '', life = '0'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

try {
  const log = await openEmbeddedLog({
    folder,
    clock: systemClock,
    telemetry: silentTelemetry,
    codec: singleObjectCodec(),
    reserveBytes: 0,
  });
  await log.run(counting).start(signal);
  say('ready');
  let next = 0;
  const write = async (): Promise<void> => {
    for (;;) {
      const id = `${life}-${next}`;
      next += 1;
      await log.append([entry('hl7.messages', `a/${next % 10}`, id)], signal);
      say(id);
    }
  };
  await Promise.all(Array.from({ length: 16 }, write));
} catch (error) {
  say(`failed ${error instanceof Error && 'code' in error ? String(error.code) : 'without a code'}`);
  process.exitCode = 3;
}
