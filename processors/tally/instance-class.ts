// Which of the counted classes a SOP Instance belongs to, by its SOP Class UID.
import type { InstanceCounts } from '../../schemas/records.ts';

export type InstanceClass = keyof InstanceCounts;

const STORAGE = '1.2.840.10008.5.1.4.1.1.';
const PRESENTATION_STATE_PREFIX = `${STORAGE}11.`;
const STRUCTURED_REPORT_PREFIX = `${STORAGE}88.`;

/** Classes that are told by the whole UID. Source: PS3.4 annex B.5. */
const BY_UID: ReadonlyMap<string, InstanceClass> = new Map([
  [`${STORAGE}104.1`, 'pdfs'], // Encapsulated PDF; 104.2 (CDA) and 104.3 (STL) are no PDF
  [`${STORAGE}88.59`, 'keyObjects'], // Key Object Selection Document
  [`${STORAGE}88.67`, 'doseReports'], // X-Ray Radiation Dose SR
  [`${STORAGE}88.68`, 'doseReports'], // Radiopharmaceutical Radiation Dose SR
  [`${STORAGE}88.73`, 'doseReports'], // Patient Radiation Dose SR
]);

/** What is no PDF, no key object, no presentation state and no report is an image: waveforms and unknown classes too. */
export function instanceClass(sopClassUid: string): InstanceClass {
  const exact = BY_UID.get(sopClassUid);
  if (exact !== undefined) return exact;
  if (sopClassUid.startsWith(PRESENTATION_STATE_PREFIX)) return 'presentationStates';
  if (sopClassUid.startsWith(STRUCTURED_REPORT_PREFIX)) return 'structuredReports';
  return 'images';
}

/** In a fixed order: the index is what the packed state holds, so the order never changes. */
export const INSTANCE_CLASSES = [
  'images',
  'structuredReports',
  'doseReports',
  'pdfs',
  'keyObjects',
  'presentationStates',
] as const satisfies readonly InstanceClass[];

export const NO_INSTANCES: InstanceCounts = {
  images: 0,
  structuredReports: 0,
  doseReports: 0,
  pdfs: 0,
  keyObjects: 0,
  presentationStates: 0,
};
