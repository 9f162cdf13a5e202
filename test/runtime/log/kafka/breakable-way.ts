// A way to a broker that a test can hurt: holds answers back, cuts connections, refuses new ones.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface BreakableWay extends AsyncDisposable {
  /** In place of the broker's. */
  readonly bootstrap: string;
  /** What the broker answers from now on is lost; what is sent to it arrives. */
  loseAnswers(): void;
  /** What is sent to the broker from now on is kept, also when its connection ends meanwhile. */
  holdRequests(): void;
  /** The broker gets what was kept; resolves when it has answered each connection. */
  deliverHeld(): Promise<void>;
  /** Ends all connections. */
  cut(): void;
  /** Ends all connections and takes no new ones. */
  close(): void;
  /** Bytes pass again, on connections made from now on. */
  open(): void;
}

export async function breakableWay(bootstrap: string): Promise<BreakableWay> {
  const [host = '', portText = ''] = bootstrap.split(':');
  const target = { host, port: Number(portText) };
  const pairs = new Set<readonly [Socket, Socket]>();
  const held = new Map<Socket, Buffer[]>();
  let mode: 'open' | 'losing' | 'holding' | 'closed' = 'open';
  const cut = (): void => {
    for (const [client] of pairs) client.destroy();
  };
  const server = createServer((client) => {
    if (mode === 'closed') {
      client.destroy();
      return;
    }
    const broker = connect(target);
    const pair = [client, broker] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        if (!held.has(broker)) broker.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (mode !== 'holding') broker.write(bytes);
      else held.set(broker, [...(held.get(broker) ?? []), bytes]);
    });
    broker.on('data', (bytes) => {
      if (mode === 'open') client.write(withAddress(bytes, target, portOf(server.address())));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    bootstrap: `${host}:${portOf(server.address())}`,
    loseAnswers: () => {
      mode = 'losing';
    },
    holdRequests: () => {
      mode = 'holding';
    },
    deliverHeld: async () => {
      for (const [broker, kept] of held) {
        const answered = new Promise((resolve) => broker.once('data', resolve));
        broker.write(Buffer.concat(kept));
        await answered;
        broker.destroy();
      }
      held.clear();
    },
    cut,
    close: () => {
      mode = 'closed';
      cut();
    },
    open: () => {
      cut();
      mode = 'open';
    },
    [Symbol.asyncDispose]: async () => {
      for (const broker of held.keys()) broker.destroy();
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A broker tells its clients where it listens; they are to come this way. */
function withAddress(bytes: Buffer, target: { readonly host: string; readonly port: number }, port: number): Buffer {
  const told = Buffer.alloc(2 + target.host.length + 4);
  told.writeInt16BE(target.host.length, 0);
  told.write(target.host, 2);
  told.writeInt32BE(target.port, 2 + target.host.length);
  for (let at = bytes.indexOf(told); at !== -1; at = bytes.indexOf(told, at + 1)) {
    bytes.writeInt32BE(port, at + 2 + target.host.length);
  }
  return bytes;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address');
  return address.port;
}
