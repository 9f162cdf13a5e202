// Records that cannot be used, and identifiers that cannot be trusted.
import { describe, expect, test } from 'vitest';
import { withdrawalsByHand } from '../../../processors/assembly/assembly-view.ts';
import { assemblyBench, hospital, orderGroup, PATIENT, reportGroup } from './assembly-bench.ts';

const A1 = { accessionNumber: 'A1' };

describe('records that cannot be used', () => {
  test('invariant 3: each becomes a dead letter or says itself why it is ignored', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { message, order } = hospital();
    const broken = message([orderGroup(A1)], { raw: Buffer.from('{') });
    const torn = { ...order(A1), value: new Uint8Array(3) };
    bench.task.each([
      broken,
      torn,
      { ...order(A1), value: null },
      message([]),
      message([orderGroup({})]),
      order(A1, { site: 'gone' }),
      message([orderGroup(A1)], { disposition: 'ignored' }),
      message([orderGroup(A1)], { disposition: 'recorded' }),
    ]);
    expect(bench.task.rejected.map(({ failure }) => failure.code)).toEqual([
      'hl7.missing_control_id',
      'avro.unknown_schema',
      'assembly.no_value',
      'assembly.nothing_usable',
      'assembly.no_identifier',
      'assembly.unknown_site',
    ]);
    expect(bench.task.emitted).toEqual([]);
  });

  test('an identifier that everything shares fills one dossier and joins nothing more', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { order, images } = hospital();
    for (let n = 0; n < 200; n += 1) {
      const accession = `A${n}`;
      bench.task.each([
        order(
          { accessionNumber: accession, placerOrderNumber: '0' },
          { fields: { ...PATIENT, patientId: accession, modality: 'CT' } },
        ),
        images(`1.2.${n}`, { accession }),
      ]);
    }
    expect(bench.task.rejected).toEqual([]);
    const bodies = [...bench.finalBodies().values()].map((body) => JSON.parse(body));
    expect(bodies).toHaveLength(200);
    expect(bodies.every(({ patientId, studyId }) => patientId === studyId)).toBe(true);
  });

  test('a group without a number is reported at the study of the others', () => {
    const bench = assemblyBench({ studyQuietMs: 0 });
    const { message } = hospital();
    bench.task.each([message([orderGroup(A1), reportGroup({})])]);
    expect([...bench.studies().values()][0]?.findings).toMatchObject([{ code: 'assembly.group_without_identifier' }]);
    expect(withdrawalsByHand(bench.task.state, 'main', 10)).toEqual([]);
  });
});
