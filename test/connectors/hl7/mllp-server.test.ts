// What a sender is told, and when.
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createMllpServer } from '../../../connectors/hl7/mllp-server.ts';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { LogError, RecordRefused } from '../../../runtime/contracts/record-log.ts';
import { silentTelemetry } from '../../../runtime/contracts/telemetry.ts';
import { FakeLog } from './fake-log.ts';
import { framed, order, verdict } from './mllp-client.ts';
import { startServer, testSite } from './started-server.ts';

test('Invariant 1: a sender is told accepted only after its record is durable', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  const neighbour = await client();
  log.hold();
  sender.send(order('A1'));
  await log.nextAppend();
  sender.send(order('A2'));
  await log.nextAppend();
  neighbour.send(order('B1'));
  await log.nextAppend();
  // The neighbour's answer is written after any answer that did not wait.
  log.releaseOne(2);
  await neighbour.expectAnswers(1);
  expect(sender.answers).toEqual([]);
  log.take();
  expect((await sender.expectAnswers(2)).map(verdict)).toEqual(['AA A1', 'AA A2']);
  expect(log.messages().map(({ controlId }) => controlId)).toEqual(['B1', 'A1', 'A2']);
});

test('MLLP server: answers stand in the order of the frames though appends finish in another', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  const neighbour = await client();
  log.hold();
  for (const controlId of ['A1', 'A2', 'A3']) {
    sender.send(order(controlId));
    await log.nextAppend();
  }
  neighbour.send(order('B1'));
  await log.nextAppend();
  log.releaseOne(2);
  log.releaseOne(1);
  log.releaseOne(1);
  await neighbour.expectAnswers(1);
  expect(log.messages().map(({ controlId }) => controlId)).toEqual(['A3', 'A2', 'B1']);
  expect(sender.answers).toEqual([]);
  log.take();
  expect((await sender.expectAnswers(3)).map(verdict)).toEqual(['AA A1', 'AA A2', 'AA A3']);
});

test('MLLP server: the record holds what routing needs and the bytes as received', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.send(order('A1', 'ZDS|1.2.3^^Application^DICOM\r'));
  await sender.expectAnswers(1);
  const [record] = log.messages();
  expect(record).toMatchObject({
    site: 'default',
    source: 'his',
    sourceAddress: '127.0.0.1',
    disposition: 'used',
    ignoredReason: null,
    messageType: 'ORM^O01',
    controlId: 'A1',
    sendingApplication: 'HIS',
    sendingFacility: 'H1',
    messageDateTime: '20260301083000',
    versionId: '2.4',
    identifiers: { placerOrderNumbers: ['PL1'], studyInstanceUids: ['1.2.3'], patientIds: ['P1'] },
  });
  expect(Buffer.from(record?.raw ?? []).toString()).toBe(order('A1', 'ZDS|1.2.3^^Application^DICOM\r'));
  expect(log.entries[0]?.headers.get('trace')).toMatch(/^[0-9a-f]{16}$/);
});

test.each([
  ['ORM^O01', 'used'],
  ['OMG^O19', 'used'],
  ['OMI^O23', 'used'],
  ['ORU^R01', 'used'],
  ['ADT^A08', 'recorded'],
  ['ADT^A40', 'recorded'],
  ['ADT^A34', 'recorded'],
  ['ADT^A39', 'recorded'],
  ['ADT^A31', 'recorded'],
  ['ADT^A47', 'recorded'],
  ['ADT^A01', 'ignored'],
  ['SIU^S12', 'ignored'],
  ['__proto__^constructor', 'ignored'],
])('MLLP server: %s is acknowledged and %s', async (type, disposition) => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.send(order('A1').replace('ORM^O01', type));
  expect((await sender.expectAnswers(1)).map(verdict)).toEqual(['AA A1']);
  const ignoredReason = disposition === 'ignored' ? 'hl7.type_not_used' : null;
  expect(log.messages()[0]).toMatchObject({ disposition, ignoredReason, messageType: type });
});

