// A log line as a person reads it: time, level, sentence, fields.

const COLOURS: ReadonlyMap<string, string> = new Map([
  ['error', '\u001b[31m'],
  ['warn', '\u001b[33m'],
  ['info', '\u001b[32m'],
  ['debug', '\u001b[90m'],
]);
const RESET = '\u001b[0m';
const NOT_FIELDS = new Set(['time', 'level', 'message', 'fact']);

/** `14:03:21.120 warn  no cloud is configured  studyQuietMs=3000`, with a line end. */
export function terminalLine(json: string, colour: boolean): string {
  const line: unknown = JSON.parse(json);
  if (typeof line !== 'object' || line === null) return json;
  const entries = new Map<string, unknown>(Object.entries(line));
  const level = String(entries.get('level'));
  const time = String(entries.get('time')).slice(11, 23);
  const fields = [...entries]
    .filter(([name]) => !NOT_FIELDS.has(name))
    .map(([name, value]) => ` ${name}=${plain(value)}`);
  const shownLevel = colour ? `${COLOURS.get(level) ?? ''}${level.padEnd(5)}${RESET}` : level.padEnd(5);
  return `${time} ${shownLevel} ${plain(entries.get('message'))}${fields.length === 0 ? '' : ` ${fields.join('')}`}\n`;
}

/** A terminal obeys control characters; none comes from a field. */
function plain(value: unknown): string {
  return String(value).replaceAll(/\p{Cc}/gu, '?');
}
