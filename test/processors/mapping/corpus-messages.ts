// Reads the corpus' HL7 messages and what each must become.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readHl7Message } from '../../../codecs/hl7/message.ts';
import type { Hl7MessageView } from '../../../codecs/hl7/message-view.ts';

export interface ExpectedField {
  readonly why: string;
  readonly reading?: string;
}

export interface ExpectedReport {
  readonly obr25: string;
  readonly status?: string;
  readonly orderedBy: { readonly where: string; readonly value: string };
  readonly findings: readonly string[];
  readonly impression: readonly string[];
  readonly pdf: readonly { readonly sha256: string; readonly bytes: number }[];
  readonly unscored?: readonly string[];
}

export interface ExpectedGroup {
  readonly identifiers: {
    readonly placer?: string;
    readonly filler?: string;
    readonly accession?: string;
    readonly studyInstanceUid?: string;
  };
  readonly fields: Readonly<Record<string, string>>;
  readonly unscored: Readonly<Record<string, ExpectedField>>;
  readonly action?: string;
  readonly report?: ExpectedReport;
}

export interface ExpectedMessage {
  readonly file: string;
  readonly kind: string;
  readonly groups: readonly ExpectedGroup[];
  readonly patient?: Pick<ExpectedGroup, 'fields' | 'unscored'>;
}

export function expectedMessages(corpus: string): readonly ExpectedMessage[] {
  const text = readFileSync(join(corpus, 'hl7/generated-zh/EXPECTED.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): ExpectedMessage => JSON.parse(line));
}

export function readCorpusMessage(corpus: string, file: string): Hl7MessageView {
  const read = readHl7Message(readFileSync(join(corpus, 'hl7/generated-zh', file)), {});
  if (!read.ok) throw new TypeError(`${file}: ${read.failure.code}`);
  return read.value;
}

/** Every message file below the corpus' HL7 folder. */
export function corpusFiles(corpus: string): readonly string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return walk(path);
      return /\.(jsonl|md|tsv)$/.test(name) ? [] : [path];
    });
  return walk(join(corpus, 'hl7'));
}
