// A bench for the assembly: a hospital's records in short words, and what the cloud is asked for at the end.

import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { type AssemblySettings, DEFAULT_ASSEMBLY_SETTINGS } from '../../../processors/assembly/assembly-settings.ts';
import type { AssemblyState } from '../../../processors/assembly/assembly-state.ts';
import { assemblyTask } from '../../../processors/assembly/assembly-task.ts';
import type {
  MappedFields,
  MappedGroup,
  MappedIdentifiers,
  MappedOrder,
  ReportContent,
} from '../../../processors/mapping/mapped-message.ts';
import type { StoredRecord } from '../../../runtime/contracts/record-log.ts';
import { failed, succeeded } from '../../../schemas/failure.ts';
import { NO_STUDY_ATTRIBUTES } from '../../../schemas/no-study-attributes.ts';
import type { Entry } from '../../../schemas/record-entry.ts';
import type { CloudRequest, Hl7Message, StudyImages, StudySnapshot } from '../../../schemas/records.ts';
import { decoded, recordMaker, type TaskHarness, taskHarness } from '../task-harness.ts';

export const codec = singleObjectCodec();
export const NOW_MS = 1_800_000_000_000;
export const QUIET_MS = 60_000;

export interface Bench {
  readonly task: TaskHarness<AssemblyState, never>;
  readonly requests: () => readonly CloudRequest[];
  /** The last snapshot a study; undefined: withdrawn from the topic. */
  readonly studies: () => ReadonlyMap<string, StudySnapshot | undefined>;
  /** The last body a study, kind and report, by studyId or reportId. */
  readonly finalBodies: () => ReadonlyMap<string, string>;
}

export function assemblyBench(settings: Partial<AssemblySettings> = {}): Bench {
  const used = { ...DEFAULT_ASSEMBLY_SETTINGS, studyQuietMs: QUIET_MS, ...settings };
  const task = taskHarness(
    assemblyTask({
      codec,
      readAndMap: ({ raw }) => groupsOf(raw),
      mapDicomStudy: ({ attributes, series }) => ({ fields: dicomFields(attributes, series), findings: [] }),
      settings: (site) => (site === 'gone' ? undefined : used),
    }),
    NOW_MS,
  );
  return {
    task,
    requests: () => emittedOn(task.emitted, 'cloud.requests').map((entry) => decoded(codec, 'cloud.requests', entry)),
    studies: () =>
      new Map(
        emittedOn(task.emitted, 'studies').map((entry) => [
          entry.key,
          entry.value === null ? undefined : decoded(codec, 'studies', entry),
        ]),
      ),
    finalBodies: () =>
      new Map(
        emittedOn(task.emitted, 'cloud.requests')
          .map((entry) => decoded(codec, 'cloud.requests', entry))
          .map((request) => [
            `${request.site} ${request.kind} ${request.cloudStudyId} ${request.reportId ?? ''}`,
            request.body,
          ]),
      ),
  };
}

export function emittedOn(entries: readonly Entry[], topic: string): readonly Entry[] {
  return entries.filter((entry) => entry.topic === topic);
}

/** The body of the last request of a study, parsed. */
export function lastStudy(bench: Bench): Record<string, unknown> {
  const request = bench.requests().findLast(({ kind }) => kind === 'study');
  return JSON.parse(request?.body ?? '{}');
}

interface MessageOptions {
  readonly site?: string;
  readonly at?: string;
  readonly controlId?: string;
  readonly disposition?: Hl7Message['disposition'];
  readonly raw?: Uint8Array;
}

export function hospital() {
  const make = recordMaker(codec);
  let controlIds = 0;
  const message = (groups: readonly MappedGroup[], options: MessageOptions = {}): StoredRecord => {
    controlIds += 1;
    return make('hl7.messages', {
      site: options.site ?? 'main',
      source: 'his',
      receivedAtMs: NOW_MS,
      sourceAddress: '127.0.0.1',
      disposition: options.disposition ?? 'used',
      ignoredReason: null,
      messageType: 'ORM^O01',
      controlId: options.controlId ?? `C${controlIds}`,
      sendingApplication: 'HIS',
      sendingFacility: 'H',
      messageDateTime: options.at ?? '20260101080000',
      versionId: '2.4',
      charset: { declared: [], used: 'utf-8', contradicted: false, byteOrderMark: false },
      identifiers: {
        accessionNumbers: [],
        placerOrderNumbers: [],
        fillerOrderNumbers: [],
        studyInstanceUids: [],
        patientIds: [],
      },
      raw: options.raw ?? Buffer.from(JSON.stringify(groups)),
    });
  };
  let revisions = 0;
  return {
    message,
    order: (identifiers: MappedIdentifiers, more: OrderOptions = {}) => message([orderGroup(identifiers, more)], more),
    report: (identifiers: MappedIdentifiers, more: ReportOptions = {}) =>
      message([reportGroup(identifiers, more)], more),
    images: (studyInstanceUid: string, more: ImagesOptions = {}): StoredRecord => {
      revisions += 1;
      return make('study.images', imagesRecord(studyInstanceUid, { revision: revisions, ...more }));
    },
  };
}

