// What becomes of a message, by its type.
import type { FailureCode } from '../../schemas/failure-codes.ts';
import type { Hl7Disposition } from '../../schemas/records.ts';

export interface Disposal {
  readonly disposition: Hl7Disposition;
  readonly ignoredReason: FailureCode | null;
}

const USED: Disposal = { disposition: 'used', ignoredReason: null };
const RECORDED: Disposal = { disposition: 'recorded', ignoredReason: null };
const IGNORED: Disposal = { disposition: 'ignored', ignoredReason: 'hl7.type_not_used' };

const DISPOSALS: ReadonlyMap<string, Disposal> = new Map([
  // Orders and results.
  ['ORM^O01', USED],
  ['OMG^O19', USED],
  ['OMI^O23', USED],
  ['ORU^R01', USED],
  // Updates of a patient and of a person: whom a study is of is read again from here.
  ['ADT^A08', RECORDED],
  ['ADT^A31', RECORDED],
  // Merges of patients: identifier list, patient id and, in versions before 2.3.1, the same by other names.
  ['ADT^A40', RECORDED],
  ['ADT^A39', RECORDED],
  ['ADT^A34', RECORDED],
  // A changed patient identifier.
  ['ADT^A47', RECORDED],
]);

/** Any other type is acknowledged and kept, and nothing is made of it. */
export function disposalOf(messageType: string): Disposal {
  return DISPOSALS.get(messageType) ?? IGNORED;
}
