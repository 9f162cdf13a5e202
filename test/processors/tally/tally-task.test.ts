import { describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { tallyTask } from '../../../processors/tally/tally-task.ts';
import type { StoredRecord } from '../../../runtime/contracts/record-log.ts';
import type { Entry } from '../../../schemas/record-entry.ts';
import type { DicomInstance, StudyImages } from '../../../schemas/records.ts';
import { decoded, recordMaker, taskHarness } from '../task-harness.ts';
import { CT_IMAGE, deletedEvent, storedEvent } from './instance-events.ts';

const codec = singleObjectCodec();
const record = recordMaker(codec);
const recordsOf = (events: readonly DicomInstance[]): StoredRecord[] =>
  events.map((event) => record('dicom.instances', event));
const snapshots = (entries: readonly Entry[]): StudyImages[] =>
  entries.map((entry) => decoded(codec, 'study.images', entry));
const harness = () => taskHarness(tallyTask({ codec }));
const last = (entries: readonly Entry[]): StudyImages | undefined => snapshots(entries).at(-1);
const AT_MS = 1_800_000_000_000;

describe('image tally', () => {
  test('image tally: a batch of three images of one study becomes one snapshot', () => {
    const task = harness();
    const emitted = task.batch(recordsOf(['1.1', '1.2', '1.3'].map((instance) => storedEvent({ instance }))));
    expect(emitted).toHaveLength(1);
    expect(emitted[0]?.key).toBe('default/1.2.3');
    expect(emitted[0]?.partitionKey).toBe('default');
    expect(last(emitted)).toMatchObject({ revision: 1, counts: { images: 3 }, series: [{ modality: 'CT' }] });
  });

  // Invariant 6.
  test('image tally: an instance stored again changes nothing and makes no snapshot', () => {
    const task = harness();
    task.batch(recordsOf([storedEvent({ instance: '1.1' })]));
    expect(
      task.each(recordsOf([storedEvent({ instance: '1.1' }), storedEvent({ instance: '1.1', atMs: AT_MS + 5 })])),
    ).toEqual([]);
  });

  test('image tally: a later image raises the revision and keeps the first time', () => {
    const task = harness();
    task.batch(recordsOf([storedEvent({ instance: '1.1', atMs: AT_MS })]));
    const emitted = task.batch(recordsOf([storedEvent({ instance: '1.2', series: '1.2.3.2', atMs: AT_MS + 900 })]));
    expect(last(emitted)).toMatchObject({
      revision: 2,
      counts: { images: 2 },
      firstEventAtMs: AT_MS,
      lastEventAtMs: AT_MS + 900,
    });
    expect(last(emitted)?.series).toHaveLength(2);
  });

  test('image tally: reports, dose reports, PDFs, key objects and presentation states are counted apart', () => {
    const storage = '1.2.840.10008.5.1.4.1.1';
    const classes = [
      '2',
      '104.1',
      '104.2',
      '88.59',
      '88.11',
      '88.33',
      '88.67',
      '88.68',
      '88.73',
      '11.1',
      '11.11',
      '9.1.1',
    ];
    const events = classes.map((name, index) =>
      storedEvent({ instance: `9.${index}`, sopClassUid: `${storage}.${name}` }),
    );
    expect(last(harness().batch(recordsOf(events)))?.counts).toEqual({
      images: 3,
      structuredReports: 2,
      doseReports: 3,
      pdfs: 1,
      keyObjects: 1,
      presentationStates: 2,
    });
  });

  test('image tally: a deletion takes the image away, and a store older than it does not bring it back', () => {
    const task = harness();
    task.batch(recordsOf([storedEvent({ instance: '1.1', order: 3 }), storedEvent({ instance: '1.2', order: 4 })]));
    expect(last(task.batch(recordsOf([deletedEvent({ instance: '1.1', order: 5 })])))?.counts.images).toBe(1);
    expect(task.batch(recordsOf([storedEvent({ instance: '1.1', order: 3 })]))).toEqual([]);
    expect(task.batch(recordsOf([storedEvent({ instance: '1.1', order: 5 })]))).toEqual([]);
    expect(last(task.batch(recordsOf([storedEvent({ instance: '1.1', order: 6 })])))?.counts.images).toBe(2);
  });

  test('image tally: a deletion read before its store keeps the image away', () => {
    const task = harness();
    expect(
      task.each(recordsOf([deletedEvent({ instance: '1.1', order: 5 }), storedEvent({ instance: '1.1', order: 3 })])),
    ).toEqual([]);
  });

  test('image tally: a store of another source received after a deletion brings the image back', () => {
    const task = harness();
    task.each(
      recordsOf([
        storedEvent({ instance: '1.1', order: 3 }),
        deletedEvent({ instance: '1.1', order: 5, atMs: AT_MS + 10 }),
      ]),
    );
    expect(task.each(recordsOf([storedEvent({ instance: '1.1', source: 'tap', atMs: AT_MS + 5 })]))).toEqual([]);
    const emitted = task.each(recordsOf([storedEvent({ instance: '1.1', source: 'tap', atMs: AT_MS + 20 })]));
    expect(last(emitted)?.counts.images).toBe(1);
  });

  test('image tally: the last image deleted leaves a snapshot that says none', () => {
    const task = harness();
    task.batch(recordsOf([storedEvent({ instance: '1.1', order: 1, attributes: { patientId: 'P1' } })]));
    const snapshot = last(task.batch(recordsOf([deletedEvent({ instance: '1.1', order: 2 })])));
    expect(snapshot).toMatchObject({ revision: 2, series: [], counts: { images: 0 }, attributes: { patientId: null } });
  });

  test('image tally: a deletion without an order, a UID that is none and bytes that are no record become dead letters', () => {
    const task = harness();
    const good = record('dicom.instances', storedEvent({ instance: '1.1' }));
    task.batch([
      ...recordsOf([deletedEvent({ instance: '1.1', order: null }), storedEvent({ instance: '../../etc' })]),
      { ...good, value: Uint8Array.of(1, 2, 3) },
      { ...good, value: null },
    ]);
    expect(task.rejected.map(({ failure }) => failure.code)).toEqual([
      'tally.deletion_without_order',
      'tally.invalid_uid',
      'avro.unknown_schema',
      'tally.no_value',
    ]);
    expect(task.emitted).toEqual([]);
  });

  test('image tally: a deletion that does not know its series finds the instance', () => {
    const task = harness();
    task.batch(recordsOf([storedEvent({ instance: '1.1', order: 1 })]));
    expect(last(task.batch(recordsOf([deletedEvent({ instance: '1.1', series: '', order: 2 })])))?.counts.images).toBe(
      0,
    );
  });

  test('image tally: a UID in two series counts once, in the series it was stored into last', () => {
    const events = [
      storedEvent({ instance: '1.1', series: '1.2.3.7', atMs: AT_MS }),
      storedEvent({ instance: '1.1', series: '1.2.3.4', atMs: AT_MS + 1 }),
    ];
    for (const order of [events, events.toReversed()]) {
      const snapshot = last(harness().each(recordsOf(order)));
      expect(snapshot?.counts.images).toBe(1);
      expect(snapshot?.series.map((series) => series.seriesInstanceUid)).toEqual(['1.2.3.4']);
    }
  });

  test('image tally: a UID in two studies counts in both', () => {
    const task = harness();
    const emitted = task.batch(recordsOf(['1.2.3', '1.2.4'].map((study) => storedEvent({ study, instance: '1.1' }))));
    expect(snapshots(emitted).map((snapshot) => snapshot.counts.images)).toEqual([1, 1]);
  });

  test('image tally: the attributes of images go before those of reports, whichever came first', () => {
    const report = storedEvent({
      instance: '1.9',
      series: '1.2.3.0',
      sopClassUid: '1.2.840.10008.5.1.4.1.1.88.11',
      modality: 'SR',
      attributes: { stationName: 'READING', patientTelephone: ' 161 ' },
    });
    const image = storedEvent({
      instance: '1.1',
      series: '1.2.3.5',
      attributes: { stationName: 'CT1', patientTelephone: '' },
    });
    for (const order of [
      [report, image],
      [image, report],
    ]) {
      expect(last(harness().each(recordsOf(order)))?.attributes).toMatchObject({
        stationName: 'CT1',
        patientTelephone: '161',
      });
    }
  });

  test('image tally: an image sent again with a corrected name corrects the snapshot', () => {
    const task = harness();
    task.batch(recordsOf([storedEvent({ instance: '1.1', attributes: { patientName: 'A' } })]));
    const emitted = task.batch(
      recordsOf([storedEvent({ instance: '1.1', atMs: AT_MS + 1, attributes: { patientName: 'B' } })]),
    );
    expect(last(emitted)).toMatchObject({ counts: { images: 1 }, attributes: { patientName: 'B' } });
  });

  test('image tally: a snapshot carries the trace and the position of the record that changed the study last', () => {
    const task = harness();
    const records = recordsOf(['1.1', '1.2', '1.1'].map((instance) => storedEvent({ instance })));
    const headers = task.batch(records)[0]?.headers;
    expect(headers?.get('trace')).toBe('00000000000000aa');
    expect(headers?.get('causation')).toBe(`dicom.instances/0/${records[1]?.position.offset}`);
  });

  test('image tally: a series whose every image says something else keeps a bounded row and the right count', () => {
    const task = harness();
    const events = Array.from({ length: 300 }, (_, index) =>
      storedEvent({
        instance: `1.${index}`,
        order: index,
        sopClassUid: CT_IMAGE,
        attributes: { scanOptions: `S${index}` },
      }),
    );
    expect(last(task.batch(recordsOf(events)))?.counts.images).toBe(300);
    const row = task.state.studies.get('default/1.2.3');
    expect(row?.series[0]?.variants.length).toBeLessThanOrEqual(65);
    const deletions = events
      .slice(0, 299)
      .map((_, index) => deletedEvent({ instance: `1.${index}`, order: 1000 + index }));
    expect(last(task.each(recordsOf(deletions)))?.counts.images).toBe(1);
  });

  test('image tally: a study of 10,000 images has a row no larger than one of ten, and counts each once', () => {
    const task = harness();
    const store = (from: number, to: number) =>
      task.batch(
        recordsOf(Array.from({ length: to - from }, (_, index) => storedEvent({ instance: `1.${from + index}` }))),
      );
    store(0, 10);
    const small = JSON.stringify(task.state.studies.get('default/1.2.3')).length;
    for (let from = 10; from < 10_000; from += 999) store(from, Math.min(from + 999, 10_000));
    expect(last(task.emitted)?.counts.images).toBe(10_000);
    expect(JSON.stringify(task.state.studies.get('default/1.2.3')).length).toBeLessThan(small + 20);
  });
});
