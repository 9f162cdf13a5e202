/**
 * The floor of the intake on Kafka: cuts MLLP frames, appends them by kafkajs with acks=all, answers AA when the broker
 * has. `node-floor BROKER TOPIC`; prints its port.
 *
 * The least that a hand-written Node server can be: MSH-10 and PID-3 are all that is looked for; no Avro, no headers,
 * no mapping, no bounds. Whatever came while one send was under way is the next batch. kafkajs as it is.
 */
import { createServer, type Socket } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';

interface Waiting {
  readonly key: string;
  readonly value: Buffer;
  readonly controlId: string;
  readonly socket: Socket;
}

const BLOCK_BEGIN = 0x0b;
const BLOCK_END = '\x1c\r';
const [broker = '127.0.0.1:9092', topic = 'floor'] = process.argv.slice(2);
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.ERROR });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
await producer.connect();

let waiting: Waiting[] = [];
let sending = false;
let scheduled = false;

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = cut(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), socket);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`port ${address.port}\n`);
});
process.on('SIGTERM', () => void producer.disconnect().then(() => process.exit(0)));

/** Takes the whole frames; what is left begins the next. */
function cut(bytes: Buffer, socket: Socket): Buffer {
  let at = 0;
  for (;;) {
    const start = bytes.indexOf(BLOCK_BEGIN, at);
    if (start < 0) return Buffer.alloc(0);
    const end = bytes.indexOf(BLOCK_END, start, 'latin1');
    if (end < 0) return bytes.subarray(start);
    const value = Buffer.from(bytes.subarray(start + 1, end));
    at = end + BLOCK_END.length;
    const controlId = field(value, 0, 9);
    const patient = value.indexOf('\rPID|', 0, 'latin1');
    waiting.push({ key: patient < 0 ? controlId : field(value, patient + 1, 3), value, controlId, socket });
    if (scheduled) continue;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (!sending) void send();
    });
  }
}

async function send(): Promise<void> {
  sending = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await producer.send({ topic, acks: -1, messages: batch.map(({ key, value }) => ({ key, value })) });
    for (const { socket, controlId } of batch) socket.write(answer(controlId));
  }
  sending = false;
}

function answer(controlId: string): string {
  return `\x0bMSH|^~\\&|BRIDGE|CLOUD|RIS|SITE|20260314101500||ACK^R01^ACK|${controlId}A|P|2.5.1\rMSA|AA|${controlId}\r\x1c\r`;
}

/** Field `number` of the segment that begins at `segment`. */
function field(bytes: Buffer, segment: number, number: number): string {
  let at = segment;
  for (let left = number; left > 0; left -= 1) {
    at = bytes.indexOf(0x7c, at) + 1;
    if (at === 0) return '';
  }
  let end = at;
  while (end < bytes.length && bytes[end] !== 0x7c && bytes[end] !== 0x0d) end += 1;
  return bytes.toString('latin1', at, end);
}
