// What a member of a group says when it joins: which partitions it has, as whom, and since when.

export interface PartitionClaim {
  /** The member id under which they were assigned. The group never gives one again to a member that it has expelled. */
  readonly memberId: string;
  /** The group's generation in which it last had them; undefined: assigned a moment ago, so in the newest. */
  readonly generation: number | undefined;
  readonly partitions: readonly number[];
}

export const NO_CLAIM: PartitionClaim = { memberId: '', generation: undefined, partitions: [] };

const CLAIM = /^1 (\d{1,10}|-) (\d{1,6}(?:,\d{1,6})*|-) ([^\n]*)$/;

/** One line: layout, generation, partitions, member id. */
export function encodeClaim({ memberId, generation, partitions }: PartitionClaim): Buffer {
  return Buffer.from(`1 ${generation ?? '-'} ${partitions.length === 0 ? '-' : partitions.join(',')} ${memberId}`);
}

/** What cannot be read, of another version perhaps, claims nothing. */
export function decodeClaim(bytes: Uint8Array): PartitionClaim {
  const [, generation, partitions, memberId] = CLAIM.exec(Buffer.from(bytes).toString('utf8')) ?? [];
  if (generation === undefined || partitions === undefined || memberId === undefined) return NO_CLAIM;
  return {
    memberId,
    generation: generation === '-' ? undefined : Number(generation),
    partitions: partitions === '-' ? [] : partitions.split(',').map(Number),
  };
}
