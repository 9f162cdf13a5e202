// Asks a running bridge over the control socket of its data directory.
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { ControlRequest } from './control-protocol.ts';
import { controlSocketPath } from './socket-path.ts';

/** The bridge did not answer, or answered with a failure code. */
export class ControlError extends Error {
  readonly code: string;
  constructor(code: string, options?: ErrorOptions) {
    super(code, options);
    this.name = 'ControlError';
    this.code = code;
  }
}

/** Yields the items of the answer. Throws a `ControlError`, with `process.not_running` when nobody listens. */
export async function* askBridge(
  dataDirectory: string,
  request: ControlRequest,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const socket = await connect(dataDirectory);
  const leave = () => socket.destroy();
  signal.addEventListener('abort', leave, { once: true });
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const text of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
      const answer: unknown = JSON.parse(text);
      if (typeof answer !== 'object' || answer === null) throw new ControlError('process.unexpected');
      if ('item' in answer) yield answer.item;
      if ('error' in answer) throw new ControlError(String(answer.error));
      if ('end' in answer) return;
    }
    if (!signal.aborted) throw new ControlError('process.not_running');
  } finally {
    signal.removeEventListener('abort', leave);
    socket.destroy();
  }
}

async function connect(dataDirectory: string): Promise<Socket> {
  let path: Awaited<ReturnType<typeof controlSocketPath>> | undefined;
  try {
    path = await controlSocketPath(dataDirectory);
    return await connected(path.address);
  } catch (cause) {
    throw new ControlError('process.not_running', { cause });
  } finally {
    await path?.[Symbol.asyncDispose]();
  }
}

function connected(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(address);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // A later error ends the stream, which the reader sees as an answer cut off.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}
