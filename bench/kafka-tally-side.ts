// One process of the tally on Kafka: `kafka-tally-side BROKER PREFIX CACHE-FOLDER`; counts until it is told to end.
import { tallyTask } from '../processors/tally/tally-task.ts';
import { openKafkaLog } from '../runtime/log/kafka/kafka-log.ts';
import { benchLog } from './kafka-cluster.ts';

const [bootstrap = '', prefix = '', folder = ''] = process.argv.slice(2);
const signal = new AbortController().signal;
const options = benchLog(bootstrap, prefix, folder);
const tally = tallyTask({ codec: options.codec });
const log = await openKafkaLog({ ...options, topology: [tally] });
let first = true;
const service = log.run({
  ...tally,
  process: (record, context) => {
    if (first) process.stdout.write(`first event at ${Date.now()}\n`);
    first = false;
    tally.process(record, context);
  },
});
await service.start(signal);
process.once('SIGTERM', () => void end());

async function end(): Promise<void> {
  await service.drain(signal);
  await log[Symbol.asyncDispose]();
}
