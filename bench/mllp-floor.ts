// The floor of the MLLP benchmarks: cut frames, find MSH-10, flush a group to one file, answer. No record, no mapping.
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const END = Buffer.from([0x1c, 0x0d]);

interface Waiting {
  readonly message: Buffer;
  readonly socket: Socket;
}

const file: FileHandle = await open(join(folder, 'floor'), 'a');
let waiting: Waiting[] = [];
let busy = false;

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(END); end >= 0; end = rest.indexOf(END)) {
      waiting.push({ message: rest.subarray(1, end), socket });
      rest = rest.subarray(end + END.length);
    }
    if (!busy) void flush();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`port ${address.port}\n`);
});
process.on('SIGTERM', () => process.exit(0));

async function flush(): Promise<void> {
  busy = true;
  while (waiting.length > 0) {
    const group = waiting;
    waiting = [];
    await file.writev(group.map(({ message }) => message));
    await file.datasync();
    const answers = new Map<Socket, string[]>();
    for (const { message, socket } of group) {
      const answersOfSocket = answers.get(socket) ?? [];
      answers.set(socket, answersOfSocket);
      answersOfSocket.push(answerTo(message));
    }
    for (const [socket, texts] of answers) socket.write(texts.join(''));
  }
  busy = false;
}

function answerTo(message: Buffer): string {
  const header = message.toString('latin1', 0, Math.min(message.length, 400)).split('|', 11);
  const controlId = header[9] ?? '';
  return `\x0bMSH|^~\\&|||||20260101000000||ACK|${controlId}|P|2.5.1\rMSA|AA|${controlId}\r\x1c\r`;
}
