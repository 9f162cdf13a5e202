// What is remembered of variants is what naming them anew would say.
import { expect, test } from 'vitest';
import { instanceClass } from '../../../processors/tally/instance-class.ts';
import { recentVariants } from '../../../processors/tally/recent-variants.ts';
import { uidHash, variantName } from '../../../processors/tally/study-row.ts';
import { contentOf } from '../../../processors/tally/variant-content.ts';
import type { DicomInstance } from '../../../schemas/records.ts';
import { storedEvent } from './instance-events.ts';

const REPORT = '1.2.840.10008.5.1.4.1.1.88.11';
const BASE = { instance: '1.2.3.1.1', attributes: { patientId: 'P1', studyDescription: 'CT CHEST' } };

/** Each after each other: a difference in any one place must be seen. */
const EVENTS: readonly DicomInstance[] = [
  storedEvent(BASE),
  storedEvent({ ...BASE, instance: '1.2.3.1.2' }),
  storedEvent({ ...BASE, sopClassUid: REPORT }),
  storedEvent({ ...BASE, series: '1.2.3.2' }),
  storedEvent({ ...BASE, modality: 'SR' }),
  storedEvent({ ...BASE, modality: null }),
  storedEvent({ ...BASE, attributes: { patientId: 'P1' } }),
  storedEvent({ ...BASE, attributes: { patientId: ' P1 ', studyDescription: 'CT CHEST' } }),
  storedEvent({ ...BASE, attributes: { patientId: 'P1', studyDescription: '' } }),
  storedEvent({ ...BASE, attributes: { patientId: 'P1', studyDescription: 'CT CHEST', manufacturerModel: 'M' } }),
  { ...storedEvent(BASE), attributes: null },
];

test('recent variants: an event is named as if nothing were remembered, whatever came before it', () => {
  for (const before of EVENTS) {
    for (const event of EVENTS) {
      const recent = recentVariants();
      recent.variantOf(before);
      const { name, content } = recent.variantOf(event);
      expect(content).toEqual(contentOf(event));
      expect(name).toBe(variantName(instanceClass(event.sopClassUid), contentOf(event)));
    }
  }
});

test('recent variants: more series and studies than are remembered are named right, and what is long is not kept', () => {
  const recent = recentVariants();
  const long = storedEvent({ ...BASE, attributes: { studyDescription: 'x'.repeat(3_000) } });
  for (let number = 0; number < 5_000; number += 1) {
    const event = storedEvent({ ...BASE, series: `1.2.3.${number}` });
    expect(recent.variantOf(event).name).toBe(variantName('images', contentOf(event)));
    expect(recent.studyHash(`1.2.${number}`)).toBe(uidHash(`1.2.${number}`));
    expect(recent.studyHash(`1.2.${number}`)).toBe(uidHash(`1.2.${number}`));
  }
  expect(recent.variantOf(long)).not.toBe(recent.variantOf(long));
});
