/**
 * Shares the partitions of a task among the members of its group: partition p of all its topics goes to one member.
 *
 * 1. Every partition to exactly one member, and no member has more than one more than another.
 * 2. As few as possible move. A claim of a member that the group has known without a break outdoes that of one which
 *    was expelled and has come back: the latter's partitions are another's meanwhile, and it gets what nobody holds.
 * 3. The result hangs on the members' ids and claims alone, not on the order in which they come.
 */
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import { decodeClaim, encodeClaim, NO_CLAIM, type PartitionClaim } from './partition-claim.ts';

export interface Claimant {
  readonly memberId: string;
  readonly claim: PartitionClaim;
}

const NAME = 'studybridge-co-partition';
const VERSION = 0;

export function coPartitionAssigner(partitions: number, claim: () => PartitionClaim): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  return () => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: encodeClaim(claim()) }),
    }),
    assign: async ({ members }) => {
      const joined = members.map(({ memberId, memberMetadata }) => {
        const metadata = MemberMetadata.decode(memberMetadata);
        return { memberId, topics: metadata?.topics ?? [], claim: claimIn(metadata?.userData) };
      });
      const shares = sharePartitions(joined, partitions);
      return joined.map(({ memberId, topics }) => {
        const share = [...(shares.get(memberId) ?? [])];
        const assignment = Object.fromEntries(topics.map((topic) => [topic, share]));
        const memberAssignment = MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) });
        return { memberId, memberAssignment };
      });
    },
  });
}

/** The partitions of each member, ascending. */
export function sharePartitions(
  members: readonly Claimant[],
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  if (members.length === 0) return new Map();
  const sorted = [...members].sort((left, right) => compareText(left.memberId, right.memberId));
  const held = holders(sorted.filter(isLive), partitions);
  const missed = holders(
    sorted.filter((member) => !isLive(member)),
    partitions,
  );
  const shares = sorted.map(({ memberId }) => ({
    memberId,
    held: partitionsOf(memberId, held),
    missed: partitionsOf(memberId, missed).filter((partition) => !held.has(partition)),
  }));
  const base = Math.floor(partitions / sorted.length);
  // The greater shares go where they keep most in place.
  const greater = new Set(
    [...shares]
      .sort((left, right) => keptBeyond(right, base) - keptBeyond(left, base))
      .slice(0, partitions % sorted.length)
      .map(({ memberId }) => memberId),
  );
  const size = (memberId: string): number => base + (greater.has(memberId) ? 1 : 0);
  const given = new Map(shares.map((share) => [share.memberId, share.held.slice(0, size(share.memberId))]));
  const free = new Set(range(partitions));
  for (const share of given.values()) for (const partition of share) free.delete(partition);
  const give = (memberId: string, wanted: Iterable<number>): void => {
    const share = given.get(memberId) ?? [];
    for (const partition of wanted) {
      if (share.length >= size(memberId)) return;
      if (free.delete(partition)) share.push(partition);
    }
  };
  for (const { memberId, missed: before } of shares) give(memberId, before);
  for (const { memberId } of shares) give(memberId, [...free]);
  return new Map([...given].map(([memberId, share]) => [memberId, share.sort((left, right) => left - right)]));
}

interface Share {
  readonly memberId: string;
  /** What it has, and what it had before it was expelled; ascending. */
  readonly held: number[];
  readonly missed: number[];
}

/** A partition more in place weighs more than one that comes back. Sorting is stable: ties stay in the order of ids. */
function keptBeyond({ held, missed }: Share, base: number): number {
  if (held.length > base) return 2;
  return held.length + missed.length > base ? 1 : 0;
}

/** The group has known it since its partitions were assigned. */
function isLive({ memberId, claim }: Claimant): boolean {
  return claim.memberId === memberId;
}

/** Who has each partition; of two that claim it, the one of the later generation. */
function holders(members: readonly Claimant[], partitions: number): ReadonlyMap<number, string> {
  const latestFirst = [...members].sort((left, right) => generation(right) - generation(left));
  const found = new Map<number, string>();
  for (const { memberId, claim } of latestFirst) {
    for (const partition of claim.partitions) {
      if (partition < partitions && !found.has(partition)) found.set(partition, memberId);
    }
  }
  return found;
}

function generation({ claim }: Claimant): number {
  return claim.generation ?? Number.MAX_SAFE_INTEGER;
}

function partitionsOf(memberId: string, found: ReadonlyMap<number, string>): number[] {
  return [...found].flatMap(([partition, holder]) => (holder === memberId ? [partition] : [])).sort((a, b) => a - b);
}

function claimIn(userData: Uint8Array | null | undefined): PartitionClaim {
  return userData === null || userData === undefined ? NO_CLAIM : decodeClaim(userData);
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** By code units: the same on every machine. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
