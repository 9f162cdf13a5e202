// Framing abuse: whoever misbehaves harms nobody else.
import { expect, test } from 'vitest';
import type { FactName } from '../../../runtime/contracts/telemetry.ts';
import { framed, MllpClient, order, verdict } from './mllp-client.ts';
import { startServer } from './started-server.ts';

test('MLLP abuse: a frame cut at every byte is answered once', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  const frame = framed(order('A1'));
  for (let cut = 1; cut < frame.length; cut += 1) {
    sender.socket.write(frame.subarray(0, cut));
    await turn();
    sender.socket.write(frame.subarray(cut));
    if (cut % 50 === 0) await sender.expectAnswers(cut);
  }
  await sender.expectAnswers(frame.length - 1);
  expect(new Set(sender.answers.map(verdict))).toEqual(new Set(['AA A1']));
  expect(log.messages().length).toBe(frame.length - 1);
});

test.each([2, 50, 5000])('MLLP abuse: %d frames in one write are each answered in order', async (count) => {
  const { log, client } = await startServer({ pendingPerConnectionMax: 64 });
  const sender = await client();
  const ids = Array.from({ length: count }, (_, at) => `A${at}`);
  sender.send(...ids.map((id) => order(id)));
  expect((await sender.expectAnswers(count)).map(verdict)).toEqual(ids.map((id) => `AA ${id}`));
  expect(log.inFlightHighest).toBeLessThanOrEqual(64);
});

test('MLLP abuse: junk between frames is skipped and counted', async () => {
  const closed: number[] = [];
  const { client } = await startServer({
    telemetry: {
      record: (name: FactName, fields: object) => {
        if (name === 'hl7.connection_closed' && 'skippedBytes' in fields) closed.push(Number(fields.skippedBytes));
      },
      gauge: () => () => {},
    },
  });
  const sender = await client();
  sender.socket.write(Buffer.concat([Buffer.from('GET / HTTP/1.1\r\n\r\n'), framed(order('A1')), Buffer.from('\n\n')]));
  expect((await sender.expectAnswers(1)).map(verdict)).toEqual(['AA A1']);
  sender.socket.end();
  await expect.poll(() => closed).toEqual([20]);
});

test('MLLP abuse: an end block inside a field ends the frame, and each piece is answered', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.send(order('A1', 'NTE|1||x\x1cy\r'), order('A2', 'NTE|1||x\x1c\r\x0bMSH|^~\\&|X|y\r'));
  expect((await sender.expectAnswers(3)).map(verdict)).toEqual(['AA A1', 'AA A2', 'AE ']);
  expect(log.deadLetters().length).toBe(1);
});

test('MLLP abuse: a frame that was never ended is refused, the one after it taken', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.socket.write(Buffer.concat([Buffer.from(`\x0b${order('A1')}`), framed(order('A2'))]));
  expect((await sender.expectAnswers(2)).map(verdict)).toEqual(['AE A1', 'AA A2']);
  expect(log.deadLetters()).toMatchObject([{ code: 'hl7.frame_without_end', key: 'A1' }]);
});

test('MLLP abuse: an oversize frame is answered AE, kept by its beginning, and ends the connection', async () => {
  const { log, client } = await startServer({ frameBytesMax: 100_000 });
  const sender = await client();
  const neighbour = await client();
  sender.send(order('A0'), order('A1', 'x'.repeat(300_000)));
  await sender.expectEnd();
  expect(sender.answers.map(verdict)).toEqual(['AA A0', 'AE A1']);
  expect(log.deadLetters()).toMatchObject([{ code: 'hl7.frame_too_large', key: 'A1' }]);
  expect(log.deadLetters()[0]?.bytes.length).toBeLessThanOrEqual(100_001);
  neighbour.send(order('B1'));
  expect((await neighbour.expectAnswers(1)).map(verdict)).toEqual(['AA B1']);
});

test('MLLP abuse: a reset with messages in flight harms nobody', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  const neighbour = await client();
  log.hold();
  sender.send(order('A1'));
  await log.nextAppend();
  sender.socket.resetAndDestroy();
  await expect.poll(() => log.held).toBe(0);
  log.take();
  neighbour.send(order('B1'));
  expect((await neighbour.expectAnswers(1)).map(verdict)).toEqual(['AA B1']);
});

test('MLLP abuse: a sender that closes inside a frame was told nothing and left nothing', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.socket.end(framed(order('A1')).subarray(0, 60));
  await sender.expectEnd();
  expect(sender.answers).toEqual([]);
  expect(log.appends).toEqual([]);
});

