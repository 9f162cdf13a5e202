// Reads one request from a control connection: a JSON line, checked.
import type { Socket } from 'node:net';
import type { TopicName } from '../../schemas/records.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { ControlRequest } from './control-protocol.ts';

/** Undefined for what is no request: too long, no JSON, an unknown command or topic. */
export async function readRequest(socket: Socket, bytesMax: number): Promise<ControlRequest | undefined> {
  const text = await readLine(socket, bytesMax);
  return text === undefined ? undefined : parseRequest(text);
}

function readLine(socket: Socket, bytesMax: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = '';
    socket.setEncoding('utf8');
    const finish = (text: string | undefined) => {
      socket.off('data', take);
      socket.off('close', cutOff);
      // Nothing more is expected; an end of the other side must still be noticed.
      socket.resume();
      resolve(text);
    };
    const cutOff = () => finish(undefined);
    const take = (chunk: string | Buffer) => {
      received += chunk;
      const end = received.indexOf('\n');
      if (end >= 0) finish(received.slice(0, end));
      else if (received.length > bytesMax) finish(undefined);
    };
    socket.on('data', take);
    socket.once('close', cutOff);
  });
}

function parseRequest(text: string): ControlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No JSON is no request.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const command = fields.get('command');
  if (command === 'ports' || command === 'status') return { command };
  const topic = fields.get('topic');
  if (command !== 'inspect' || typeof topic !== 'string' || !isTopicName(topic)) return undefined;
  const from = fields.get('from');
  const limit = fields.get('limit');
  return {
    command,
    topic,
    ...(typeof from === 'string' && /^\d{1,19}$/.test(from) ? { from } : {}),
    ...(typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0 ? { limit } : {}),
    follow: fields.get('follow') === true,
    reveal: fields.get('reveal') === true,
  };
}

export function isTopicName(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}
