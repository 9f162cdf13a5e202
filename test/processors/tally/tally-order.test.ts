import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { INSTANCE_CLASSES } from '../../../processors/tally/instance-class.ts';
import { presentBy } from '../../../processors/tally/instance-register.ts';
import { classOfVariant } from '../../../processors/tally/study-row.ts';
import { studyPrefix, tallyTask } from '../../../processors/tally/tally-task.ts';
import type { DicomInstance, StudyImages } from '../../../schemas/records.ts';
import { decoded, recordMaker, taskHarness } from '../task-harness.ts';
import { deletedEvent, storedEvent } from './instance-events.ts';

const codec = singleObjectCodec();
const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);

const eventOf: fc.Arbitrary<DicomInstance> = fc
  .record({
    deleted: fc.boolean(),
    study: fc.constantFrom('1.2.3', '1.2.4'),
    series: fc.constantFrom('1.2.3.1', '1.2.3.2', '1.2.3.3'),
    instance: fc.constantFrom('5.1', '5.2', '5.3', '5.4'),
    sopClassUid: fc.constantFrom('1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.1.1.88.11'),
    modality: fc.constantFrom('CT', 'MR', null),
    source: fc.constantFrom('feed', 'tap', 'hook'),
    order: fc.integer({ min: 1, max: 6 }),
    ordered: fc.boolean(),
    atMs: fc.integer({ min: 1_800_000_000_000, max: 1_800_000_000_006 }),
    patientName: fc.constantFrom('', 'A', 'B'),
    stationName: fc.constantFrom(null, 'S1', 'S2'),
  })
  .map(({ deleted, ordered, order, patientName, stationName, ...parts }) => {
    const attributes = { patientName, stationName };
    if (deleted) return deletedEvent({ ...parts, order });
    return storedEvent({ ...parts, attributes, order: ordered ? order : null });
  });

/** The events one to five times each, in an order of fast-check's choice, in batches of its choice. */
const history = fc.array(eventOf, { minLength: 1, maxLength: 25 }).chain((events) =>
  fc.record({
    events: fc.constant(events),
    replay: fc
      .tuple(
        ...events.map((event) =>
          fc.integer({ min: 1, max: 5 }).map((times) => Array.from({ length: times }, () => event)),
        ),
      )
      .map((repeated) => repeated.flat())
      .chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
    batchSize: fc.integer({ min: 1, max: 10 }),
  }),
);

function run(events: readonly DicomInstance[], batchSize: number) {
  const record = recordMaker(codec);
  const task = taskHarness(tallyTask({ codec }));
  for (let at = 0; at < events.length; at += batchSize) {
    task.batch(events.slice(at, at + batchSize).map((event) => record('dicom.instances', event)));
    task.restart();
  }
  const final = new Map<string, StudyImages>();
  for (const entry of task.emitted) {
    const snapshot = decoded(codec, 'study.images', entry);
    const before = final.get(snapshot.studyInstanceUid);
    if (before !== undefined) expect(snapshot.revision).toBeGreaterThan(before.revision);
    final.set(snapshot.studyInstanceUid, snapshot);
  }
  return { task, final };
}

function withoutHistory(final: ReadonlyMap<string, StudyImages>) {
  return [...final.values()]
    .filter((snapshot) => snapshot.series.length > 0)
    .map(({ revision: _, firstEventAtMs: _first, lastEventAtMs: _last, ...rest }) => rest)
    .sort((a, b) => (a.studyInstanceUid < b.studyInstanceUid ? -1 : 1));
}

describe(`image tally in any order (seed ${seed})`, () => {
  // Invariant 6.
  test('image tally: events repeated and shuffled end in the same snapshot', () => {
    fc.assert(
      fc.property(history, ({ events, replay, batchSize }) => {
        expect(withoutHistory(run(replay, batchSize).final)).toEqual(withoutHistory(run(events, 1).final));
      }),
      { seed, numRuns: 1_000 },
    );
  });

  // Invariant 6.
  test('image tally: the counts of a snapshot are the sizes of the sets, counted afresh', () => {
    fc.assert(
      fc.property(history, ({ replay, batchSize }) => {
        const { task, final } = run(replay, batchSize);
        for (const snapshot of final.values()) {
          const afresh = Object.fromEntries(INSTANCE_CLASSES.map((name) => [name, 0]));
          for (const [, register] of task.state.instances.range(studyPrefix('default', snapshot.studyInstanceUid))) {
            const store = presentBy(register);
            if (store !== undefined)
              afresh[classOfVariant(store.variant)] = (afresh[classOfVariant(store.variant)] ?? 0) + 1;
          }
          expect(snapshot.counts).toEqual(afresh);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});
