// `explain`: a failure code's meaning and remedy, from the registry.
import { FAILURE_CODES } from '../../schemas/failure-codes.ts';
import { nearestName } from '../config/nearest-name.ts';
import { CommandFailure, EXIT, type ExitCode, isExplained } from './exit-code.ts';
import { bold, type Terminal, table } from './terminal.ts';

export function explain(terminal: Terminal, code: string | undefined, options: { readonly json?: boolean }): ExitCode {
  if (code === undefined) return list(terminal, options.json === true);
  if (!isExplained(code)) {
    const near = nearestName(code, Object.keys(FAILURE_CODES));
    const hint = near === undefined ? 'studybridge explain lists them' : `did you mean ${near}?`;
    throw new CommandFailure(`no such failure code; ${hint}`);
  }
  const { meaning, remedy } = FAILURE_CODES[code];
  if (options.json === true) terminal.print(JSON.stringify({ code, meaning, remedy }));
  else {
    terminal.print(bold(terminal, code));
    terminal.print(`  What happened: ${meaning}`);
    terminal.print(`  What to do:    ${remedy}`);
  }
  return EXIT.done;
}

function list(terminal: Terminal, json: boolean): ExitCode {
  const entries = Object.entries(FAILURE_CODES).sort(([left], [right]) => (left < right ? -1 : 1));
  if (json) terminal.print(JSON.stringify(entries.map(([code, explained]) => ({ code, ...explained }))));
  else for (const line of table(entries.map(([code, { meaning }]) => [code, meaning]))) terminal.print(line);
  return EXIT.done;
}
