// Both ends of a measured way: an engine that sends orders, store events, and a cloud that tells when a study arrives.
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';

const SOP_CLASS = '1.2.840.10008.5.1.4.1.1.2';
const BLOCK_END = 0x1c;

export interface Cloud {
  readonly port: number;
  /** When the study with this accession number first arrives, on this process' clock. */
  arrivalOf(accession: string): Promise<number>;
  close(): void;
}

export async function startCloud(): Promise<Cloud> {
  const awaited = new Map<string, (atMs: number) => void>();
  const server: Server = createServer((request, response) => {
    const arrivedAt = performance.now();
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const accession = /"accessNumber":"([^"]*)"/.exec(body)?.[1] ?? '';
      awaited.get(accession)?.(arrivedAt);
      awaited.delete(accession);
      response.setHeader('content-type', 'application/json');
      response.end('{"code":0,"message":"success"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    arrivalOf: (accession) => new Promise((resolve) => awaited.set(accession, resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Engine {
  /** Resolves with the acknowledgement; they come in the order of the messages. */
  send(message: string): Promise<void>;
  end(): void;
}

export async function openEngine(port: number): Promise<Engine> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('error', reject));
  const waiting: (() => void)[] = [];
  socket.on('data', (bytes: Buffer) => {
    for (const byte of bytes) if (byte === BLOCK_END) waiting.shift()?.();
  });
  return {
    send: (message) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(`\x0b${message}\x1c\r`);
      }),
    end: () => socket.destroy(),
  };
}

export function orderOf(number: number): string {
  return [
    `MSH|^~\\&|HIS|TESTHOSP|BRIDGE|CLOUD|20260303090000||ORM^O01|L${number}|P|2.5.1||||||UNICODE UTF-8`,
    `PID|1||P${number}^^^HIS^MR||测试^甲||19800101|F`,
    `ORC|NW|PL${number}`,
    `OBR|1|PL${number}||CT001^胸部CT平扫||||||||||||||L${number}||||||CT`,
    '',
  ].join('\r');
}

export function storeEvent(number: number): RequestInit {
  const uid = `1.2.826.0.1.3680043.10.9999.8.${number}`;
  const event = {
    '00080016': { vr: 'UI', Value: [SOP_CLASS] },
    '00080018': { vr: 'UI', Value: [`${uid}.1.1`] },
    '00080050': { vr: 'SH', Value: [`L${number}`] },
    '00080060': { vr: 'CS', Value: ['CT'] },
    '0020000D': { vr: 'UI', Value: [uid] },
    '0020000E': { vr: 'UI', Value: [`${uid}.1`] },
  };
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([event]) };
}