test.each([
  ['no MSH', 'PID|1||P1', 'hl7.missing_header', 'AE ', '100'],
  ['a header without delimiters', 'MSH\rPID|1', 'hl7.unreadable_header', 'AE ', '102'],
  ['no control id', order(''), 'hl7.missing_control_id', 'AE ', '101'],
  ['no message type', order('A1').replace('ORM^O01', ''), 'hl7.missing_message_type', 'AE A1', '101'],
])('MLLP server: %s is answered AE and kept as a dead letter', async (_, message, code, expected, condition) => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.send(message);
  const [answer = ''] = await sender.expectAnswers(1);
  expect(verdict(answer)).toBe(expected);
  expect(answer).toContain(`|${condition}^`);
  expect(log.deadLetters()).toMatchObject([{ site: 'default', stage: 'intake', code, position: null }]);
  expect(Buffer.from(log.deadLetters()[0]?.bytes ?? []).toString()).toBe(message);
});

test('MLLP server: an answer AE waits for its dead letter as an answer AA waits for its record', async () => {
  const { log, client } = await startServer({ appendDeadlineMs: 40 });
  const sender = await client();
  log.hold();
  sender.send('no header');
  await sender.expectEnd();
  expect(sender.answers).toEqual([]);
});

test('MLLP server: a sender no rule admits is answered AR and its message is a dead letter', async () => {
  const { log, client } = await startServer({
    route: ({ application, facility, address }) =>
      application === 'HIS' && facility === 'H1' && address === '127.0.0.1'
        ? { site: testSite(), source: 'his' }
        : undefined,
  });
  const sender = await client();
  sender.send(order('A1'), order('A2').replace('|HIS|', '|EVIL|'), 'no header');
  expect((await sender.expectAnswers(3)).map(verdict)).toEqual(['AA A1', 'AR A2', 'AE ']);
  expect(log.deadLetters()).toMatchObject([
    { site: 'unrouted', code: 'hl7.sender_refused', key: 'A2' },
    { site: 'unrouted', code: 'hl7.missing_header' },
  ]);
});

test('MLLP server: the character set of the route is trusted where a message declares none', async () => {
  const { log, client } = await startServer({
    route: ({ application }) => ({
      site: testSite(),
      source: 'his',
      ...(application === 'HIS' && { defaultCharset: '8859/1' }),
    }),
  });
  const sender = await client();
  const text = Buffer.from(order('A1').replace('ZHANG', 'M\xfcLLER'), 'latin1');
  const other = Buffer.from(order('A2').replace('ZHANG', 'M\xfcLLER').replace('|HIS|', '|RIS|'), 'latin1');
  sender.send(text, other, text);
  await sender.expectAnswers(3);
  expect(log.messages().map(({ charset }) => charset.used)).toEqual(['iso-8859-1', 'gb18030', 'iso-8859-1']);
});

test('MLLP server: one answer a message whatever MSH-15 and MSH-16 ask for, none for NE with NE', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  const asked = (controlId: string, accept: string, application: string): string =>
    order(controlId).replace('|P|2.4', `|P|2.4|||${accept}|${application}`);
  sender.send(asked('A1', 'AL', 'NE'), asked('A2', 'NE', 'NE'), asked('A3', 'AL', 'AL'), asked('A4', 'ER', 'SU'));
  expect((await sender.expectAnswers(3)).map(verdict)).toEqual(['AA A1', 'AA A3', 'AA A4']);
  expect(log.messages().length).toBe(4);
});

test.each(['log.full', 'log.unavailable'] as const)(
  'MLLP server: while the log says %s a sender waits, and is answered when it takes again',
  async (code) => {
    const { log, client } = await startServer({ appendDeadlineMs: 20_000 });
    const sender = await client();
    log.refuse(new LogError(code));
    sender.send(order('A1'), order('A2'));
    await log.nextAppend();
    log.take();
    expect((await sender.expectAnswers(2)).map(verdict)).toEqual(['AA A1', 'AA A2']);
    expect(log.messages().length).toBe(2);
  },
);

test('MLLP server: a message that the log will never take is answered AE, and those sent with it AA', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  log.refuse(new RecordRefused(new Set([1])));
  sender.send(order('A1'), order('A2'), order('A3'));
  const answers = await sender.expectAnswers(3);
  expect(answers.map(verdict)).toEqual(['AA A1', 'AE A2', 'AA A3']);
  expect(answers[1]).toContain('log.record_refused');
  log.take();
  sender.send(order('A4'));
  expect((await sender.expectAnswers(4)).map(verdict)[3]).toBe('AA A4');
});

