// Whether the orders of a study still stand.
import type { MappedOrder } from '../mapping/mapped-message.ts';
import type { OrderFact } from './dossier.ts';

export interface OrderStanding {
  /** There are orders, and all are cancelled or discontinued. */
  readonly cancelled: boolean;
  /** Whose fields count: those that stand; all when none does. */
  readonly standing: readonly OrderFact[];
}

/**
 * An order is told from another by its placer number. What a message without one says holds for all orders of the
 * study. The newest message decides, so a change after a cancellation takes it back.
 */
export function orderStanding(orders: readonly OrderFact[]): OrderStanding {
  if (orders.every(({ newest }) => !isEnd(newest.action))) return { cancelled: false, standing: orders };
  const general = newestOf(orders.filter(({ identifiers }) => identifiers.placerOrderNumber === undefined));
  const byPlacer = new Map<string, OrderFact[]>();
  for (const order of orders) {
    const placer = order.identifiers.placerOrderNumber;
    if (placer === undefined) continue;
    const known = byPlacer.get(placer);
    if (known === undefined) byPlacer.set(placer, [order]);
    else known.push(order);
  }
  if (byPlacer.size === 0) return { cancelled: general !== undefined && isEnd(general.action), standing: orders };
  const ended = new Set<string>();
  for (const [placer, facts] of byPlacer) {
    const own = newestOf(facts);
    const decisive = own === undefined || (general !== undefined && general.stamp > own.stamp) ? general : own;
    if (decisive !== undefined && isEnd(decisive.action)) ended.add(placer);
  }
  if (ended.size === byPlacer.size) return { cancelled: true, standing: orders };
  const standing = orders.filter(({ identifiers }) => !ended.has(identifiers.placerOrderNumber ?? ''));
  return { cancelled: false, standing };
}

function newestOf(orders: readonly OrderFact[]): OrderFact['newest'] | undefined {
  let newest: OrderFact['newest'] | undefined;
  for (const order of orders) if (newest === undefined || order.newest.stamp > newest.stamp) newest = order.newest;
  return newest;
}

function isEnd(action: MappedOrder['action']): boolean {
  return action === 'cancel' || action === 'discontinue';
}
