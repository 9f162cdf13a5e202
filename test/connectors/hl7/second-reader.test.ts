// A peer that shares no code with ours: node-hl7-client sends, and its parser reads our answers.
import { Client, Message } from 'node-hl7-client';
import { expect, test } from 'vitest';
import { framed, order } from './mllp-client.ts';
import { startServer } from './started-server.ts';

test('second reader: node-hl7-client is answered, one message at a time', async () => {
  const { log, port } = await startServer();
  const client = new Client({ host: '127.0.0.1' });
  let answered: (answer: string[]) => void = () => {};
  const connection = client.createConnection({ port }, (response) => {
    const answer = response.getMessage();
    answered(['MSA.1', 'MSA.2', 'MSH.9.1', 'MSH.9.2', 'MSH.5', 'MSH.12'].map((path) => answer.get(path).toString()));
  });
  await new Promise<void>((resolve) => connection.once('connect', () => resolve()));
  for (let at = 0; at < 5; at += 1) {
    const answer = new Promise<string[]>((resolve) => {
      answered = resolve;
    });
    await connection.sendMessage(new Message({ text: order(`N${at}`) }));
    expect(await answer).toEqual(['AA', `N${at}`, 'ACK', 'O01', 'HIS', '2.4']);
  }
  await connection.close();
  expect(log.messages().map(({ controlId }) => controlId)).toEqual(['N0', 'N1', 'N2', 'N3', 'N4']);
});

test('second reader: its parser reads an answer that refuses', async () => {
  const { client } = await startServer();
  const sender = await client();
  sender.socket.write(framed(order('')));
  const [answer = ''] = await sender.expectAnswers(1);
  const message = new Message({ text: answer });
  const read = ['MSA.1', 'MSA.2', 'ERR.2.3', 'ERR.3.1', 'ERR.3.3', 'ERR.4', 'ERR.8'].map((path) =>
    message.get(path).toString(),
  );
  expect(read).toEqual(['AE', '', '10', '101', 'HL70357', 'E', 'MSH-10 is empty']);
});
