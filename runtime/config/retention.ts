// How many days each topic is kept: options made from the topic table.
import * as z from 'zod';
import { TOPICS } from '../../schemas/topics.ts';
import { integer } from './option.ts';

const DAY_MS = 86_400_000;

const days = (
  topic: 'hl7.messages' | 'dicom.instances' | 'documents' | 'cloud.requests' | 'cloud.deliveries' | 'dead.letters',
) =>
  integer(
    { min: 1, max: 3650, default: (TOPICS[topic].retentionMs ?? 30 * DAY_MS) / DAY_MS },
    { sentence: `Days the records of ${topic} are kept.` },
  );

export const retentionDays = z
  .strictObject({
    'hl7.messages': days('hl7.messages'),
    'dicom.instances': days('dicom.instances'),
    documents: days('documents'),
    'cloud.requests': days('cloud.requests'),
    'cloud.deliveries': days('cloud.deliveries'),
    'dead.letters': days('dead.letters'),
  })
  .prefault({})
  .meta({
    sentence: 'Retention of the topics that are not kept for ever. What no task has read yet is never deleted.',
  });
