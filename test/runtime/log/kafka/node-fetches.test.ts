// Fetches from several brokers: who is waited for, which answer counts, what grows.
import { describe, expect, test } from 'vitest';
import type { FetchAnswer, FetchQuestion } from '../../../../runtime/log/kafka/cluster-protocol.ts';
import { protocolError } from '../../../../runtime/log/kafka/kafkajs-internals.ts';
import { NodeFetches } from '../../../../runtime/log/kafka/node-fetches.ts';
import { recordBatch } from '../../../../runtime/log/kafka/record-batch-writer.ts';

const TOPIC = 'images';
const OUT_OF_RANGE = 1;
const LEADER_NOT_AVAILABLE = 5;
const NOT_LEADER = 6;

/** A broker whose answers the test gives. */
class FakeNode {
  readonly asked: FetchQuestion['partitions'][] = [];
  #answer: ((answers: readonly FetchAnswer[]) => void)[] = [];
  #fail: ((error: Error) => void)[] = [];
  async send(asked: FetchQuestion['partitions']): Promise<readonly FetchAnswer[]> {
    this.asked.push(asked);
    return await new Promise((resolve, reject) => {
      this.#answer.push(resolve);
      this.#fail.push(reject);
    });
  }
  answer(...answers: readonly FetchAnswer[]): void {
    this.#fail.shift();
    this.#answer.shift()?.(answers);
  }
  fail(error: Error): void {
    this.#answer.shift();
    this.#fail.shift()?.(error);
  }
}

/** Partition n has its leader on node n. */
function cluster(rack?: string) {
  const nodes = [new FakeNode(), new FakeNode(), new FakeNode()];
  const fetches = new NodeFetches(rack);
  const leader = ({ partition }: { readonly partition: number }): number => {
    if (partition >= nodes.length) throw protocolError(LEADER_NOT_AVAILABLE);
    return partition;
  };
  return {
    nodes,
    fetches,
    fetch: (...partitions: readonly (readonly [partition: number, offset: bigint])[]) =>
      fetches.fetch(
        partitions.map(([partition, offset]) => ({ topic: TOPIC, partition, offset, maxBytes: 1_000 })),
        leader,
        async (nodeId, asked) => await (nodes[nodeId]?.send(asked) ?? []),
      ),
  };
}

async function answerOf(partition: number, baseOffset: bigint, ...values: readonly string[]): Promise<FetchAnswer> {
  const batches =
    values.length === 0
      ? Buffer.alloc(0)
      : await recordBatch(
          values.map((value) => ({ value })),
          {
            transactional: false,
            producerId: -1n,
            producerEpoch: -1,
            firstSequence: -1,
            nowMs: 0,
            compression: 0,
            compress: async (bytes) => bytes,
          },
        );
  // The base offset is not under the checksum: a broker writes it.
  if (batches.length > 0) batches.writeBigInt64BE(baseOffset, 0);
  return {
    topic: TOPIC,
    partition,
    errorCode: 0,
    highWatermark: 100n,
    lastStableOffset: 100n,
    aborted: [],
    preferredReadReplica: -1,
    batches,
  };
}