test('MLLP abuse: a sender that never reads is not read on, and its neighbours are served', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  const neighbour = await client();
  sender.socket.pause();
  // More than the buffers of the kernel hold as messages and answers, on loopback.
  const written = 60_000;
  const batch = Buffer.concat(Array.from({ length: 1000 }, () => framed(order('A'.repeat(199)))));
  for (let at = 0; at < written; at += 1000) sender.socket.write(batch);
  let taken = 0;
  let neighbours = 0;
  for (let quiet = 0; quiet < 50; quiet += 1) {
    if (log.entries.length - neighbours !== taken) quiet = 0;
    taken = log.entries.length - neighbours;
    neighbour.send(order('B1'));
    neighbours += 1;
    await neighbour.expectAnswers(neighbours);
  }
  expect(taken).toBeLessThan(written);
}, 60_000);

test('MLLP abuse: while the log stands still no more is held than is allowed', async () => {
  const { log, client } = await startServer({ pendingPerConnectionMax: 10 });
  const sender = await client();
  log.hold();
  sender.send(...Array.from({ length: 1000 }, (_, at) => order(`A${at}`)));
  await log.nextAppend();
  await turn();
  expect(log.inFlight).toBe(10);
  log.take();
  await sender.expectAnswers(1000);
  expect(log.inFlightHighest).toBe(10);
});

test('MLLP abuse: pending messages are bounded by their bytes too', async () => {
  const { log, client } = await startServer({ pendingBytesPerConnectionMax: 50_000 });
  const sender = await client();
  log.hold();
  sender.send(...Array.from({ length: 20 }, (_, at) => order(`A${at}`, `NTE|1||${'x'.repeat(20_000)}\r`)));
  await expect.poll(() => log.inFlight).toBe(3);
  await turn();
  expect(log.inFlight).toBe(3);
  log.take();
  await sender.expectAnswers(20);
  expect(log.inFlightHighest).toBe(3);
});

test('MLLP abuse: a slow sender of single bytes is cut off at the time a frame may take, an idle one at its own', async () => {
  const { client } = await startServer({ frameTimeoutMs: 60, idleTimeoutMs: 3_600_000 });
  const slow = await client();
  const idle = await client();
  const neighbour = await client();
  slow.socket.write('\x0bM');
  const drip = setInterval(() => slow.socket.write('S'), 5);
  await slow.expectEnd();
  clearInterval(drip);
  neighbour.send(order('B1'));
  await neighbour.expectAnswers(1);
  expect(idle.ended).toBeNull();
});

test('MLLP abuse: an idle connection is closed after its time, one with a message pending is not', async () => {
  const { log, client } = await startServer({ idleTimeoutMs: 40, appendDeadlineMs: 3_600_000 });
  const idle = await client();
  const busy = await client();
  log.hold();
  busy.send(order('A1'));
  await idle.expectEnd();
  expect(busy.ended).toBeNull();
  log.take();
  expect((await busy.expectAnswers(1)).map(verdict)).toEqual(['AA A1']);
});

test('MLLP abuse: connections beyond the bound are closed, those before it served', async () => {
  const { port, client } = await startServer({ connectionsMax: 2 });
  const first = await client();
  await client();
  const third = await MllpClient.open(port);
  await third.expectEnd();
  first.send(order('A1'));
  expect((await first.expectAnswers(1)).map(verdict)).toEqual(['AA A1']);
});

test('MLLP abuse: unfinished frames of many connections stay within the room', async () => {
  const { client } = await startServer({ roomBytesMax: 200_000 });
  const greedy = await Promise.all(Array.from({ length: 5 }, () => client()));
  for (const one of greedy) one.socket.write(Buffer.concat([Buffer.from([0x0b]), Buffer.alloc(90_000, 65)]));
  await expect.poll(() => greedy.filter(({ ended }) => ended !== null).length).toBeGreaterThanOrEqual(2);
  const neighbour = await client();
  neighbour.send(order('B1'));
  expect((await neighbour.expectAnswers(1)).map(verdict)).toEqual(['AA B1']);
});

test('MLLP abuse: empty frames are no messages', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.send('', order('A1'), '', '');
  expect((await sender.expectAnswers(1)).map(verdict)).toEqual(['AA A1']);
  expect(log.entries.length).toBe(1);
});

/** Lets both ends of a local socket do what they can at once. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
