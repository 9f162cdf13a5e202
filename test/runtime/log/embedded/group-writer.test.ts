// The queue of writes, on transactions that the test lets succeed, fail or hang.
import { expect, test } from 'vitest';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { type CommitFault, GroupWriter, type WriteJob } from '../../../../runtime/log/embedded/group-writer.ts';
import { turns } from '../log-under-test.ts';
import { ManualClock } from '../manual-clock.ts';

interface Tested {
  readonly writer: GroupWriter;
  readonly clock: ManualClock;
  readonly written: string[];
  readonly faults: CommitFault[];
  /** Settles the transaction that is under way. */
  settle(how: 'commit' | 'fail'): Promise<void>;
}

function tested(noSpace = false): Tested {
  const clock = new ManualClock();
  const written: string[] = [];
  const faults: CommitFault[] = [];
  const open: { commit: () => void; fail: () => void }[] = [];
  const writer = new GroupWriter({
    transaction: (write) =>
      new Promise((resolve, reject) => {
        write();
        open.push({ commit: resolve, fail: () => reject(new Error('Commit failed')) });
      }),
    clock,
    telemetry: silentTelemetry,
    committed: () => written.push('|'),
    rolledBack: () => written.push('x'),
    foundNoSpace: async () => noSpace,
    fatal: (_error, how) => faults.push(how),
  });
  const settle = async (how: 'commit' | 'fail'): Promise<void> => {
    open.shift()?.[how]();
    await turns(2);
  };
  return { writer, clock, written, faults, settle };
}

function job(written: string[], kind: WriteJob['kind'], name: string, writes = 1): WriteJob {
  return { kind, writes, bytes: 1, write: () => written.push(name) };
}

test('group writer: what comes during a flush forms the next group, appends first, and resolves with it', async () => {
  const { writer, written, settle } = tested();
  const resolved: string[] = [];
  const submit = (kind: WriteJob['kind'], name: string, writes?: number): void => {
    void writer.submit(job(written, kind, name, writes)).then(() => resolved.push(name));
  };
  submit('append', 'a1');
  submit('commit', 'c1');
  submit('append', 'a2');
  await settle('commit');
  expect(resolved).toEqual(['a1']);
  await settle('commit');
  expect(written).toEqual(['a1', '|', 'a2', 'c1', '|']);
  expect(resolved).toEqual(['a1', 'a2', 'c1']);
});

test('group writer: a group is bounded, and a commit goes with each group however many appends wait', async () => {
  const { writer, written, settle } = tested();
  void writer.submit(job(written, 'append', 'first'));
  for (let index = 0; index < 3; index += 1) void writer.submit(job(written, 'append', `a${index}`, 600));
  void writer.submit(job(written, 'commit', 'c', 300));
  for (let index = 0; index < 4; index += 1) await settle('commit');
  expect(written).toEqual(['first', '|', 'a0', 'c', '|', 'a1', '|', 'a2', '|']);
});

test('group writer: a commit beyond the bound goes with the appends that wait, not before them', async () => {
  const { writer, written, settle } = tested();
  void writer.submit(job(written, 'append', 'first'));
  void writer.submit(job(written, 'commit', 'large', 4_000));
  void writer.submit(job(written, 'append', 'a1'));
  for (let index = 0; index < 2; index += 1) await settle('commit');
  expect(written).toEqual(['first', '|', 'a1', 'large', '|']);
});

test('group writer: a group that found no space rejects with log.full, and the next is tried', async () => {
  const { writer, written, faults, settle } = tested(true);
  const first = writer.submit(job(written, 'append', 'a1'));
  await Promise.all([expect(first).rejects.toMatchObject({ code: 'log.full' }), settle('fail')]);
  const second = writer.submit(job(written, 'append', 'a2'));
  await settle('commit');
  await second;
  expect(written).toEqual(['a1', 'x', 'a2', '|']);
  expect(faults).toEqual([]);
});

test('group writer: after any other failed commit all that waits is rejected and nothing is written any more', async () => {
  const { writer, written, faults, settle } = tested();
  const jobs = ['a1', 'a2'].map((name) => writer.submit(job(written, 'append', name)));
  const outcomes = Promise.allSettled(jobs);
  await settle('fail');
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(writer.submit(job(written, 'append', 'a3'))).rejects.toMatchObject({ code: 'log.commit_failed' });
  expect(written).toEqual(['a1']);
  expect(faults).toEqual(['rejected']);
  await writer.close();
});

test('group writer: a commit that never settles is found, and those who wait are told', async () => {
  const { writer, clock, written, faults } = tested();
  const watching = writer.watch(20_000, new AbortController().signal);
  const stuck = expect(writer.submit(job(written, 'append', 'a1'))).rejects.toMatchObject({
    code: 'log.commit_failed',
  });
  for (let passed = 0; passed < 5; passed += 1) {
    expect(faults).toEqual([]);
    clock.advance(5_000);
    await turns(2);
  }
  await Promise.all([watching, stuck]);
  expect(faults).toEqual(['stuck']);
  await writer.close();
});
