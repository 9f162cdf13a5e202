// The contract on the log made to hurt, by several seeds; SEED repeats one.
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { createHurtLog } from '../../../runtime/log/hurt/hurt-log.ts';
import type { LogUnderTest } from './log-under-test.ts';
import { ManualClock } from './manual-clock.ts';
import { recordLogContract } from './record-log-contract.ts';
import { taskContract } from './task-contract.ts';

const seeds = process.env['SEED'] === undefined ? [1, 2, 3, 4] : [Number(process.env['SEED'])];

for (const seed of seeds) {
  const open = async (): Promise<LogUnderTest> => {
    const clock = new ManualClock();
    const fatal: Error[] = [];
    const log = createHurtLog({
      seed,
      clock,
      telemetry: silentTelemetry,
      codec: singleObjectCodec(),
      onFatal: (error) => fatal.push(error),
    });
    return { log, clock, fatal, close: async () => log[Symbol.asyncDispose]() };
  };
  recordLogContract(`hurt log, seed ${seed}`, open);
  taskContract(`hurt log, seed ${seed}`, open);
}
