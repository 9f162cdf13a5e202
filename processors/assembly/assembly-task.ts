/**
 * The assembly: hl7.messages and study.images in; studies, cloud.requests and documents out.
 *
 * Each record is written into a dossier as a fact (`dossier.ts`); after the batch the touched dossiers are concluded:
 * which facts make up which study (`fact-links.ts`), what each study is (`assessment.ts`), what the cloud is to be told
 * (`study-requests.ts`). Facts are ordered by what their senders say, so any order of arrival ends in the same body.
 *
 * A study is due when images have come and none has for the quiet time, counted from when the last one was received.
 */
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import type { StoredRecord } from '../../runtime/contracts/record-log.ts';
import type { TaskDefinition } from '../../runtime/contracts/task.ts';
import { type Failure, failed, type Result } from '../../schemas/failure.ts';
import { parseSite, parseStudyInstanceUid } from '../../schemas/identifiers.ts';
import { positionText } from '../../schemas/record-entry.ts';
import type { Hl7Message, StudyImages } from '../../schemas/records.ts';
import type { MappedGroup } from '../mapping/mapped-message.ts';
import type { AssemblySettings } from './assembly-settings.ts';
import { ASSEMBLY_STORES, type AssemblyContext, type AssemblyState } from './assembly-state.ts';
import { concludeDossier } from './conclusion.ts';
import type { Cause } from './dossier.ts';
import type { MappedImages } from './images-fact.ts';
import { quieted } from './images-fact.ts';
import { takeImages } from './images-intake.ts';
import { takeMessage } from './message-intake.ts';

export interface AssemblyOptions {
  readonly codec: RecordCodec;
  /** The message's groups; fails when the bytes cannot be read. */
  readonly readAndMap: (message: Hl7Message) => Result<readonly MappedGroup[]>;
  readonly mapDicomStudy: (images: StudyImages) => MappedImages;
  /** undefined: no such site is configured. */
  readonly settings: (site: string) => AssemblySettings | undefined;
}

/** For a record that came without one. */
const NO_TRACE = '0000000000000000';

export function assemblyTask(options: AssemblyOptions): TaskDefinition<AssemblyState> {
  return {
    name: 'assembly',
    inputs: ['hl7.messages', 'study.images'],
    outputs: ['studies', 'cloud.requests', 'documents'],
    stores: ASSEMBLY_STORES,
    process: (record, context) => {
      const failure =
        record.topic === 'study.images'
          ? processImages(record, options, context)
          : processMessage(record, options, context);
      // Invariant 3: what cannot be used becomes a dead letter.
      if (failure !== undefined) context.reject(record, failure);
    },
    wake: (key, context) => {
      const [site, studyInstanceUid] = splitKey(key);
      const name = context.state.identifiers.get(`${site}/study/${studyInstanceUid}`);
      const dossierKey = `${site}/${name}`;
      const dossier = context.state.dossiers.get(dossierKey);
      if (dossier === undefined) return;
      const images = dossier.images.map((fact) => (fact.studyInstanceUid === studyInstanceUid ? quieted(fact) : fact));
      context.state.dossiers.set(dossierKey, { ...dossier, images });
      context.touch(dossierKey);
    },
    conclude: (key, context) => {
      const dossier = context.state.dossiers.get(key);
      const [site] = splitKey(key);
      const settings = options.settings(site);
      // No dossier: it was merged into an older one in this batch, which is concluded itself.
      if (dossier === undefined || settings === undefined) return;
      concludeDossier(site, key, dossier, settings, options.codec, context);
    },
  };
}

function processMessage(
  record: StoredRecord,
  { codec, readAndMap, settings }: AssemblyOptions,
  context: AssemblyContext,
): Failure | undefined {
  if (record.value === null) return failed('assembly.no_value', 'a record of hl7.messages has no value').failure;
  const decoded = codec.decode('hl7.messages', record.value);
  if (!decoded.ok) return decoded.failure;
  const message = decoded.value;
  // Invariant 3: the record itself says why it is not used.
  if (message.disposition !== 'used') return undefined;
  const siteSettings = settingsOf(message.site, settings);
  if (!siteSettings.ok) return siteSettings.failure;
  const mapped = readAndMap(message);
  if (!mapped.ok) return mapped.failure;
  return takeMessage(message, mapped.value, causeOf(record, message.receivedAtMs), siteSettings.value, codec, context);
}

function processImages(
  record: StoredRecord,
  { codec, mapDicomStudy, settings }: AssemblyOptions,
  context: AssemblyContext,
): Failure | undefined {
  if (record.value === null) return failed('assembly.no_value', 'a record of study.images has no value').failure;
  const decoded = codec.decode('study.images', record.value);
  if (!decoded.ok) return decoded.failure;
  const images = decoded.value;
  const siteSettings = settingsOf(images.site, settings);
  if (!siteSettings.ok) return siteSettings.failure;
  if (parseStudyInstanceUid(images.studyInstanceUid) === undefined) {
    return failed('assembly.invalid_uid', 'a snapshot of images names its study with no valid UID').failure;
  }
  return takeImages(images, mapDicomStudy(images), causeOf(record, images.lastEventAtMs), siteSettings.value, context);
}

function settingsOf(site: string, settings: AssemblyOptions['settings']): Result<AssemblySettings> {
  const found = parseSite(site) === undefined ? undefined : settings(site);
  if (found === undefined) return failed('assembly.unknown_site', 'a record belongs to a site that is not configured');
  return { ok: true, value: found };
}

function causeOf(record: StoredRecord, atMs: number): Omit<Cause, 'fact'> {
  return { position: positionText(record.position), trace: record.headers.get('trace') ?? NO_TRACE, atMs };
}

/** A site holds no slash, so the first one ends it. */
function splitKey(key: string): readonly [site: string, rest: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
