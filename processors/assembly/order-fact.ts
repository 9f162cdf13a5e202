// Orders as facts: what the messages with the same identifiers said, newest first.
import type { MappedIdentifiers, MappedOrder } from '../mapping/mapped-message.ts';
import type { OrderFact } from './dossier.ts';
import { fieldValues } from './field-values.ts';
import { withLayer } from './message-layer.ts';

/** Findings of one fact that are kept; a message that has more is broken as a whole, and the first ones say so. */
export const FINDINGS_MAX = 16;

/** Identifies a fact within its dossier. */
export function factId({ accessionNumber, placerOrderNumber, fillerOrderNumber, studyInstanceUid }: MappedIdentifiers) {
  return `${part(accessionNumber)}${part(placerOrderNumber)}${part(fillerOrderNumber)}${part(studyInstanceUid)}`;
}

/** With its length before it, no text can be taken for two. */
function part(identifier: string | undefined): string {
  return identifier === undefined ? '-' : `${identifier.length}:${identifier}`;
}

export function withOrder(known: OrderFact | undefined, order: MappedOrder, stamp: string): OrderFact {
  const layer = { stamp, values: fieldValues(order.fields, order.deleted) };
  const newest = { stamp, action: order.action, findings: order.findings.slice(0, FINDINGS_MAX) };
  if (known === undefined) {
    const { identifiers } = order;
    return { id: factId(identifiers), identifiers, layers: withLayer([], layer), newest };
  }
  return {
    ...known,
    layers: withLayer(known.layers, layer),
    newest: isNewer(newest, known.newest) ? newest : known.newest,
  };
}

/** Two facts of the same identifiers, from two dossiers that turn out to be one. */
export function mergedOrder(a: OrderFact, b: OrderFact): OrderFact {
  return {
    ...a,
    layers: b.layers.reduce(withLayer, a.layers),
    newest: isNewer(b.newest, a.newest) ? b.newest : a.newest,
  };
}

/** Equal stamps are decided by content, so that the order of arrival is not. */
function isNewer(a: OrderFact['newest'], b: OrderFact['newest']): boolean {
  return a.stamp === b.stamp ? a.action > b.action : a.stamp > b.stamp;
}