test.each([new LogError('log.full'), new LogError('log.unavailable'), new Error('unknown')])(
  'MLLP server: when the log says %s until the deadline, the connection is closed without an answer',
  async (error) => {
    const { log, client } = await startServer({ appendDeadlineMs: 40 });
    const sender = await client();
    log.refuse(error);
    sender.send(order('A1'));
    await sender.expectEnd();
    expect(sender.answers).toEqual([]);
    expect(log.entries).toEqual([]);
  },
);

test('MLLP server: when the log stands still, the connection is closed without an answer and its append withdrawn', async () => {
  const { log, client } = await startServer({ appendDeadlineMs: 40 });
  const sender = await client();
  log.hold();
  sender.send(order('A1'));
  await sender.expectEnd();
  expect(sender.answers).toEqual([]);
  await expect.poll(() => log.held).toBe(0);
});

test('MLLP server: a log that takes nothing more in this process closes the connection at once', async () => {
  const { log, client } = await startServer({ appendDeadlineMs: 3_600_000 });
  const sender = await client();
  log.refuse(new LogError('log.commit_failed'));
  sender.send(order('A1'));
  await sender.expectEnd();
  expect(sender.answers).toEqual([]);
});

test('MLLP server: set to reject, it answers AR 207 when the log cannot take a message', async () => {
  const { log, client } = await startServer({ whenLogCannot: 'reject', appendDeadlineMs: 40 });
  const sender = await client();
  log.refuse(new LogError('log.full'));
  sender.send(order('A1'), order('A2'));
  const answers = await sender.expectAnswers(2);
  expect(answers.map(verdict)).toEqual(['AR A1', 'AR A2']);
  expect(answers[0]).toContain('|207^');
  log.take();
  sender.send(order('A3'));
  expect((await sender.expectAnswers(3)).map(verdict)[2]).toBe('AA A3');
  log.hold();
  sender.send(order('A4'));
  expect((await sender.expectAnswers(4)).map(verdict)[3]).toBe('AR A4');
  await sender.expectEnd();
});

test('MLLP server: frames of one read go to the log together', async () => {
  const { log, client } = await startServer();
  const sender = await client();
  sender.send(...Array.from({ length: 20 }, (_, at) => order(`A${at}`)));
  await sender.expectAnswers(20);
  expect(log.appends.length).toBeLessThan(5);
});

test('MLLP server: draining answers what was accepted, takes nothing more, and ends', async () => {
  const { log, server, port, client } = await startServer();
  const sender = await client();
  const idle = await client();
  log.hold();
  sender.send(order('A1'));
  await log.nextAppend();
  const drained = server.drain(AbortSignal.timeout(10_000));
  sender.send(order('A2'));
  await idle.expectEnd();
  log.take();
  await drained;
  await server.ended;
  expect(sender.answers.map(verdict)).toEqual(['AA A1']);
  expect(log.messages().length).toBe(1);
  expect(server.address).toBeUndefined();
  await expect(listensOn(port)).resolves.toBe(false);
});

test('MLLP server: a drain past its deadline abandons what is not durable', async () => {
  const { log, server, client } = await startServer();
  const sender = await client();
  log.hold();
  sender.send(order('A1'));
  await log.nextAppend();
  await server.drain(AbortSignal.timeout(20));
  expect(sender.answers).toEqual([]);
  await sender.expectEnd();
});

test('MLLP server: a port that is taken rejects the start with its code', async () => {
  const { port } = await startServer();
  const log = new FakeLog();
  const second = createMllpServer({
    host: '127.0.0.1',
    port,
    log,
    codec: log.codec,
    clock: systemClock,
    telemetry: silentTelemetry,
    route: () => undefined,
  });
  await expect(second.start(new AbortController().signal)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(second.address).toBeUndefined();
  await second.drain(AbortSignal.timeout(1000));
  await second.ended;
});

test('MLLP server: half a connection closed by the sender is answered before it ends', async () => {
  const { log, client } = await startServer();
  const sender = await client({ allowHalfOpen: true });
  log.hold();
  const appended = log.nextAppend();
  sender.socket.end(framed(order('A1')));
  await appended;
  log.take();
  expect((await sender.expectAnswers(1)).map(verdict)).toEqual(['AA A1']);
  await sender.expectEnd();
});

function listensOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(true));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(false)));
  });
}
