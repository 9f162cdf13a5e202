// Proof, long: the faults on Kafka in full number, on every version of the broker that is promised.
import { describe, expect, test } from 'vitest';
import { ownBrokersAvailable } from '../kafka/broker.ts';
import { KAFKA_VERSIONS, ownBroker } from '../kafka/own-broker.ts';
import { hospitalDay } from '../proofs/hospital-day.ts';
import { ROLES } from '../proofs/kafka/deployment.ts';
import { type DayPlan, expectWhole, type Fault, faultedDay } from '../proofs/kafka/faulted-day.ts';
import { brokerFault, cacheFault, freezeFault, joinAndLeaveFault, killFault } from '../proofs/kafka/faults.ts';
import { randomOf, SEED } from '../proofs/kill-plan.ts';
import { hasTool } from '../requirements.ts';

const KILLS_EACH = 50;
const FREEZES = 5;
const FROZEN_MS = 30_000;
const JOINS_AND_LEAVES = 20;
const BROKER_FAULTS_EACH = 10;
const TWO_PROCESSORS = { connectors: 1, processors: 2, sinks: 1 } as const;

const kcat = hasTool('kcat');
const random = randomOf(SEED);
const times = (count: number, fault: () => Fault): readonly Fault[] => Array.from({ length: count }, fault);

for (const version of KAFKA_VERSIONS) {
  const available = kcat && (await ownBrokersAvailable(version));

  describe.skipIf(!available)(`faults in full number on Kafka ${version} (STUDYBRIDGE_TEST_SEED=${SEED})`, () => {
    const whole = async (faults: readonly Fault[], plan: Pick<DayPlan, 'day' | 'processes'>): Promise<string> => {
      await using broker = await ownBroker({ version });
      const outcome = await faultedDay({ bootstrap: broker.bootstrap, faults, ...plan });
      console.log(`${version}: ${JSON.stringify([...outcome.injected])}, ${outcome.observed} outputs observed`);
      expectWhole(outcome, faults);
      return outcome.output;
    };

    test(`invariants 1, 2 and 3: each role is killed ${KILLS_EACH} times`, async () => {
      const kills = times(KILLS_EACH, () => killFault('connectors', random)).flatMap((first) => [
        first,
        ...ROLES.slice(1).map((role) => killFault(role, random)),
      ]);
      await whole([...kills, cacheFault()], { day: hospitalDay(1_000, 8) });
    });

    test(`invariant 2: ${FREEZES} times a processor is frozen for 30 s and wakes as a zombie`, async () => {
      const faults = times(FREEZES, () => freezeFault(FROZEN_MS, random));
      const output = await whole(faults, { day: hospitalDay(500, 6), processes: TWO_PROCESSORS });
      expect(output).toMatch(/"fact":"kafka\.commit_failed"/);
    });

    test(`invariant 2: ${JOINS_AND_LEAVES} processors and as many sinks join and leave`, async () => {
      const faults = times(JOINS_AND_LEAVES, () => joinAndLeaveFault('processors', random));
      const sinks = times(JOINS_AND_LEAVES, () => joinAndLeaveFault('sinks', random));
      await whole([...faults, ...sinks], { day: hospitalDay(500, 6) });
    });

    test(`invariants 1, 2 and 3: the broker is killed and restarted, ${BROKER_FAULTS_EACH} times each`, async () => {
      await using broker = await ownBroker({ version });
      const faults = times(BROKER_FAULTS_EACH, () => brokerFault(broker, 'kill', random)).flatMap((kill) => [
        kill,
        brokerFault(broker, 'stop', random),
      ]);
      const day = hospitalDay(500, 6);
      const outcome = await faultedDay({ bootstrap: broker.bootstrap, day, faults, refusalsAllowed: true });
      expectWhole(outcome, faults);
    });
  });
}
