// Invariant 8: what is told to operators holds nothing of a patient.
import { expect, test } from 'vitest';
import type { FactName } from '../../../runtime/contracts/telemetry.ts';
import { framed } from './mllp-client.ts';
import { startServer, testSite } from './started-server.ts';

const CANARY = 'KANARIE';

test('Invariant 8: no value of a message reaches telemetry, whatever becomes of the message', async () => {
  const told: string[] = [];
  const { log, client } = await startServer({
    frameBytesMax: 5000,
    telemetry: {
      record: (name: FactName, fields: object) => told.push(JSON.stringify([name, fields])),
      gauge: () => () => {},
    },
    route: ({ application }) => (application.includes('REFUSED') ? undefined : { site: testSite(), source: 'his' }),
  });
  const fields = (count: number): string => Array.from({ length: count }, (_, at) => `${CANARY}${at}`).join('|');
  const message = (type: string, controlId: string): string =>
    `MSH|^~\\&|${fields(4)}|20260301|${CANARY}|${type}|${controlId}|P|2.4||||||GBK\rPID|${fields(30)}\rORC|NW|${fields(20)}\rOBR|1|${fields(30)}\rNTE|1||张${CANARY}\r`;
  const sender = await client();
  sender.send(
    message('ORM^O01', CANARY),
    message(`${CANARY}^${CANARY}`, CANARY),
    message('ORM^O01', ''),
    message('', CANARY),
    message('ORM^O01', CANARY.repeat(40)),
    message('ORM^O01', CANARY).replace(`${CANARY}0|`, 'REFUSED|'),
    `${CANARY}|no header`,
    `MSH${CANARY}`,
  );
  sender.socket.write(
    Buffer.concat([Buffer.from(`${CANARY}\x0b${message('ORM^O01', CANARY)}`), framed(message('ADT^A08', CANARY))]),
  );
  await sender.expectAnswers(10);
  sender.send(message('ORM^O01', CANARY) + CANARY.repeat(2000));
  await sender.expectAnswers(11);
  await sender.expectEnd();
  await expect.poll(() => told.filter((line) => line.includes('hl7.connection_closed')).length).toBe(1);
  expect(new Set(log.deadLetters().map(({ code }) => code)).size).toBe(8);
  for (const letter of log.deadLetters()) expect(letter.reason).not.toContain(CANARY);
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter((line) => /KANARIE|张/i.test(line))).toEqual([]);
});
