// The corpus' HL7 messages and what others read in them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const text = z.string().optional();
const oracleLine = z.object({
  file: z.string(),
  MSH9: z.string(),
  MSH10: z.string(),
  MSH12: text,
  PID3: text,
  PID5: text,
  PID7: text,
  ORC1: text,
  OBR2: text,
  OBR3: text,
  OBR4: text,
  OBR18: text,
  OBR24: text,
  OBR25: text,
  n: z.record(z.string(), z.number()),
});
export type OracleLine = z.infer<typeof oracleLine>;

const list = z.array(z.string()).optional();
const expectedLine = z.object({
  file: z.string(),
  messageType: z.string(),
  controlId: z.string(),
  charset: z.object({
    declared: z.array(z.object({ where: z.string(), value: z.string() })),
    bom: z.boolean(),
    used: z.string(),
    contradicted: z.boolean(),
  }),
  identifiers: z.object({
    patientId: z.string().optional(),
    accession: list,
    placer: list,
    filler: list,
    studyInstanceUid: list,
  }),
});
export type ExpectedLine = z.infer<typeof expectedLine>;

/** python-hl7's reading of every message that it could read. */
export function oracleLines(corpus: string): OracleLine[] {
  return jsonLines(join(corpus, 'hl7/oracle.jsonl')).map((line) => oracleLine.parse(line));
}

/** What each message of `generated-zh` must become. */
export function expectedLines(corpus: string): ExpectedLine[] {
  return jsonLines(join(corpus, 'hl7/generated-zh/EXPECTED.jsonl')).map((line) => expectedLine.parse(line));
}

export function corpusMessage(corpus: string, file: string): Buffer {
  return readFileSync(join(corpus, 'hl7', file));
}

/** Names below the corpus' folder `hl7` of all messages of a folder. */
export function messageFiles(corpus: string, folder: string): string[] {
  return readdirSync(join(corpus, 'hl7', folder))
    .filter((name) => name.endsWith('.hl7'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function jsonLines(path: string): unknown[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
}