interface OrderOptions extends MessageOptions {
  readonly fields?: MappedFields;
  readonly deleted?: MappedOrder['deleted'];
  readonly action?: MappedOrder['action'];
}

export const PATIENT: MappedFields = { patientId: 'P1', patientName: '张三', patientSex: 'M' };

export function orderGroup(identifiers: MappedIdentifiers, more: OrderOptions = {}): MappedGroup {
  return {
    kind: 'order',
    identifiers,
    fields: more.fields ?? { ...PATIENT, modality: 'CT', applyDept: '内科', studyCategory: 'normal' },
    deleted: more.deleted ?? [],
    findings: [],
    action: more.action ?? 'new',
  };
}

interface ReportOptions extends MessageOptions {
  readonly status?: ReportContent['status'];
  readonly correction?: boolean;
  readonly text?: string;
  readonly pdfs?: readonly string[];
  readonly fields?: MappedFields;
}

const RANKS = { registered: 0, partial: 1, preliminary: 2, final: 3, withdrawn: 5, refused: 0 };

export function reportGroup(identifiers: MappedIdentifiers, more: ReportOptions = {}): MappedGroup {
  const status = more.status ?? 'final';
  return {
    kind: 'report',
    identifiers,
    fields: more.fields ?? { ...PATIENT, examDoctor: '李医生' },
    deleted: [],
    findings: [],
    report: {
      status,
      orderedBy: more.at ?? '20260101080000',
      rank: more.correction === true ? 4 : RANKS[status],
      findings: [more.text ?? 'lungs clear', 'second line'],
      impression: ['normal'],
      reportDoctor: '李医生',
      pdfs: (more.pdfs ?? []).map((text) => Buffer.from(text)),
    },
  };
}

interface ImagesOptions {
  readonly site?: string;
  readonly revision?: number;
  readonly accession?: string | null;
  readonly images?: number;
  readonly pdfs?: number;
  readonly modality?: string | null;
  readonly atMs?: number;
  readonly firstAtMs?: number;
}

function imagesRecord(studyInstanceUid: string, more: ImagesOptions): StudyImages {
  const counts = {
    images: more.images ?? 3,
    structuredReports: 1,
    doseReports: 0,
    pdfs: more.pdfs ?? 0,
    keyObjects: 0,
    presentationStates: 0,
  };
  const atMs = more.atMs ?? NOW_MS;
  return {
    site: more.site ?? 'main',
    studyInstanceUid,
    revision: more.revision ?? 1,
    firstEventAtMs: more.firstAtMs ?? atMs,
    lastEventAtMs: atMs,
    counts,
    series: [{ seriesInstanceUid: `${studyInstanceUid}.1`, modality: more.modality ?? null, counts }],
    attributes: { ...NO_STUDY_ATTRIBUTES, accessionNumber: more.accession ?? null, studyDate: '20260102' },
  };
}

/** Enough of a mapping to see where a field came from. */
function dicomFields({ accessionNumber, studyDate }: StudyImages['attributes'], series: StudyImages['series']) {
  const modality = series[0]?.modality;
  return {
    ...(accessionNumber === null ? {} : { accessNumber: accessionNumber }),
    ...(studyDate === null ? {} : { studyDate: '2026-01-02 00:00:00' }),
    ...(modality === null || modality === undefined ? {} : { modality }),
    equipment: 'SCANNER',
  };
}

/** The fake message is its groups as JSON; what is no JSON cannot be read. */
function groupsOf(raw: Uint8Array) {
  try {
    const groups: MappedGroup[] = JSON.parse(Buffer.from(raw).toString(), (key, value) =>
      key === 'pdfs' ? value.map((pdf: { data: number[] }) => Buffer.from(pdf.data)) : value,
    );
    return succeeded(groups);
  } catch {
    return failed('hl7.missing_control_id', 'the message cannot be read');
  }
}
