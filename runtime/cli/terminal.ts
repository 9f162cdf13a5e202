// The terminal as the commands see it: two outputs, colour only where a person looks.

export interface Terminal {
  /** What was asked for, on standard output. */
  print(line: string): void;
  /** What a person should know, on standard error. */
  error(line: string): void;
  readonly colour: boolean;
  /** A person looks at standard error: log lines in words instead of JSON. */
  readonly people: boolean;
  /** Waits until standard output has room, for commands that print without end. */
  room(): Promise<void>;
}

export function processTerminal(): Terminal {
  // A reader that has seen enough (`| head`) closes the pipe: the command has done its work.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  }
  return {
    print: (line) => process.stdout.write(`${line}\n`),
    error: (line) => process.stderr.write(`${line}\n`),
    colour: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
    people: process.stderr.isTTY === true,
    room: () =>
      process.stdout.writableNeedDrain
        ? new Promise((resolve) => process.stdout.once('drain', resolve))
        : Promise.resolve(),
  };
}

export function bold(terminal: Terminal, text: string): string {
  return terminal.colour ? `\u001b[1m${text}\u001b[22m` : text;
}

/** Columns as wide as their widest cell; the last one ends where it ends. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((known, row) => {
    return row.map((cell, at) => Math.max(known[at] ?? 0, cell.length));
  }, []);
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