/** Partition 0 brings a record each time, partition 1 an error. */
async function fetchOn(nodes: readonly FakeNode[], fetch: ReturnType<typeof cluster>['fetch'], offset: bigint) {
  const found = fetch([0, offset], [1, 0n]);
  // Also when it rejects before anybody looks.
  found.catch(() => {});
  await turn();
  nodes[1]?.answer({ ...(await answerOf(1, 0n)), errorCode: NOT_LEADER });
  await turn();
  nodes[0]?.answer(await answerOf(0, offset, 'a'));
  return await found;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('fetches from several brokers', () => {
  test('an answer is not held back by the long poll of another broker, whose answer comes with a later call', async () => {
    const { nodes, fetch } = cluster();
    const first = fetch([0, 0n], [1, 7n]);
    await turn();
    nodes[0]?.answer(await answerOf(0, 0n, 'a', 'b'));
    expect((await first).map(({ partition, next }) => [partition, next])).toEqual([[0, 2n]]);

    const second = fetch([0, 2n], [1, 7n]);
    await turn();
    expect(nodes.map(({ asked }) => asked.length)).toEqual([2, 1, 0]);
    nodes[1]?.answer(await answerOf(1, 7n, 'late'));
    expect((await second).map(({ partition, next }) => [partition, next])).toEqual([[1, 8n]]);
  });

  test('a late answer to an offset that nobody wants any more is dropped', async () => {
    const { nodes, fetch } = cluster();
    const first = fetch([0, 0n], [1, 7n]);
    await turn();
    nodes[0]?.answer(await answerOf(0, 0n, 'a'));
    await first;
    const second = fetch([0, 1n], [1, 3n]);
    await turn();
    nodes[1]?.answer(await answerOf(1, 7n, 'stale'));
    nodes[0]?.answer(await answerOf(0, 1n));
    expect((await second).map(({ partition }) => partition)).not.toContain(1);
  });

  test('with nothing new anywhere all brokers are waited for', async () => {
    const { nodes, fetch } = cluster();
    const found = fetch([0, 0n], [1, 0n]);
    await turn();
    nodes[0]?.answer(await answerOf(0, 0n));
    await turn();
    nodes[1]?.answer(await answerOf(1, 0n));
    expect((await found).map(({ partition }) => partition).sort()).toEqual([0, 1]);
  });

  test('a partition without a leader keeps no other from being read, and is an error where nothing comes', async () => {
    const { nodes, fetch } = cluster();
    const found = fetch([0, 0n], [9, 0n]);
    await turn();
    nodes[0]?.answer(await answerOf(0, 0n, 'a'));
    expect((await found).map(({ partition }) => partition)).toEqual([0]);

    const other = cluster();
    const nothing = other.fetch([0, 1n], [9, 0n]);
    await turn();
    other.nodes[0]?.answer(await answerOf(0, 1n));
    await expect(nothing).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' });
  });

  test("a broker's error rejects as it is, and what another brings at the same time is not lost", async () => {
    const { nodes, fetch } = cluster();
    const failing = fetch([0, 0n], [1, 0n]);
    await turn();
    const error = new Error('broken');
    nodes[1]?.fail(error);
    await turn();
    nodes[0]?.answer(await answerOf(0, 0n, 'a'));
    expect((await failing).map(({ partition }) => partition)).toEqual([0]);

    const other = cluster();
    const alone = other.fetch([1, 0n]);
    await turn();
    other.nodes[1]?.fail(error);
    await expect(alone).rejects.toBe(error);
  });

  test('an error of one partition holds back no other of the same broker, and is told by a later call', async () => {
    const { nodes, fetch } = cluster();
    const both = (offset: bigint) => fetchOn(nodes, fetch, offset);
    expect((await both(0n)).map(({ partition }) => partition)).toEqual([0]);
    await expect(both(1n)).rejects.toMatchObject({ type: 'NOT_LEADER_FOR_PARTITION' });
    // Told at most once a second: the others go on meanwhile.
    expect((await both(1n)).map(({ partition }) => partition)).toEqual([0]);
    expect((await both(2n)).map(({ partition }) => partition)).toEqual([0]);
  });

  test('an error of a partition rejects by its name, out of range is told', async () => {
    const { nodes, fetch } = cluster();
    const moved = fetch([0, 0n]);
    await turn();
    nodes[0]?.answer({ ...(await answerOf(0, 0n)), errorCode: NOT_LEADER });
    await expect(moved).rejects.toMatchObject({ type: 'NOT_LEADER_FOR_PARTITION' });

    const outside = fetch([0, 5n]);
    await turn();
    nodes[0]?.answer({ ...(await answerOf(0, 0n)), errorCode: OUT_OF_RANGE });
    expect(await outside).toMatchObject([{ outOfRange: true, next: 5n, records: [] }]);
  });

  test('a batch that was cut off is asked for again at once with the room it needs', async () => {
    const { nodes, fetch } = cluster();
    const found = fetch([0, 0n]);
    await turn();
    const whole = await answerOf(0, 0n, 'x'.repeat(5_000));
    nodes[0]?.answer({ ...whole, batches: whole.batches.subarray(0, 1_000) });
    await turn();
    expect(nodes[0]?.asked[1]?.[0]?.maxBytes).toBe(whole.batches.length);
    nodes[0]?.answer(whole);
    expect((await found)[0]?.records[0]?.value?.length).toBe(5_000);

    const after = fetch([0, 1n]);
    await turn();
    expect(nodes[0]?.asked[2]?.[0]?.maxBytes).toBe(1_000);
    nodes[0]?.answer(await answerOf(0, 1n));
    await after;
  });

  test('a rest too short to tell its size doubles the room', async () => {
    const { nodes, fetch } = cluster();
    const found = fetch([0, 0n]);
    await turn();
    const whole = await answerOf(0, 0n, 'x'.repeat(500));
    nodes[0]?.answer({ ...whole, batches: whole.batches.subarray(0, 5) });
    await turn();
    expect(nodes[0]?.asked[1]?.[0]?.maxBytes).toBe(2_000);
    nodes[0]?.answer(whole);
    await found;
  });

  test('with a rack the replica that the leader names is asked next, and the leader again when that one cannot', async () => {
    const { nodes, fetch } = cluster('room 2');
    const named = fetch([0, 0n]);
    await turn();
    nodes[0]?.answer({ ...(await answerOf(0, 0n)), preferredReadReplica: 2 });
    await named;
    const near = fetch([0, 0n]);
    await turn();
    expect(nodes[2]?.asked.length).toBe(1);
    nodes[2]?.answer({ ...(await answerOf(0, 0n)), errorCode: OUT_OF_RANGE });
    expect(await near).toMatchObject([{ outOfRange: false, next: 0n }]);
    const again = fetch([0, 0n]);
    await turn();
    expect(nodes[0]?.asked.length).toBe(2);
    nodes[0]?.answer(await answerOf(0, 0n, 'a'));
    expect(await again).toMatchObject([{ next: 1n }]);
  });

  test('every partition of a broker stands first in turn, so that a full one starves no other', async () => {
    const nodes = [new FakeNode()];
    const fetches = new NodeFetches(undefined);
    const firsts: (number | undefined)[] = [];
    for (let round = 0; round < 3; round += 1) {
      const found = fetches.fetch(
        [0, 1, 2].map((partition) => ({ topic: TOPIC, partition, offset: 0n, maxBytes: 1_000 })),
        () => 0,
        async (nodeId, asked) => await (nodes[nodeId]?.send(asked) ?? []),
      );
      await turn();
      firsts.push(nodes[0]?.asked[round]?.[0]?.partition);
      nodes[0]?.answer(await answerOf(0, 0n));
      await found;
    }
    expect(firsts.sort()).toEqual([0, 1, 2]);
  });

  test('damaged bytes are an error, never a record', async () => {
    const { nodes, fetch } = cluster();
    const found = fetch([0, 0n]);
    await turn();
    const answer = await answerOf(0, 0n, 'a record of a study');
    const at = answer.batches.length - 3;
    answer.batches[at] = ~(answer.batches[at] ?? 0) & 0xff;
    nodes[0]?.answer(answer);
    await expect(found).rejects.toMatchObject({ type: 'CORRUPT_MESSAGE' });
  });
});
