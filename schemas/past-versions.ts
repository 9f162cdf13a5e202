// Generated from versions/ by `npm run generate`; do not edit.

import type { TopicName } from './records.ts';

/** Schemas of released versions that differ from the current one, oldest first, without documentation. */
export const PAST_SCHEMA_TEXTS: { readonly [Name in TopicName]: readonly string[] } = {
  'cloud.deliveries': [],
  'cloud.requests': [],
  'dead.letters': [],
  'dicom.instances': [],
  documents: [],
  'hl7.messages': [],
  studies: [],
  'study.images': [],
};
