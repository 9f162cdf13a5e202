import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readHl7Message } from '../../../codecs/hl7/message.ts';
import { mapHl7Message, mapHl7Patient } from '../../../processors/mapping/hl7-mapping.ts';
import type { MappedGroup } from '../../../processors/mapping/mapped-message.ts';
import { defaultMappingSettings } from '../../../processors/mapping/mapping-settings.ts';
import { corpusFolder } from '../../requirements.ts';
import { corpusFiles, type ExpectedGroup, expectedMessages, readCorpusMessage } from './corpus-messages.ts';

const corpus = corpusFolder() ?? '';

/** `studyId` is decided by the assembly; never expected from HL7 by the corpus' README: the rest. */
const NOT_JUDGED = new Set(['studyId', 'scanMode', 'otherInfo']);

function fieldDeviations(
  fields: Readonly<Record<string, string | undefined>>,
  expected: Pick<ExpectedGroup, 'fields' | 'unscored'>,
): readonly string[] {
  const deviations: string[] = [];
  for (const name of new Set([...Object.keys(fields), ...Object.keys(expected.fields)])) {
    if (NOT_JUDGED.has(name) || expected.unscored[name] !== undefined) continue;
    if (fields[name] !== expected.fields[name])
      deviations.push(`${name}: ${fields[name]} not ${expected.fields[name]}`);
  }
  return deviations;
}

function groupDeviations(group: MappedGroup, expected: ExpectedGroup): readonly string[] {
  const { accessionNumber, placerOrderNumber, fillerOrderNumber, studyInstanceUid } = group.identifiers;
  const deviations = [...fieldDeviations(group.fields, expected)];
  const same = (name: string, found: unknown, wanted: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      deviations.push(`${name}: ${JSON.stringify(found)} not ${JSON.stringify(wanted)}`);
    }
  };
  same('accession', accessionNumber, expected.identifiers.accession);
  same('placer', placerOrderNumber, expected.identifiers.placer);
  same('filler', fillerOrderNumber, expected.identifiers.filler);
  same('uid', studyInstanceUid, expected.identifiers.studyInstanceUid);
  if (group.kind === 'order' && expected.action !== undefined) same('action', group.action, expected.action);
  if (expected.report === undefined) return deviations;
  if (group.kind !== 'report') return [...deviations, 'no report'];
  const { report } = group;
  const judged = (name: string): boolean => !(expected.report?.unscored ?? []).includes(name);
  if (judged('status')) same('status', report.status, expected.report.status);
  if (judged('findings')) same('findings', report.findings, expected.report.findings);
  if (judged('impression')) same('impression', report.impression, expected.report.impression);
  same('orderedBy', report.orderedBy, expected.report.orderedBy.value.replaceAll(/[-: ]/g, '').replace(/\+.*/, ''));
  const hashes = report.pdfs.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  same(
    'pdf',
    hashes,
    expected.report.pdf.map(({ sha256 }) => sha256),
  );
  return deviations;
}

describe.skipIf(corpus === '')('mapping of the corpus', () => {
  test('mapping: every field of the Chinese messages is right, or absent as expected', () => {
    const deviations: string[] = [];
    const messages = corpus === '' ? [] : expectedMessages(corpus);
    for (const { file, groups, patient } of messages) {
      const message = readCorpusMessage(corpus, file);
      const mapped = mapHl7Message(message, defaultMappingSettings);
      const found =
        mapped.length === groups.length
          ? mapped.flatMap((group, index) =>
              groupDeviations(group, groups[index] ?? { identifiers: {}, fields: {}, unscored: {} }),
            )
          : [`${mapped.length} groups, not ${groups.length}`];
      if (patient !== undefined) {
        found.push(...fieldDeviations(mapHl7Patient(message, defaultMappingSettings).fields, patient));
      }
      deviations.push(...found.map((deviation) => `${file} ${deviation}`));
    }
    expect(messages).toHaveLength(183);
    expect(deviations).toEqual([]);
  });

  // Not the address: the corpus' reading names the district twice where the street begins with it.
  test('mapping: the likely reading of what the corpus leaves open is ours too', () => {
    const deviations: string[] = [];
    for (const { file, groups } of expectedMessages(corpus)) {
      const mapped = mapHl7Message(readCorpusMessage(corpus, file), defaultMappingSettings);
      for (const [index, group] of groups.entries()) {
        const fields: Readonly<Record<string, string | undefined>> = mapped[index]?.fields ?? {};
        for (const [name, { reading }] of Object.entries(group.unscored)) {
          if (reading === undefined || NOT_JUDGED.has(name) || name === 'homeAddress' || fields[name] === reading)
            continue;
          deviations.push(`${file} ${name}: ${fields[name]} not ${reading}`);
        }
      }
    }
    expect(deviations).toEqual([]);
  });

  test('mapping: no message of any corpus makes it throw, hostile ones included', () => {
    const files = corpusFiles(corpus);
    expect(files.length).toBeGreaterThan(350);
    for (const file of files) {
      const read = readHl7Message(readFileSync(file), {});
      if (!read.ok) continue;
      const began = performance.now();
      for (const group of mapHl7Message(read.value, defaultMappingSettings)) {
        for (const value of Object.values(group.fields)) expect(value).not.toBe('');
        for (const value of Object.values(group.fields)) expect(value).not.toBe('""');
      }
      mapHl7Patient(read.value, defaultMappingSettings);
      expect(performance.now() - began, file).toBeLessThan(2_000);
    }
  });
});
