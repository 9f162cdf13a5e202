// What nobody expected: the process ends, and the log makes that safe.
import type { Telemetry } from '../contracts/telemetry.ts';
import { codeOf } from '../wiring/service-stack.ts';
import { EXIT } from './exit-code.ts';

/**
 * Without these handlers Node prints the exception, and a library's exception may quote a patient's data (invariant 8).
 * The place is the first frame of the stack, a file and a line of this program or of a library.
 */
export function endOnProgramFaults(telemetry: Telemetry): void {
  const end = (error: unknown) => {
    telemetry.record('process.failed', { code: codeOf(error), where: firstFrame(error) });
    process.exit(EXIT.runtime);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function firstFrame(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // The stack begins with the message, which may hold data and line ends of its own: only what has a frame's form is taken.
  const message = error.message;
  const stack = error.stack ?? '';
  const frames = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : stack;
  return /\n\s+at [^\n]*?((?:[\w.-]+\/){0,3}[\w.-]+:\d+:\d+)\)?(?:\n|$)/.exec(frames)?.[1] ?? 'unknown';
}
