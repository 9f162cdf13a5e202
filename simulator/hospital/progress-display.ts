// Shows how far the play is: one line drawn over again on a terminal, a line now and then elsewhere.

export interface ProgressDisplay {
  /** `done` of `total`; `what` is counted, `detail` is under way. */
  show(done: number, total: number, what: string, detail: string): void;
  /** A line that stays. */
  say(line: string): void;
}

const BAR_COLUMNS = 24;
const LINES_MAX = 10;
/** Up one line, and clear it (ECMA-48: CUU, EL). */
const OVER_THE_LAST_LINE = '\u001b[1A\u001b[2K';

export function createProgressDisplay(output: (line: string) => void, terminal: boolean): ProgressDisplay {
  let barIsLast = false;
  let lastShown = '';
  return {
    show(done, total, what, detail) {
      if (terminal) {
        output(`${barIsLast ? OVER_THE_LAST_LINE : ''}${bar(done, total)} ${done}/${total} ${what}: ${detail}`);
        barIsLast = true;
        return;
      }
      const step = `${Math.floor((done / Math.max(1, total)) * LINES_MAX)} ${what}`;
      if (step !== lastShown) output(`${done}/${total} ${what}: ${detail}`);
      lastShown = step;
    },
    say(line) {
      output(line);
      barIsLast = false;
    },
  };
}

function bar(done: number, total: number): string {
  const filled = Math.round((Math.min(done, total) / Math.max(1, total)) * BAR_COLUMNS);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_COLUMNS - filled)}]`;
}
