/**
 * What is known of one SOP Instance: whether it is present, and which event said so.
 *
 * Events may come in any order and any number of times. So nothing is overwritten: each *lane* (a source, its events
 * with an order apart from those without) keeps its greatest store and its greatest deletion, and presence is computed
 * from these. The greatest of a set does not depend on the order in which its members came (invariant 6).
 *
 * A store survives a deletion of the same lane when its order is higher; a deletion of another lane, whose order says
 * nothing here, when it was received later. On a tie the deletion stands. Of several surviving stores the one received
 * last tells the series, the class and the attributes, so that an image sent again with corrected data corrects them.
 */

export interface StoreEvent {
  /** The source's order; null in the lane of events without one. */
  readonly order: number | null;
  readonly receivedAtMs: number;
  /** Names series, class and attributes; see `study-row.ts`. */
  readonly variant: string;
  /** Offset of the record in dicom.instances. */
  readonly offset: number;
}

export interface DeleteEvent {
  readonly order: number;
  readonly receivedAtMs: number;
  readonly offset: number;
}

export interface Lane {
  readonly source: string;
  readonly ordered: boolean;
  readonly store: StoreEvent | undefined;
  readonly deletion: DeleteEvent | undefined;
}

/** As many as there are sources that sent this instance: nearly always one. */
export type InstanceRegister = readonly Lane[];

/** Returns the same register when the event says nothing that is not known. */
export function withStore(register: InstanceRegister, source: string, event: StoreEvent): InstanceRegister {
  return withLane(register, source, event.order !== null, (lane) =>
    lane.store !== undefined && compareStores(event, lane.store) <= 0 ? lane : { ...lane, store: event },
  );
}

export function withDeletion(register: InstanceRegister, source: string, event: DeleteEvent): InstanceRegister {
  return withLane(register, source, true, (lane) =>
    lane.deletion !== undefined && compareDeletions(event, lane.deletion) <= 0 ? lane : { ...lane, deletion: event },
  );
}

/** The store by which the instance is present; undefined when it is deleted. */
export function presentBy(register: InstanceRegister): StoreEvent | undefined {
  let latest: StoreEvent | undefined;
  for (const lane of register) {
    const { store } = lane;
    if (store === undefined || !survives(lane, store, register)) continue;
    if (latest === undefined || compareArrivals(store, latest) > 0) latest = store;
  }
  return latest;
}

function survives(lane: Lane, store: StoreEvent, register: InstanceRegister): boolean {
  for (const other of register) {
    const { deletion } = other;
    if (deletion === undefined) continue;
    // Invariant 6: a store older than the deletion changes nothing.
    if (other === lane && store.order !== null) {
      if (store.order <= deletion.order) return false;
    } else if (store.receivedAtMs <= deletion.receivedAtMs) return false;
  }
  return true;
}

function withLane(
  register: InstanceRegister,
  source: string,
  ordered: boolean,
  change: (lane: Lane) => Lane,
): InstanceRegister {
  const index = register.findIndex((lane) => lane.source === source && lane.ordered === ordered);
  const known = register[index];
  if (known === undefined) return [...register, change({ source, ordered, store: undefined, deletion: undefined })];
  const changed = change(known);
  return changed === known ? register : register.with(index, changed);
}

function compareStores(a: StoreEvent, b: StoreEvent): number {
  if (a.order !== null && b.order !== null && a.order !== b.order) return a.order - b.order;
  return compareArrivals(a, b);
}

function compareDeletions(a: DeleteEvent, b: DeleteEvent): number {
  return a.order - b.order || a.receivedAtMs - b.receivedAtMs;
}

/** Events of one millisecond are told apart by what they say, since their arrival must not matter. */
function compareArrivals(a: StoreEvent, b: StoreEvent): number {
  if (a.receivedAtMs !== b.receivedAtMs) return a.receivedAtMs - b.receivedAtMs;
  return a.variant < b.variant ? -1 : a.variant > b.variant ? 1 : 0;
}
