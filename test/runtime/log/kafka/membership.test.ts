// Members of one group on a real broker: who has which partitions when members come, leave, are killed and stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { createMembership, type Membership } from '../../../../runtime/log/kafka/membership.ts';
import { kafkaBroker, randomPrefix } from '../../../kafka/broker.ts';
import { signal, until } from '../log-under-test.ts';
import { GROUP_PARTITIONS, groupTopics, membershipOptions, SESSION_TIMEOUT_MS } from './membership-under-test.ts';

const DIST = process.env['STUDYBRIDGE_DIST'] ?? fileURLToPath(new URL('../../../../dist', import.meta.url));
const PROGRAM = join(DIST, 'test/runtime/log/kafka/member-process.js');
const built = existsSync(PROGRAM);
if (!built) console.warn('left out: tests of the membership that need the built program (npm run build)');

const broker = await kafkaBroker();
const ALL = Array.from({ length: GROUP_PARTITIONS }, (_, index) => index);

interface Member {
  readonly membership: Membership;
  readonly assignments: (readonly number[])[];
  readonly failures: Error[];
  /** What it was assigned last. */
  has(): readonly number[];
}

interface MemberProcess {
  readonly child: ChildProcess;
  readonly lines: string[];
  has(): readonly number[];
}

describe.skipIf(!broker.available)('a membership', () => {
  const members: Member[] = [];
  const processes: MemberProcess[] = [];
  let prefix: string;

  beforeEach(async () => {
    prefix = randomPrefix();
    const admin = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topics = groupTopics(prefix).map((topic) => ({ topic, numPartitions: GROUP_PARTITIONS }));
    await admin.createTopics({ topics, waitForLeaders: true });
    await admin.disconnect();
  });

  afterEach(async () => {
    for (const { child } of processes.splice(0)) child.kill('SIGKILL');
    const all = members.splice(0);
    await Promise.all(all.map(({ membership }) => membership.leave()));
    // A batch that was delivered would be a failure too.
    expect(all.flatMap(({ failures }) => failures)).toEqual([]);
  });

  function newMember(): Member {
    const assignments: (readonly number[])[] = [];
    const failures: Error[] = [];
    const membership = createMembership({
      ...membershipOptions(broker.bootstrap, prefix),
      telemetry: silentTelemetry,
      assigned: (partitions) => assignments.push([...partitions]),
      failed: (error) => failures.push(error),
    });
    const member: Member = { membership, assignments, failures, has: () => assignments.at(-1) ?? [] };
    members.push(member);
    return member;
  }

  async function join(): Promise<Member> {
    const member = newMember();
    await member.membership.start(signal);
    return member;
  }

  function joinAsProcess(): MemberProcess {
    const child = spawn(process.execPath, [PROGRAM, broker.bootstrap, prefix], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => lines.push(...chunk.split('\n').filter(Boolean)));
    const has = (): readonly number[] => {
      const listed = lines.findLast((line) => line.startsWith('assigned '))?.slice('assigned '.length) ?? '';
      return listed === '' ? [] : listed.split(',').map(Number);
    };
    processes.push({ child, lines, has });
    return { child, lines, has };
  }

  async function untilShared(among: readonly { has(): readonly number[] }[], sizes: readonly number[]): Promise<void> {
    await until(
      () => {
        const shares = among.map((member) => member.has());
        const all = shares.flat().sort((left, right) => left - right);
        const found = shares.map(({ length }) => length).sort((left, right) => right - left);
        return all.join() === ALL.join() && found.join() === sizes.join();
      },
      `the partitions are shared out as ${sizes.join(', ')}`,
    );
  }

  test('knows its partitions when it has started, and no record comes through it', async () => {
    const { membership, has } = await join();
    expect(has()).toEqual(ALL);
    expect([...membership.partitions]).toEqual(ALL);
    const producer = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const messages = ALL.map((partition) => ({ partition, value: 'record' }));
    for (const topic of groupTopics(prefix)) await producer.send({ topic, messages });
    await producer.disconnect();
    // A consumer that is not paused would have been given them by then, which would be a failure of its own.
    await membership.heartbeats(4, signal);
  });

  test('gives up as few partitions as balance allows when members come and leave', async () => {
    const first = await join();
    const others = [newMember(), newMember(), newMember()];
    await Promise.all(others.map(({ membership }) => membership.start(signal)));
    const four = [first, ...others];
    await untilShared(four, [2, 2, 2, 2]);
    const before = four.map((member) => member.has());

    const [, second, third, fourth] = four;
    if (second === undefined || third === undefined || fourth === undefined) throw new Error('four have joined');
    await Promise.all([third.membership.leave(), fourth.membership.leave()]);
    await untilShared([first, second], [4, 4]);
    expect(first.has()).toEqual(expect.arrayContaining([...(before[0] ?? [])]));
    expect(second.has()).toEqual(expect.arrayContaining([...(before[1] ?? [])]));

    const two = [first.has(), second.has()];
    const fifth = await join();
    await untilShared([first, second, fifth], [3, 3, 2]);
    for (const [index, member] of [first, second].entries()) {
      expect(two[index]).toEqual(expect.arrayContaining([...member.has()]));
    }
  });

  test('that leaves hands its partitions over within a second', async () => {
    const [staying, leaving] = [await join(), await join()];
    await untilShared([staying, leaving], [4, 4]);
    await staying.membership.heartbeats(1, signal);
    const startedMs = performance.now();
    await leaving.membership.leave();
    await untilShared([staying], [8]);
    const tookMs = performance.now() - startedMs;
    console.log(`leaving hands over in ${Math.round(tookMs)} ms`);
    // The aim is a second on a machine that is not busy with other tests; a member that only falls silent takes six.
    expect(tookMs).toBeLessThan(SESSION_TIMEOUT_MS / 2);
  });

  test('that has left answers no heartbeats and hears of no assignment', async () => {
    const member = await join();
    const heard = member.assignments.length;
    await member.membership.leave();
    await expect(member.membership.heartbeats(1, signal)).rejects.toThrow('log.closed');
    await join();
    expect(member.assignments).toHaveLength(heard);
  });

  test('stops waiting for heartbeats, and for its first assignment, when told to', async () => {
    const stop = new AbortController();
    const { membership } = await join();
    const heartbeats = membership.heartbeats(1_000, stop.signal);
    const starting = newMember().membership.start(stop.signal);
    stop.abort(new Error('enough'));
    await expect(heartbeats).rejects.toThrow('enough');
    await expect(starting).rejects.toThrow('enough');
  });

  test('that cannot be kept fails by code', async () => {
    const failures: Error[] = [];
    const facts: string[] = [];
    const membership = createMembership({
      ...membershipOptions(broker.bootstrap, prefix),
      // Above what brokers allow by default: refused for good.
      tuning: { ...membershipOptions(broker.bootstrap, prefix).tuning, sessionTimeoutMs: 100_000_000 },
      telemetry: { ...silentTelemetry, record: (name) => void facts.push(name) },
      assigned: () => {},
      failed: (error) => failures.push(error),
    });
    await expect(membership.start(signal)).rejects.toMatchObject({ code: 'kafka.consumer_crashed' });
    expect(failures).toMatchObject([{ code: 'kafka.consumer_crashed' }]);
    expect(facts.filter((name) => name === 'kafka.consumer_crashed')).toHaveLength(1);
    await membership.leave();
  });

  describe.skipIf(!built)('in a process', () => {
    test('that is killed is replaced when its session has ended, and what stays does not move', async () => {
      const staying = await join();
      const killed = joinAsProcess();
      await untilShared([staying, killed], [4, 4]);
      const before = staying.has();
      killed.child.kill('SIGKILL');
      await untilShared([staying], [8]);
      expect(staying.has()).toEqual(expect.arrayContaining([...before]));
    });

    test('that was stopped until it was expelled takes back nothing beyond balance', async () => {
      const [one, two] = [await join(), await join()];
      const stopped = joinAsProcess();
      await untilShared([one, two, stopped], [3, 3, 2]);
      stopped.child.kill('SIGSTOP');
      await untilShared([one, two], [4, 4]);
      const before = [one.has(), two.has()];
      // Longer than the session: real time, since the broker's clock decides.
      await delay(SESSION_TIMEOUT_MS / 2);
      const assigned = stopped.lines.length;
      stopped.child.kill('SIGCONT');
      await until(() => stopped.lines.length > assigned, 'the process joins again');
      await untilShared([one, two, stopped], [3, 3, 2]);
      for (const [index, member] of [one, two].entries()) {
        const kept = member.has().filter((partition) => before[index]?.includes(partition));
        expect(kept).toHaveLength(3);
      }
    });
  });
});
