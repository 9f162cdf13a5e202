// Appends while the broker is killed, started again, frozen and thawed.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/contracts/clock.ts';
import type { RecordLog } from '../../../../runtime/contracts/record-log.ts';
import { ownBrokersAvailable } from '../../../kafka/broker.ts';
import { ownBroker } from '../../../kafka/own-broker.ts';
import { entry, signal, text, until } from '../log-under-test.ts';
import { openTemporaryKafkaLog } from './temporary-kafka-log.ts';

const available = await ownBrokersAvailable();
const SENDERS = 12;

describe.skipIf(!available)('Kafka log', () => {
  test('Invariant 1: what was acknowledged stands where it was said, once and in order, through kills and freezes of the broker', async () => {
    await using broker = await ownBroker();
    const { log, close } = await openTemporaryKafkaLog({
      brokers: [broker.bootstrap],
      tuning: { appendTimeoutMs: 1_500 },
    });
    const ledger = new Ledger();
    const stop = new AbortController();
    const senders = Array.from({ length: SENDERS }, (_, sender) => send(log, `site-${sender}`, ledger, stop.signal));
    const acknowledgedMore = async (): Promise<void> => {
      const wanted = ledger.positions.size + 200;
      await until(() => ledger.positions.size >= wanted, 'more is acknowledged');
    };
    const refusedMore = async (): Promise<void> => {
      const wanted = ledger.refused + SENDERS;
      await until(() => ledger.refused >= wanted, 'senders are told no');
    };
    let faults = 0;
    for (const fault of ['kill', 'freeze', 'kill'] as const) {
      await acknowledgedMore();
      if (fault === 'kill') await broker.kill();
      else broker.freeze();
      await refusedMore();
      expect(log.health()).toEqual({ writable: false, code: 'log.unavailable' });
      if (fault === 'kill') await broker.start();
      else broker.thaw();
      await until(() => log.health().writable, 'the log is writable again');
      faults += 1;
    }
    await acknowledgedMore();
    stop.abort();
    await Promise.all(senders);
    expect(faults).toBe(3);

    const standing = new Map<string, string>();
    const lastOf = new Map<string, number>();
    for await (const chunk of log.scan('hl7.messages', {}, signal)) {
      for (const { key, value, position } of chunk) {
        const [said, number] = [text(value), Number(text(value).split(' ')[1])];
        expect(number, `${said} stands once, and behind what was sent before it`).toBeGreaterThan(
          lastOf.get(key) ?? -1,
        );
        lastOf.set(key, number);
        standing.set(said, `${position.partition}/${position.offset}`);
      }
    }
    for (const [value, place] of ledger.positions) expect([value, standing.get(value)]).toEqual([value, place]);
    await close();
  });
});

/** What each sender was told. */
class Ledger {
  readonly positions = new Map<string, string>();
  refused = 0;
}

/** Sends one after the other; what was refused is not sent again. */
async function send(log: RecordLog, site: string, ledger: Ledger, stop: AbortSignal): Promise<void> {
  for (let number = 0; !stop.aborted; number += 1) {
    const value = `${site} ${number}`;
    try {
      const [position] = await log.append([entry('hl7.messages', `${site}/1`, value)], signal);
      ledger.positions.set(value, `${position?.partition}/${position?.offset}`);
    } catch {
      ledger.refused += 1;
      await systemClock.sleep(20, signal);
    }
  }
}
