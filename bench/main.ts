// `npm run bench -- [NAME ...] [--runs 3] [--seconds 5] [--json FILE]`: measures beside a floor or a peer, in one run.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { appendBenchmark } from './append.ts';
import { deliveryBenchmark } from './delivery.ts';
import { kafkaLatencyBenchmark } from './kafka-latency.ts';
import { kafkaMllpBenchmarks } from './kafka-mllp.ts';
import { kafkaRestoreBenchmark } from './kafka-restore.ts';
import { kafkaTallyBenchmark } from './kafka-tally.ts';
import { latencyBenchmark } from './latency.ts';
import { mappingBenchmark } from './mapping.ts';
import type { Benchmark, Outcome } from './measurement.ts';
import { runBenchmark } from './measurement.ts';
import { mllpBenchmarks } from './mllp.ts';
import { outcomeText, reportOf } from './report.ts';
import { restartBenchmark } from './restart.ts';
import { storeBenchmarks } from './store.ts';
import { tallyBenchmarks } from './tally.ts';

const HELP = `Usage: npm run bench -- [NAME ...] [--runs N] [--seconds S] [--json FILE]

Measures the bridge beside a floor or a peer in the same run and prints medians, spreads and ratios.

  NAME          benchmarks whose name begins so; all when none is named. Those named kafka-… take the broker that
                KAFKA_BROKERS names, or fetch one by Maven and start it
  --runs N      how often each side is measured, in turn (3)
  --seconds S   how long a closed loop is measured (5)
  --json FILE   where the outcome is kept (bench/results/latest.json)
  --list        names only

Example: npm run bench -- mllp --runs 5
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string', default: 'bench/results/latest.json' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const all: readonly Benchmark[] = [
  appendBenchmark,
  ...mllpBenchmarks,
  mappingBenchmark,
  ...tallyBenchmarks,
  ...storeBenchmarks(),
  deliveryBenchmark,
  latencyBenchmark,
  restartBenchmark,
  ...kafkaMllpBenchmarks,
  kafkaTallyBenchmark,
  kafkaRestoreBenchmark,
  kafkaLatencyBenchmark,
];

if (values.help) process.stdout.write(HELP);
else if (values.list) process.stdout.write(`${all.map(({ name }) => name).join('\n')}\n`);
else await measure();

async function measure(): Promise<void> {
  const runs = Number(values.runs);
  const seconds = Number(values.seconds);
  const chosen = all.filter(
    ({ name }) => positionals.length === 0 || positionals.some((wanted) => name.startsWith(wanted)),
  );
  const outcomes: Outcome[] = [];
  for (const benchmark of chosen) {
    const outcome = await runBenchmark(benchmark, runs, { seconds }, (line) => process.stderr.write(`${line}\n`));
    process.stdout.write(`${outcomeText(outcome)}\n`);
    outcomes.push(outcome);
    writeFileSync(values.json, `${JSON.stringify(reportOf(outcomes, runs, seconds), null, 2)}\n`);
  }
}
