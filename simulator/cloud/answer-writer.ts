// Writes an answer to the wire, whole or as a scripted fault spoils it.
import type { ServerResponse } from 'node:http';
import type { SimulatorClock } from '../simulator-clock.ts';
import type { CloudAnswer } from './cloud-answer.ts';
import type { Fault } from './fault-script.ts';

/** What went out: null where it was no such thing. */
export interface WrittenAnswer {
  readonly httpStatus: number | null;
  readonly code: number | null;
}

export function writeAnswer(response: ServerResponse, answer: CloudAnswer): void {
  // Errors come with HTTP 200 too; no document states it, the sandbox assumes it.
  writeJson(response, 200, answer);
}

export function writeJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value), 'utf8');
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length });
  response.end(body);
}

/** What `writeFault` will show to the client; known before it is written, so that the request can be kept first. */
export function faultShows(fault: Fault, answer: CloudAnswer): WrittenAnswer {
  switch (fault.kind) {
    case 'delay':
    case 'slowBytes':
      return { httpStatus: 200, code: answer.code };
    case 'code':
      return { httpStatus: 200, code: fault.code };
    case 'status':
      return { httpStatus: fault.status ?? 500, code: null };
    case 'redirect':
      return { httpStatus: fault.status ?? 302, code: null };
    case 'reset':
      return { httpStatus: null, code: null };
    case 'html':
    case 'brokenJson':
    case 'noCode':
    case 'empty':
      return { httpStatus: 200, code: null };
  }
}

export async function writeFault(
  response: ServerResponse,
  fault: Fault,
  answer: CloudAnswer,
  clock: SimulatorClock,
  signal: AbortSignal,
): Promise<void> {
  switch (fault.kind) {
    case 'delay':
      return writeAnswer(response, answer);
    case 'slowBytes':
      return writeSlowly(response, answer, fault.bytesPerSecond, clock, signal);
    case 'code':
      return writeAnswer(response, { code: fault.code, message: fault.message });
    case 'status':
      return writeText(response, fault.status ?? 500, 'text/plain', fault.message, retryAfter(fault));
    case 'redirect':
      return writeText(response, fault.status ?? 302, 'text/plain', '', { location: fault.location });
    case 'reset':
      // A TCP reset, not an orderly end: the client must not take silence for an empty answer.
      response.socket?.resetAndDestroy();
      return;
    case 'html':
      return writeText(response, 200, 'text/html', '<!doctype html><title>gateway</title><p>please log in</p>');
    case 'brokenJson':
      return writeText(response, 200, 'application/json', '{"code": 0, "mess');
    case 'noCode':
      return writeJson(response, 200, { message: fault.message });
    case 'empty':
      return writeText(response, 200, 'application/json', '');
  }
}

function retryAfter(fault: Fault): Readonly<Record<string, string>> {
  return fault.retryAfter === null ? {} : { 'retry-after': fault.retryAfter };
}

function writeText(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

async function writeSlowly(
  response: ServerResponse,
  answer: CloudAnswer,
  bytesPerSecond: number,
  clock: SimulatorClock,
  signal: AbortSignal,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(answer), 'utf8');
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  for (const byte of body) {
    response.write(Uint8Array.of(byte));
    await clock.sleep(1000 / bytesPerSecond, signal);
  }
  response.end();
}
