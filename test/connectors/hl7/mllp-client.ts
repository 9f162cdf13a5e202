// A raw MLLP client for tests, with a framing of its own.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';

export class MllpClient {
  readonly socket: Socket;
  readonly answers: string[] = [];
  /** null: not yet; otherwise how the connection ended. */
  ended: 'end' | 'close' | null = null;
  #text = '';

  static async open(port: number, options: { readonly allowHalfOpen?: boolean } = {}): Promise<MllpClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: options.allowHalfOpen ?? false });
    await once(socket, 'connect');
    return new MllpClient(socket);
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
      const parts = this.#text.split('\x1c\r');
      this.#text = parts.pop() ?? '';
      this.answers.push(...parts.map((part) => part.replace('\x0b', '')));
    });
    socket.on('end', () => {
      this.ended ??= 'end';
    });
    socket.on('close', () => {
      this.ended = 'close';
    });
  }

  send(...messages: readonly (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(messages.map(framed)));
  }

  async expectAnswers(count: number): Promise<string[]> {
    await expect.poll(() => this.answers.length, { timeout: 20_000, interval: 2 }).toBeGreaterThanOrEqual(count);
    return this.answers;
  }

  async expectEnd(): Promise<void> {
    await expect.poll(() => this.ended, { timeout: 20_000, interval: 2 }).not.toBeNull();
  }

  close(): void {
    this.socket.destroy();
  }
}

export function framed(message: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x0b]), Buffer.from(message), Buffer.from([0x1c, 0x0d])]);
}

/** MSA-1 and MSA-2. */
export function verdict(answer: string): string {
  const msa = answer.split('\r').find((segment) => segment.startsWith('MSA')) ?? '';
  return msa.split('|').slice(1, 3).join(' ');
}

export function order(controlId: string, more = ''): string {
  return `MSH|^~\\&|HIS|H1|BRIDGE|SB|20260301083000||ORM^O01|${controlId}|P|2.4\rPID|1||P1^^^HIS^MR||ZHANG^SAN\rORC|NW|PL1\rOBR|1|PL1||CT1^Chest\r${more}`;
}
