// Services in layers: order of start and drain, deadlines, a part that fails.
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../runtime/contracts/clock.ts';
import type { Service } from '../../../runtime/contracts/service.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { ServiceStack } from '../../../runtime/wiring/service-stack.ts';

const forever = new AbortController().signal;

interface Fake extends Service {
  fail(cause: unknown): void;
}

function fake(name: string, seen: string[], behaviour: Partial<Pick<Service, 'start' | 'drain'>> = {}): Fake {
  let fail: (cause: unknown) => void = () => undefined;
  const ended = new Promise<void>((_, reject) => {
    fail = reject;
  });
  ended.catch(() => undefined);
  return {
    name,
    ended,
    fail,
    start: async () => {
      seen.push(`start ${name}`);
    },
    drain: async () => {
      seen.push(`drain ${name}`);
    },
    ...behaviour,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Every wait is over at once. */
const hurriedClock: Clock = { ...systemClock, sleep: async () => undefined };

describe('a stack of services', () => {
  test('starts from the bottom to the top and drains from the top to the bottom', async () => {
    const seen: string[] = [];
    const stack = new ServiceStack(systemClock, silentTelemetry);
    await stack.start({ services: [fake('log', seen)], drainWithinMs: 100 }, forever);
    await stack.start({ services: [fake('task', seen)], drainWithinMs: 100 }, forever);
    await stack.start({ services: [fake('port', seen)], drainWithinMs: 100 }, forever);
    expect([...stack.states.values()]).toEqual(['ready', 'ready', 'ready']);
    await stack.drain();
    expect(seen).toEqual(['start log', 'start task', 'start port', 'drain port', 'drain task', 'drain log']);
  });

  test('a part that does not drain is told to abandon, and then left', async () => {
    const seen: string[] = [];
    const overruns: string[] = [];
    const telemetry = {
      ...silentTelemetry,
      record: (name: string, fields: object) => overruns.push(`${name} ${JSON.stringify(fields)}`),
    };
    const stack = new ServiceStack(hurriedClock, telemetry);
    let told = false;
    const stuck = fake('port', seen, {
      drain: (deadline) => {
        deadline.addEventListener('abort', () => {
          told = true;
        });
        return new Promise(() => undefined);
      },
    });
    await stack.start({ services: [fake('log', seen)], drainWithinMs: 100 }, forever);
    await stack.start({ services: [stuck], drainWithinMs: 50 }, forever);
    await stack.drain();
    expect(told).toBe(true);
    expect(overruns).toEqual(['process.drain_overrun {"service":"port"}']);
    expect(seen).toEqual(['start log', 'start port', 'drain log']);
  });

  test('a part that ends by itself is a failure; one that ends while draining is none', async () => {
    const stack = new ServiceStack(systemClock, silentTelemetry);
    const part = fake('port', []);
    await stack.start({ services: [part], drainWithinMs: 100 }, forever);
    part.fail(new Error('x'));
    await expect(stack.failed).rejects.toMatchObject({ service: 'port' });
  });

  test('a start that fails is told when its neighbours have settled, so that a drain finds them', async () => {
    const seen: string[] = [];
    const stack = new ServiceStack(systemClock, silentTelemetry);
    const refusing = fake('taken', seen, { start: async () => Promise.reject(new Error('taken')) });
    const slow = fake('slow', seen, {
      start: async () => {
        await Promise.resolve();
        seen.push('start slow');
      },
    });
    await expect(stack.start({ services: [refusing, slow], drainWithinMs: 100 }, forever)).rejects.toThrow('taken');
    await stack.drain();
    expect(seen).toEqual(['start slow', 'drain taken', 'drain slow']);
  });

  test('a start that was asked to stop starts nothing more', async () => {
    const seen: string[] = [];
    const stack = new ServiceStack(systemClock, silentTelemetry);
    await expect(
      stack.start({ services: [fake('log', seen)], drainWithinMs: 100 }, AbortSignal.abort()),
    ).rejects.toThrow();
    expect(seen).toEqual([]);
  });
});
