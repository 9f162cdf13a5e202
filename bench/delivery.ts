// Signed deliveries to a local stub through the durable queue, beside a bare loop over the same bodies.
import { fileURLToPath } from 'node:url';
import { figuresOf, startServer } from './child-process.ts';
import type { Benchmark, Figures } from './measurement.ts';

export const deliveryBenchmark: Benchmark = {
  name: 'delivery',
  what: '20,000 signed posts of 2 KB to a stub in another process, 10,000 studies with a study and a report each, in order a study; floor: node:http, 64 open, nothing durable.',
  sides: [
    { name: 'cloud sink', measure: () => againstStub('sink') },
    { name: 'bare posts', measure: () => againstStub('bare') },
  ],
  aims: [
    { side: 'cloud sink', figure: 'deliveriesPerSecond', atLeast: 2_000 },
    { side: 'cloud sink', figure: 'deliveriesPerSecond', against: 'bare posts', atLeast: 0 },
  ],
};

async function againstStub(side: string): Promise<Figures> {
  const script = fileURLToPath(new URL('./cloud-stub.js', import.meta.url));
  const stub = await startServer([script], /port (\d+)/, {});
  const figures = await figuresOf('delivery-side', [side, String(stub.port)]);
  await stub.stop();
  return figures;
}
