// A hospital that goes on sending while faults happen: paced, in order, again what was not acknowledged.
import { join } from 'node:path';
import type { BridgePorts } from '../bridge-process.ts';
import type { HospitalDay } from '../hospital-day.ts';
import { sendOpen } from '../killed-lives.ts';
import { Ledger } from '../ledger.ts';

const TICK_MS = 50;
/** Of messages and of instances, so that no burst runs ahead of a fault. */
const TICK_SHARE_MIN = 1;

export interface HospitalLoad {
  readonly messages: Ledger;
  readonly instances: Ledger;
  /** Lets so much of the day (0 to 1) be sent, spread over the time. */
  release(share: number, overMs: number): void;
  /** Resolves when all that was released is acknowledged. */
  acknowledged(): Promise<void>;
  stop(): Promise<void>;
}

export function hospitalLoad(day: HospitalDay, ports: BridgePorts, folder: string): HospitalLoad {
  const messages = new Ledger(join(folder, 'messages.ledger'));
  const instances = new Ledger(join(folder, 'instances.ledger'));
  let released = 0;
  let due = 0;
  let eachTick = 0;
  let stopped = false;
  const openUpTo = (share: number): readonly [messages: number, instances: number] => [
    Math.ceil(share * day.messages.length) - messages.allAcknowledged.size,
    Math.ceil(share * day.instances.length) - instances.allAcknowledged.size,
  ];
  const send = async (): Promise<void> => {
    while (!stopped) {
      due = Math.min(released, due + eachTick);
      const [openMessages, openInstances] = openUpTo(due);
      if (openMessages > 0 || openInstances > 0) {
        await sendOpen(
          day,
          ports,
          messages,
          instances,
          Math.max(TICK_SHARE_MIN, openMessages),
          Math.max(TICK_SHARE_MIN, openInstances),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  };
  const sending = send();
  return {
    messages,
    instances,
    release: (share, overMs) => {
      released = Math.min(1, released + share);
      eachTick = Math.max(eachTick / 2, (share * TICK_MS) / Math.max(overMs, TICK_MS));
    },
    acknowledged: async () => {
      for (;;) {
        const [openMessages, openInstances] = openUpTo(released);
        if (openMessages <= 0 && openInstances <= 0) return;
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
    },
    stop: async () => {
      stopped = true;
      await sending;
    },
  };
}
