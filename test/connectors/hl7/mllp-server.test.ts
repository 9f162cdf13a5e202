// What a sender is told, and when.
import { expect, test } from 'vitest';
import { order, verdict } from './mllp-client.ts';
import { startServer } from './started-server.ts';

test('Invariant 1: a sender is told accepted only after its record is durable', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  log.hold();
  const appended = log.nextAppend();
  sender.send(order('A1'));
  await appended;
  sender.send(order('A2'));
  await log.nextAppend();
  expect(sender.answers).toEqual([]);
  log.take();
  const answers = await sender.expectAnswers(2);
  expect(answers.map(verdict)).toEqual(['AA A1', 'AA A2']);
  expect(log.messages().map(({ controlId }) => controlId)).toEqual(['A1', 'A2']);
});
