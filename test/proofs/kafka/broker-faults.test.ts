// Proof: the broker may be killed, restarted or run out of disk under load; what was acknowledged arrives once.
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownBrokersAvailable } from '../../kafka/broker.ts';
import { ownBroker } from '../../kafka/own-broker.ts';
import { smallDisk, smallDisksAvailable } from '../../kafka/small-disk.ts';
import { hasTool } from '../../requirements.ts';
import { hospitalDay } from '../hospital-day.ts';
import { randomOf, SEED } from '../kill-plan.ts';
import { expectWhole, faultedDay } from './faulted-day.ts';
import { brokerFault, diskFullFault } from './faults.ts';

const brokers = await ownBrokersAvailable();
const kcat = hasTool('kcat');
const disks = brokers && kcat && smallDisksAvailable();

describe.skipIf(!brokers || !kcat)('the broker under load', () => {
  test('invariants 1, 2 and 3: a broker that is killed and restarted loses, doubles and disorders nothing, and no process ends for it', {
    timeout: 240_000,
  }, async () => {
    console.log(`seed ${SEED}`);
    const random = randomOf(SEED);
    await using broker = await ownBroker();
    const faults = [brokerFault(broker, 'kill', random), brokerFault(broker, 'stop', random)];
    const day = hospitalDay(60, 6);
    const outcome = await faultedDay({ bootstrap: broker.bootstrap, day, faults, refusalsAllowed: true });
    expectWhole(outcome, faults);
  });

  test.skipIf(!disks)(
    'invariants 1, 2 and 3: a broker whose disk is full takes nothing, and everything that waited when there is room again',
    {
      timeout: 240_000,
    },
    async () => {
      const disk = smallDisk(96);
      onTestFinished(() => disk.unmount());
      await using broker = await ownBroker({
        dataFolder: `${disk.folder}/data`,
        // Index files are preallocated, two a partition.
        properties: { 'log.index.size.max.bytes': '65536' },
      });
      const faults = [diskFullFault(broker, disk)];
      const day = hospitalDay(60, 6);
      const outcome = await faultedDay({ bootstrap: broker.bootstrap, day, faults, refusalsAllowed: true });
      expectWhole(outcome, faults);
      expect(outcome.injected.get("broker's disk full")).toBe(1);
    },
  );
});
