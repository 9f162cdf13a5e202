// What one HL7 message says, in the cloud's words: the result of the mapping, the input of the assembly.

import type { StudyField } from '../../schemas/cloud-payloads.ts';
import type { FailureCode } from '../../schemas/failure-codes.ts';

/** Counted in the records, so that it is known which mapping made a payload. */
export const MAPPING_VERSION = 1;

/** The study's fields that a source can bring. `studyId` and the counts are the assembly's. */
export type MappedFields = { readonly [Field in Exclude<StudyField, 'studyId' | CountField>]?: string };
export type CountField = 'imageCnt' | 'seriesCnt' | 'reportCnt' | 'pdfCnt';

/** Something found that is not usable: left out of the payload and reported. */
export interface MappingFinding {
  readonly field: StudyField | 'report';
  /** `PID-7`, `(0010,0030)`. */
  readonly where: string;
  readonly code: FailureCode;
}

export interface MappedIdentifiers {
  readonly accessionNumber?: string;
  readonly placerOrderNumber?: string;
  readonly fillerOrderNumber?: string;
  readonly studyInstanceUid?: string;
}

/** One ORC/OBR group: an order or a report of its own. */
export type MappedGroup = MappedOrder | MappedReport;

interface MappedGroupBase {
  readonly identifiers: MappedIdentifiers;
  readonly fields: MappedFields;
  /** Fields sent as `""`: what an earlier message brought is deleted. */
  readonly deleted: readonly (keyof MappedFields)[];
  readonly findings: readonly MappingFinding[];
}

export interface MappedOrder extends MappedGroupBase {
  readonly kind: 'order';
  readonly action: 'new' | 'change' | 'status' | 'cancel' | 'discontinue';
}

export interface MappedReport extends MappedGroupBase {
  readonly kind: 'report';
  readonly report: ReportContent;
}

export interface ReportContent {
  readonly status: 'registered' | 'partial' | 'preliminary' | 'final' | 'withdrawn' | 'refused';
  /** Reports of a study are ordered by this text (OBR-22, else MSH-7; yyyyMMddHHmmss.SSSS), then by `rank`; never by arrival. */
  readonly orderedBy: string;
  /** X over C over F over P over R, A: the higher wins at equal times. */
  readonly rank: number;
  /** One entry an OBX line. */
  readonly findings: readonly string[];
  readonly impression: readonly string[];
  readonly reportDoctor?: string;
  readonly reportDoctorId?: string;
  readonly auditDoctor?: string;
  readonly auditDoctorId?: string;
  /** yyyy-MM-dd HH:mm:ss */
  readonly reportDate?: string;
  /** yyyy-MM-dd HH:mm:ss */
  readonly auditDate?: string;
  /** Decoded PDFs, in the order of the message. */
  readonly pdfs: readonly Uint8Array[];
}
