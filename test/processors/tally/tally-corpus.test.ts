import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { tallyTask } from '../../../processors/tally/tally-task.ts';
import type { StudyImages } from '../../../schemas/records.ts';
import { corpusFolder } from '../../requirements.ts';
import { decoded, recordMaker, taskHarness } from '../task-harness.ts';
import { storedEvent } from './instance-events.ts';

const corpus = corpusFolder();

interface Reading {
  readonly file: string;
  readonly dcmtk?: { readonly [tag: string]: unknown };
  readonly pydicom?: { readonly [tag: string]: unknown };
}

describe.skipIf(corpus === undefined)('image tally on the corpus', () => {
  test('image tally: what Orthanc accepted becomes its distinct instances, series and studies', () => {
    const folder = join(corpus ?? '', 'dicom');
    const accepted = readFileSync(join(folder, 'orthanc_ingest.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([, http]) => http === '200')
      .map(([file]) => file);
    const readings = new Map<string, Reading>();
    for (const line of readFileSync(join(folder, 'oracle.jsonl'), 'utf8').split('\n')) {
      if (line === '') continue;
      const reading: Reading = JSON.parse(line);
      readings.set(reading.file, reading);
    }
    const codec = singleObjectCodec();
    const record = recordMaker(codec);
    const task = taskHarness(tallyTask({ codec }));
    const files = accepted.map((file) => readings.get(file ?? '')).filter((reading) => reading !== undefined);
    expect(files).toHaveLength(234);
    for (const reading of files) {
      // Two files declare their UIDs as unknown (VR UN): dcmtk, and Orthanc with it, reads them as text in hex, a study
      // of its own; pydicom reads the UIDs of a third file. This test is held to Orthanc's reading, as digits.
      const tag = (name: string): string =>
        String(reading.dcmtk?.[name] ?? reading.pydicom?.[name] ?? '')
          .replaceAll(/[^0-9.]/g, '')
          .slice(0, 64);
      const parts = {
        study: tag('StudyInstanceUID'),
        series: tag('SeriesInstanceUID'),
        instance: tag('SOPInstanceUID'),
        sopClassUid: tag('SOPClassUID'),
      };
      task.batch([record('dicom.instances', storedEvent(parts))]);
    }
    const final = new Map<string, StudyImages>();
    for (const entry of task.emitted) final.set(entry.key, decoded(codec, 'study.images', entry));
    const studies = [...final.values()];
    expect(task.rejected).toEqual([]);
    expect(studies).toHaveLength(70);
    expect(studies.flatMap((study) => study.series)).toHaveLength(77);
    const instances = studies.flatMap((study) => Object.values(study.counts)).reduce((sum, count) => sum + count, 0);
    expect(instances).toBe(174);
  });
});
