// A process for tests to kill: applies changes to a state cache for ever, and prints how far each time.
import { writeSync } from 'node:fs';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { openStateCache } from '../../../runtime/state/state-cache.ts';

const [folder = ''] = process.argv.slice(2);
const cache = await openStateCache({
  folder,
  identity: 'copy',
  clock: systemClock,
  dropped: (reason) => void writeSync(1, `dropped ${reason}\n`),
});
for (let round = Number(cache.appliedTo ?? 0) + 1; ; round += 1) {
  const changes = Array.from({ length: 500 }, (_, index) => ({
    store: 'rounds',
    key: `key-${(index * 7_919) % 5_000}-${index}`,
    bytes: Buffer.from(String(round)),
  }));
  await cache.apply(changes, BigInt(round), systemClock.nowMs());
  writeSync(1, `${round}\n`);
}
