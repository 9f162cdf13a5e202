// dcmtk's storescu: proposes each file's own class and transfer syntax, and says of each file what became of it.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FileSyntax {
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
}

/** stored: answered 0000. refused: answered otherwise. not sent: the sender could not read or propose it. */
export type FileOutcome = 'stored' | 'refused' | 'not sent';

/** A profile for `storescu -xf`; PS3.8 section 9.3.2 allows 128 contexts an association. */
export function writeProfile(folder: string, syntaxes: readonly FileSyntax[]): string {
  const known = new Map<string, FileSyntax>();
  for (const { sopClassUid, transferSyntaxUid } of syntaxes) {
    if (![sopClassUid, transferSyntaxUid].every((uid) => /^[0-9.]{1,64}$/.test(uid))) continue;
    known.set(`${sopClassUid} ${transferSyntaxUid}`, { sopClassUid, transferSyntaxUid });
  }
  const pairs = [...known.values()];
  const names = [...new Set(pairs.map(({ transferSyntaxUid }) => transferSyntaxUid))];
  const path = join(folder, 'storescu.cfg');
  writeFileSync(
    path,
    [
      '[[TransferSyntaxes]]',
      ...names.flatMap((uid, at) => [`[Syntax${at}]`, `TransferSyntax1 = ${uid}`]),
      '[[PresentationContexts]]',
      '[All]',
      ...pairs.map(
        ({ sopClassUid, transferSyntaxUid }, at) =>
          `PresentationContext${at + 1} = ${sopClassUid}\\Syntax${names.indexOf(transferSyntaxUid)}`,
      ),
      '[[Profiles]]',
      '[Corpus]',
      'PresentationContexts = All',
      '',
    ].join('\n'),
  );
  return path;
}

/** One association. By path, in the order sent. */
export async function storescu(
  port: number,
  profile: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, FileOutcome>> {
  const output = await run('storescu', ['-v', '-nh', '-xf', profile, 'Corpus', '127.0.0.1', String(port), ...paths]);
  const outcomes = new Map<string, FileOutcome>();
  for (const part of output.split('I: Sending file: ').slice(1)) {
    const path = part.slice(0, part.indexOf('\n'));
    const answer = /Received Store Response \((.*)\)/.exec(part)?.[1];
    outcomes.set(path, answer === undefined ? 'not sent' : answer.startsWith('Success') ? 'stored' : 'refused');
  }
  return outcomes;
}

/** Without TCP_NODELAY dcmtk waits 40 ms for each answer. */
function run(command: string, options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { env: { ...process.env, TCP_NODELAY: '1' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}
