// What is done to the bridge on Kafka, and to its broker, while a hospital sends.
import { expect } from 'vitest';
import { eventually } from '../../end-to-end/started-bridge.ts';
import type { OwnBroker } from '../../kafka/own-broker.ts';
import type { SmallDisk } from '../../kafka/small-disk.ts';
import type { Random } from '../kill-plan.ts';
import type { Deployment, Role, RoleSeat } from './deployment.ts';
import type { Fault } from './faulted-day.ts';

/** Until a process is up again and has its partitions. */
const RESTART_MS = 2_000;
const LIFE_MS_MAX = 1_500;

/** kill -9 at a random moment, then another start in the same place. */
export function killFault(role: Role, random: Random): Fault {
  return {
    name: `kill -9 of ${role}`,
    lastsMs: LIFE_MS_MAX / 2 + RESTART_MS,
    inject: async (bridge) => {
      await pause(random() * LIFE_MS_MAX);
      const seat = oneOf(bridge.seatsOf(role), random);
      await seat.kill();
      await seat.start();
    },
  };
}

/** SIGSTOP until others have taken its partitions and committed, then SIGCONT: it must learn that they are not its own. */
export function freezeFault(frozenMs: number, random: Random): Fault {
  const AWAKE_MS = 4_000;
  return {
    name: 'SIGSTOP and SIGCONT of processors',
    lastsMs: frozenMs + AWAKE_MS,
    inject: async (bridge) => {
      await pause(random() * LIFE_MS_MAX);
      const seat = oneOf(bridge.seatsOf('processors'), random);
      seat.freeze();
      await pause(frozenMs);
      seat.thaw();
      await pause(AWAKE_MS);
      // It goes on as a member; only its producers are of no use.
      expect(await Promise.race([seat.process.ended, 'running'])).toBe('running');
    },
  };
}

/** One more process joins, and after a while another leaves. */
export function joinAndLeaveFault(role: Role, random: Random): Fault {
  return {
    name: `join and leave of ${role}`,
    lastsMs: RESTART_MS + LIFE_MS_MAX,
    inject: async (bridge) => {
      await bridge.join(role);
      await pause(random() * LIFE_MS_MAX);
      expect(await bridge.leave(oneOf(bridge.seatsOf(role), random))).toBe(0);
      await pause(random() * LIFE_MS_MAX);
    },
  };
}

/** Stopped, their local copies of the states deleted, started. */
export function cacheFault(): Fault {
  return {
    name: 'cache directories deleted',
    lastsMs: 3 * RESTART_MS,
    inject: async (bridge) => {
      for (const role of ['processors', 'sinks'] as const) {
        for (const seat of bridge.seatsOf(role)) {
          expect(await seat.drain()).toBe(0);
          seat.loseCaches();
          await seat.start();
        }
      }
    },
  };
}

export function brokerFault(broker: OwnBroker, how: 'kill' | 'stop', random: Random): Fault {
  return {
    name: how === 'kill' ? 'kill -9 of the broker' : 'restart of the broker',
    lastsMs: LIFE_MS_MAX + 8_000,
    inject: async (bridge) => {
      await pause(random() * LIFE_MS_MAX);
      await (how === 'kill' ? broker.kill() : broker.stop());
      await broker.start();
      // Nobody has ended for it.
      await pause(LIFE_MS_MAX);
      await allRun(bridge);
    },
  };
}

/** The file system of the broker's log is filled; the broker ends, since it has nowhere to write. Then there is room again. */
export function diskFullFault(broker: OwnBroker, disk: SmallDisk): Fault {
  return {
    name: "broker's disk full",
    lastsMs: 20_000,
    inject: async (bridge) => {
      await pause(LIFE_MS_MAX);
      disk.fill();
      await eventually(async () => !broker.running, 'the broker gives up its full disk');
      await pause(LIFE_MS_MAX);
      disk.empty();
      await broker.start();
      await pause(LIFE_MS_MAX);
      await allRun(bridge);
    },
  };
}

export async function allRun(bridge: Deployment): Promise<void> {
  for (const seat of bridge.seats)
    expect(`${seat.role} ${(await hasEnded(seat)) ? `ended: ${seat.output()}` : 'runs'}`).toBe(`${seat.role} runs`);
}

async function hasEnded(seat: RoleSeat): Promise<boolean> {
  return (await Promise.race([seat.process.ended, Promise.resolve('running')])) !== 'running';
}

export function oneOf<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
