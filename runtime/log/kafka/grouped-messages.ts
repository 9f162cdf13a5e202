/**
 * Messages grouped by the partition that each names, for a send by kafkajs.
 *
 * kafkajs groups by `reduce`, and copies the partition's group for every message: quadratic, and at 2,000 changes a
 * transaction more than their encoding. So the list it is given brings the groups along.
 */
import type { Message } from 'kafkajs';

export type PlacedMessage = Message & { readonly partition: number };

/** To be sent by a producer made with `namedPartitioner`, which decides where kafkajs groups by itself. */
export function groupedMessages(messages: PlacedMessage[]): PlacedMessage[] {
  const groups: Record<number, PlacedMessage[]> = {};
  for (const message of messages) {
    const group = groups[message.partition];
    if (group === undefined) groups[message.partition] = [message];
    else group.push(message);
  }
  return Object.defineProperty(messages, 'reduce', { value: () => groups });
}

/** Every message names its partition: a partitioner of one's own would otherwise overrule it. */
export function namedPartitioner(): (options: { readonly message: Message }) => number {
  return ({ message }) => message.partition ?? 0;
}
