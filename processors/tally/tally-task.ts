/**
 * Counts the images of each study: dicom.instances in, study.images out, one snapshot a touched study and commit.
 *
 * Three stores. `instances`: per study and SOP Instance UID what each source said last (`instance-register.ts`).
 * `variants`: what instances say, once for all that say the same. `studies`: the row a snapshot is made of.
 *
 * Within a study a SOP Instance UID counts once; when two series claim it, it belongs to the one stored last. Two
 * studies that claim the same UID both count it: they are read by different tasks, and each hospital archive would show
 * it in both.
 */
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import type { StoredRecord } from '../../runtime/contracts/record-log.ts';
import type { TaskContext, TaskDefinition } from '../../runtime/contracts/task.ts';
import { assertNever, failed, type Result, succeeded } from '../../schemas/failure.ts';
import {
  parseSeriesInstanceUid,
  parseSite,
  parseSopInstanceUid,
  parseStudyInstanceUid,
} from '../../schemas/identifiers.ts';
import { positionText } from '../../schemas/record-entry.ts';
import type { DicomInstance } from '../../schemas/records.ts';
import { type InstanceRegister, presentBy, withDeletion, withStore } from './instance-register.ts';
import { type RecentVariants, recentVariants } from './recent-variants.ts';
import { registerCodec } from './register-codec.ts';
import {
  HASH_CHARACTERS,
  hasVariant,
  type StudyRow,
  sameVariants,
  uidHash,
  withOneLess,
  withOneMore,
} from './study-row.ts';
import { studyRowCodec, variantContentCodec } from './study-row-codec.ts';
import { chosenAttributes, studySnapshot } from './study-snapshot.ts';
import type { VariantContent } from './variant-content.ts';

/** For a record that came without one. */
const NO_TRACE = '0000000000000000';

export interface TallyState {
  /** `site/study hash + instance hash`. */
  readonly instances: InstanceRegister;
  /** `site/study hash + variant name`. */
  readonly variants: VariantContent;
  /** `site/Study Instance UID`. */
  readonly studies: StudyRow;
}

export function tallyTask(options: { readonly codec: RecordCodec }): TaskDefinition<TallyState> {
  const { codec } = options;
  const recent = recentVariants();
  return {
    name: 'tally',
    inputs: ['dicom.instances'],
    outputs: ['study.images'],
    stores: { instances: registerCodec, variants: variantContentCodec, studies: studyRowCodec },
    grouping: {
      roots: 'studies',
      groupOf: (store, key) => {
        const slash = key.indexOf('/');
        if (store === 'studies') return studyPrefix(key.slice(0, slash), key.slice(slash + 1));
        return key.slice(0, slash + 1 + HASH_CHARACTERS);
      },
    },
    process: (record, context) => {
      const event = readEvent(codec, record);
      // Invariant 3: what cannot be counted becomes a dead letter.
      if (event.ok) count(event.value, record, context, recent);
      else context.reject(record, event.failure);
    },
    conclude: (key, context) => {
      const row = context.state.studies.get(key);
      if (row === undefined) return;
      const slash = key.indexOf('/');
      const site = key.slice(0, slash);
      const studyInstanceUid = key.slice(slash + 1);
      const attributes = row.attributesStale
        ? chosenAttributes(row.series, (variant) => context.state.variants.get(row.prefix + variant))
        : row.attributes;
      const next: StudyRow = { ...row, attributes, attributesStale: false, revision: row.revision + 1 };
      context.state.studies.set(key, next);
      context.emit(codec.entry('study.images', studySnapshot(site, studyInstanceUid, next), next.lineage));
    },
  };
}

/** All instances of a study, and all its variants, begin with it. */
export function studyPrefix(site: string, studyInstanceUid: string): string {
  return `${site}/${uidHash(studyInstanceUid)}`;
}

function readEvent(codec: RecordCodec, record: StoredRecord): Result<DicomInstance> {
  if (record.value === null) return failed('tally.no_value', 'a record of dicom.instances has no value');
  const decoded = codec.decode('dicom.instances', record.value);
  if (!decoded.ok) return decoded;
  const event = decoded.value;
  const named =
    parseSite(event.site) !== undefined &&
    parseStudyInstanceUid(event.studyInstanceUid) !== undefined &&
    parseSeriesInstanceUid(event.seriesInstanceUid) !== undefined &&
    parseSopInstanceUid(event.sopInstanceUid) !== undefined;
  // A deletion need not know the series: the instance is found by its own UID.
  const deletion = event.event === 'deleted' && event.seriesInstanceUid === '';
  if (!named && !(deletion && parseSopInstanceUid(event.sopInstanceUid) !== undefined)) {
    return failed('tally.invalid_uid', 'an event of an instance names its study, series or instance with no valid UID');
  }
  if (event.event === 'deleted' && event.sourceOrder === null) {
    return failed('tally.deletion_without_order', 'a deletion does not say where in the order of its source it stands');
  }
  return succeeded(event);
}

function count(
  event: DicomInstance,
  record: StoredRecord,
  context: TaskContext<TallyState>,
  recent: RecentVariants,
): void {
  const { instances, variants, studies } = context.state;
  const prefix = `${event.site}/${recent.studyHash(event.studyInstanceUid)}`;
  const key = prefix + uidHash(event.sopInstanceUid);
  const known = instances.get(key) ?? [];
  const { name: variant, content } = recent.variantOf(event);
  const register = withEvent(known, event, variant, Number(record.position.offset));
  if (register === known) return;
  instances.set(key, register);

  const studyKey = `${event.site}/${event.studyInstanceUid}`;
  const row = studies.get(studyKey) ?? newRow(prefix, event.receivedAtMs);
  const stored = event.event === 'stored' && !hasVariant(row.series, variant);
  if (stored && variants.get(prefix + variant) === undefined) variants.set(prefix + variant, content);

  const before = presentBy(known);
  const after = presentBy(register);
  // Invariant 6: a repeated store leaves the set, and so the snapshot, as it is.
  if (before?.variant === after?.variant) return;
  let { series } = row;
  if (before !== undefined) series = withOneLess(series, before.variant);
  if (after !== undefined) {
    const said = after.variant === variant ? content : variants.get(prefix + after.variant);
    series = withOneMore(series, after.variant, said ?? content);
  }
  studies.set(studyKey, {
    ...row,
    series,
    attributesStale: row.attributesStale || !sameVariants(series, row.series),
    firstEventAtMs: Math.min(row.firstEventAtMs, event.receivedAtMs),
    lastEventAtMs: Math.max(row.lastEventAtMs, event.receivedAtMs),
    lineage: { trace: record.headers.get('trace') ?? NO_TRACE, causation: positionText(record.position) },
  });
  context.touch(studyKey);
}

function newRow(prefix: string, receivedAtMs: number): StudyRow {
  return {
    prefix,
    revision: 0,
    firstEventAtMs: receivedAtMs,
    lastEventAtMs: receivedAtMs,
    series: [],
    attributes: [],
    attributesStale: true,
    lineage: { trace: NO_TRACE, causation: '' },
  };
}

function withEvent(known: InstanceRegister, event: DicomInstance, variant: string, offset: number): InstanceRegister {
  const { source, sourceOrder, receivedAtMs } = event;
  switch (event.event) {
    case 'stored':
      return withStore(known, source, { order: sourceOrder, receivedAtMs, variant, offset });
    case 'deleted':
      return withDeletion(known, source, { order: sourceOrder ?? 0, receivedAtMs, offset });
    default:
      return assertNever(event.event);
  }
}
