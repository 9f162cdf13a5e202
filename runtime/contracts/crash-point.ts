// Named places where a test ends the process at once, to prove that nothing rests on what comes after them.

/** The environment variable: `name` or `name:N`, to end at the N-th passage. Unset in production; then a point costs a comparison. */
const ORDER = process.env['STUDYBRIDGE_CRASH_POINT'] ?? '';
const [PLANNED, PASSAGES = '1'] = ORDER.split(':');
let left = Number(PASSAGES);

export type CrashPoint =
  | 'append.before'
  | 'append.after'
  | 'flush.before'
  | 'flush.after'
  | 'acknowledge.before'
  | 'acknowledge.after'
  | 'commit.before'
  | 'commit.after'
  | 'request.sent'
  | 'answer.read'
  | 'restore'
  | 'drain';

/** Ends the process with SIGKILL when the environment planned it here: no handler runs, nothing is flushed. */
export function crashPoint(name: CrashPoint): void {
  if (name !== PLANNED) return;
  left -= 1;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}
