// How partitions are shared among the members of a group, on random groups and claims.
import fc from 'fast-check';
import { AssignerProtocol } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import {
  type Claimant,
  coPartitionAssigner,
  sharePartitions,
} from '../../../../runtime/log/kafka/co-partition-assigner.ts';
import {
  decodeClaim,
  encodeClaim,
  NO_CLAIM,
  type PartitionClaim,
} from '../../../../runtime/log/kafka/partition-claim.ts';

const { MemberMetadata, MemberAssignment } = AssignerProtocol;

const PARTITIONS_MAX = 6;
const generation = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined });
const partitionList = fc.uniqueArray(fc.integer({ min: 0, max: PARTITIONS_MAX }), { maxLength: PARTITIONS_MAX });

/** Live, returned after it was expelled, and new members. */
const claimants = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 5 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((memberId) =>
        fc
          .tuple(fc.constantFrom(memberId, `${memberId}-before`), generation, partitionList)
          .map(([claimedAs, since, partitions]): Claimant => {
            return { memberId, claim: { memberId: claimedAs, generation: since, partitions } };
          }),
      ),
    ),
  );
const counts = fc.integer({ min: 1, max: PARTITIONS_MAX });

describe('the shares of a group', () => {
  test('hold every partition exactly once, and differ by one at most', () => {
    fc.assert(
      fc.property(claimants, counts, (members, partitions) => {
        const shares = [...sharePartitions(members, partitions).values()];
        expect(shares).toHaveLength(members.length);
        expect(shares.flat().sort()).toEqual(Array.from({ length: partitions }, (_, index) => index));
        const sizes = shares.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('move as few partitions as balance allows', () => {
    fc.assert(
      fc.property(claimants, counts, (members, partitions) => {
        const owners = ownersOf(members, partitions);
        const shares = sharePartitions(members, partitions);
        const kept = [...owners].filter(([partition, owner]) => shares.get(owner)?.includes(partition)).length;
        expect(kept).toBe(mostKept(members, owners, partitions));
      }),
      { numRuns: 2_000 },
    );
  });

  test('are the same in whatever order the members come', () => {
    const shuffled = claimants.chain((members) =>
      fc.shuffledSubarray(members, { minLength: members.length }).map((others) => [members, others] as const),
    );
    fc.assert(
      fc.property(shuffled, counts, ([members, others], partitions) => {
        expect(sorted(sharePartitions(others, partitions))).toEqual(sorted(sharePartitions(members, partitions)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('stay as they are when everybody claims what was shared out', () => {
    fc.assert(
      fc.property(claimants, counts, (members, partitions) => {
        const shares = sharePartitions(members, partitions);
        const again = members.map(({ memberId }) => claiming(memberId, shares.get(memberId) ?? [], 5));
        expect(sorted(sharePartitions(again, partitions))).toEqual(sorted(shares));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a member that was expelled and comes back', () => {
  const returning: Claimant = { memberId: 'z2', claim: { memberId: 'z1', generation: 900, partitions: [0, 1, 2, 3] } };

  test('takes nothing from the present owners beyond balance', () => {
    const shares = sharePartitions([returning, claiming('a', [0, 1], 7), claiming('b', [2, 3], 7)], 4);
    expect(sorted(shares)).toEqual([
      ['a', [0, 1]],
      ['b', [2]],
      ['z2', [3]],
    ]);
  });

  test('gets back what nobody has meanwhile', () => {
    const shares = sharePartitions(
      [
        { memberId: 'a', claim: NO_CLAIM },
        { ...returning, memberId: 'z2' },
      ],
      8,
    );
    expect(shares.get('z2')).toEqual([0, 1, 2, 3]);
    expect(shares.get('a')).toEqual([4, 5, 6, 7]);
  });

  test('is outdone by the later of two claims, and by one of a moment ago', () => {
    const late = sharePartitions([claiming('a', [0], 7), claiming('b', [0, 1], 8)], 2);
    expect(late.get('b')).toEqual([0]);
    const newest = sharePartitions([claiming('a', [0], undefined), claiming('b', [0], 8)], 2);
    expect(newest.get('a')).toEqual([0]);
  });
});

describe('the assigner', () => {
  const assigner = coPartitionAssigner(4, () => claiming('m', [2], 3).claim);

  test('gives a partition number of all topics to one member, and of its own topics only', async () => {
    // kafkajs hands over its cluster, which is not looked at.
    const { assign, protocol } = Reflect.apply(assigner, undefined, [{}]);
    const member = (memberId: string, topics: string[]) => ({
      memberId,
      memberMetadata: protocol({ topics }).metadata,
    });
    const given = await assign({ members: [member('m', ['x', 'y']), member('n', ['x'])], topics: ['x', 'y'] });
    const shares = given.map(({ memberId, memberAssignment }: { memberId: string; memberAssignment: Buffer }) => [
      memberId,
      MemberAssignment.decode(memberAssignment)?.assignment,
    ]);
    expect(shares).toEqual([
      ['m', { x: [0, 2], y: [0, 2] }],
      ['n', { x: [1, 3] }],
    ]);
  });

  test('says what the member claims when it joins', () => {
    const { protocol } = Reflect.apply(assigner, undefined, [{}]);
    const userData = MemberMetadata.decode(protocol({ topics: ['x'] }).metadata)?.userData ?? Buffer.alloc(0);
    expect(decodeClaim(userData)).toEqual({ memberId: 'm', generation: 3, partitions: [2] });
  });

  test('reads every claim that it writes, and takes anything else for none', () => {
    const claim = fc.record<PartitionClaim>({
      memberId: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n')),
      generation,
      partitions: partitionList,
    });
    fc.assert(
      fc.property(claim, (written) => {
        expect(decodeClaim(encodeClaim(written))).toEqual(written);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeClaim(bytes)).toEqual(NO_CLAIM);
      }),
    );
  });
});

function claiming(memberId: string, partitions: readonly number[], since: number | undefined): Claimant {
  return { memberId, claim: { memberId, generation: since, partitions } };
}

function sorted(shares: ReadonlyMap<string, readonly number[]>): readonly (readonly [string, readonly number[]])[] {
  return [...shares].sort(([left], [right]) => left.localeCompare(right));
}

/** The present owner of each partition: the live claim of the latest generation. */
function ownersOf(members: readonly Claimant[], partitions: number): ReadonlyMap<number, string> {
  const owners = new Map<number, string>();
  for (let partition = 0; partition < partitions; partition += 1) {
    const [owner] = members
      .filter(({ memberId, claim }) => claim.memberId === memberId && claim.partitions.includes(partition))
      .sort((left, right) => {
        const later = (right.claim.generation ?? 99) - (left.claim.generation ?? 99);
        return later === 0 ? left.memberId.localeCompare(right.memberId) : later;
      });
    if (owner !== undefined) owners.set(partition, owner.memberId);
  }
  return owners;
}

/** By trying all ways to say who has the greater shares. */
function mostKept(members: readonly Claimant[], owners: ReadonlyMap<number, string>, partitions: number): number {
  const base = Math.floor(partitions / members.length);
  const greater = partitions % members.length;
  const held = members.map(({ memberId }) => [...owners.values()].filter((owner) => owner === memberId).length);
  let best = 0;
  for (let chosen = 0; chosen < 1 << members.length; chosen += 1) {
    const sizes = members.map((_, index) => base + ((chosen >> index) & 1));
    if (sizes.reduce((sum, size) => sum + size, 0) !== base * members.length + greater) continue;
    best = Math.max(
      best,
      held.reduce((sum, count, index) => sum + Math.min(count, sizes[index] ?? 0), 0),
    );
  }
  return best;
}
