// Generated from the .avsc files by `npm run generate`; do not edit.

export type CloudDeliveryKind = 'study' | 'report' | 'withdrawal';

export type CloudDeliveryOutcome =
  | 'delivered'
  | 'unchanged'
  | 'superseded'
  | 'parked'
  | 'retrying'
  | 'by_hand'
  | 'ignored';

/** One outcome of a request to the cloud. */
export interface CloudDelivery {
  readonly site: string;
  readonly studyKey: string;
  readonly kind: CloudDeliveryKind;
  readonly reportId: null | string;
  readonly revision: number;
  readonly cloudStudyId: string;
  readonly contentHash: string;
  /** The same for every attempt of a request. */
  readonly requestId: string;
  /** retrying: an attempt failed and another is due. by_hand: a person must withdraw it at the cloud. ignored: see failureCode. */
  readonly outcome: CloudDeliveryOutcome;
  readonly failureCode: null | string;
  /** The integer code of the answer. */
  readonly cloudCode: null | number;
  readonly httpStatus: null | number;
  readonly attempts: number;
  readonly firstAttemptAtMs: null | number;
  readonly lastAttemptAtMs: null | number;
  readonly settledAtMs: number;
  readonly nextAttemptAtMs: null | number;
  readonly originAtMs: number;
}

export type CloudRequestKind = 'study' | 'report' | 'withdrawal';

/** What the cloud is to be told: a study, a report or a withdrawal. A newer revision replaces a waiting older one. */
export interface CloudRequest {
  readonly site: string;
  readonly studyKey: string;
  readonly kind: CloudRequestKind;
  readonly reportId: null | string;
  /** Only grows, per study, kind and report. */
  readonly revision: number;
  readonly mappingVersion: number;
  readonly cloudStudyId: string;
  /** JSON text: StudyPayload, ReportPayload or WithdrawalPayload of cloud-payloads.ts. */
  readonly body: string;
  /** Documents a report carries; joined to the body on delivery. */
  readonly documentHashes: readonly string[];
  /** SHA-256 of the body, lower-case hex. */
  readonly contentHash: string;
  readonly createdAtMs: number;
  /** When the record that led to this revision was received. */
  readonly originAtMs: number;
  /** As in studies. */
  readonly causes: readonly string[];
}

export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What could not be used or delivered: why, where, and the bytes. */
export interface DeadLetter {
  readonly site: string;
  /** intake, or the name of the task: tally, assembly, cloud-sink. */
  readonly stage: string;
  /** Failure code. */
  readonly code: string;
  readonly reason: string;
  /** null for what was refused at the door. */
  readonly position: null | RecordPosition;
  /** Key of the source record. */
  readonly key: string;
  readonly occurredAtMs: number;
  readonly bytes: Uint8Array;
}

export type DicomInstanceEvent = 'stored' | 'deleted';

export type DicomIntake = 'c_store' | 'store_event';

export interface DicomCharset {
  /** (0008,0005), each value. */
  readonly declared: readonly string[];
  readonly used: string;
  /** The declaration was absent, misspelt or false. */
  readonly flagged: boolean;
}

export interface StudyAttributes {
  /** (0010,0020) */
  readonly patientId: null | string;
  /** (0010,0021) */
  readonly issuerOfPatientId: null | string;
  /** (0010,0010), decoded, groups separated by = */
  readonly patientName: null | string;
  /** (0010,0040) */
  readonly patientSex: null | string;
  /** (0010,0030) as sent */
  readonly patientBirthDate: null | string;
  /** (0010,1010) */
  readonly patientAge: null | string;
  /** (0010,1020) */
  readonly patientSizeMetres: null | string;
  /** (0010,1030) */
  readonly patientWeightKilograms: null | string;
  /** (0010,2154) */
  readonly patientTelephone: null | string;
  /** (0010,2110) */
  readonly allergies: null | string;
  /** (0008,0050) */
  readonly accessionNumber: null | string;
  /** (0020,0010) */
  readonly studyId: null | string;
  /** (0008,0020) as sent */
  readonly studyDate: null | string;
  /** (0008,0030) as sent */
  readonly studyTime: null | string;
  /** (0008,1030) */
  readonly studyDescription: null | string;
  /** (0018,0015) */
  readonly bodyPartExamined: null | string;
  /** (0018,0022) */
  readonly scanOptions: null | string;
  /** (0008,0090) */
  readonly referringPhysician: null | string;
  /** (0032,1033) */
  readonly requestingService: null | string;
  /** (0008,0080) */
  readonly institutionName: null | string;
  /** (0008,1040) */
  readonly institutionalDepartment: null | string;
  /** (0008,1050) */
  readonly performingPhysician: null | string;
  /** (0008,1070) */
  readonly operatorsName: null | string;
  /** (0038,0010) */
  readonly admissionId: null | string;
  /** (0008,1080) */
  readonly admittingDiagnoses: null | string;
  /** (0008,1010) */
  readonly stationName: null | string;
  /** (0008,0070) */
  readonly manufacturer: null | string;
  /** (0008,1090) */
  readonly manufacturerModel: null | string;
}

export interface DicomAttributes {
  readonly charset: DicomCharset;
  /** (0008,0060) */
  readonly modality: null | string;
  /** (0020,0013) */
  readonly instanceNumber: null | string;
  /** (0020,0011) */
  readonly seriesNumber: null | string;
  /** (0008,103E) */
  readonly seriesDescription: null | string;
  /** Patient and study attributes, the same for all instances of a study in a PACS that is right. */
  readonly study: StudyAttributes;
}

/** One store or delete event of a SOP Instance. */
export interface DicomInstance {
  readonly site: string;
  readonly source: string;
  /** Ms since 1970 UTC. */
  readonly receivedAtMs: number;
  readonly event: DicomInstanceEvent;
  readonly via: DicomIntake;
  /** The source's own order of events, when it has one; a deletion needs it. */
  readonly sourceOrder: null | number;
  readonly callingAeTitle: null | string;
  /** Empty for a deletion that does not know it. */
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly transferSyntaxUid: null | string;
  /** null for a deletion. */
  readonly attributes: null | DicomAttributes;
}

/** A report's document, once, by the hash of its content. */
export interface Document {
  readonly site: string;
  /** SHA-256 of the content, lower-case hex. */
  readonly hash: string;
  readonly mediaType: string;
  readonly createdAtMs: number;
  readonly content: Uint8Array;
}

export type Hl7Disposition = 'used' | 'recorded' | 'ignored';

export interface Hl7CharsetDeclaration {
  /** MSH-17, MSH-18 or configured. */
  readonly where: string;
  readonly value: string;
}

export interface Hl7Charset {
  readonly declared: readonly Hl7CharsetDeclaration[];
  /** Label the bytes were decoded with, e.g. gb18030. */
  readonly used: string;
  /** The bytes are not what was declared. */
  readonly contradicted: boolean;
  readonly byteOrderMark: boolean;
}

export interface Hl7Identifiers {
  readonly accessionNumbers: readonly string[];
  readonly placerOrderNumbers: readonly string[];
  readonly fillerOrderNumbers: readonly string[];
  readonly studyInstanceUids: readonly string[];
  readonly patientIds: readonly string[];
}

/** One HL7 v2 message as received: what routing needs, and the raw bytes. */
export interface Hl7Message {
  readonly site: string;
  /** The configured source's name. */
  readonly source: string;
  /** Ms since 1970 UTC. */
  readonly receivedAtMs: number;
  /** IP address of the sender. */
  readonly sourceAddress: string;
  /** used: the assembler maps it. recorded: kept for later reading (ADT). ignored: acknowledged, not used. */
  readonly disposition: Hl7Disposition;
  /** A failure code, when ignored. */
  readonly ignoredReason: null | string;
  /** MSH-9 as type^event, e.g. ORM^O01. */
  readonly messageType: string;
  /** MSH-10. */
  readonly controlId: string;
  /** MSH-3.1. */
  readonly sendingApplication: string;
  /** MSH-4.1. */
  readonly sendingFacility: string;
  /** MSH-7 as sent. */
  readonly messageDateTime: string;
  /** MSH-12.1. */
  readonly versionId: string;
  readonly charset: Hl7Charset;
  /** Distinct values found, in the order of the message. */
  readonly identifiers: Hl7Identifiers;
  /** The message without its MLLP frame, byte for byte. */
  readonly raw: Uint8Array;
}

export type StudyState =
  | 'waiting_for_images'
  | 'waiting_for_quiet'
  | 'waiting_for_accession'
  | 'waiting_for_fields'
  | 'sent'
  | 'cancelled';

export interface MappingFinding {
  /** Cloud field. */
  readonly field: string;
  /** E.g. PID-7 or (0010,0030). */
  readonly where: string;
  /** Failure code. */
  readonly code: string;
}

export interface ReportSummary {
  readonly reportId: string;
  /** Cloud status, or withdrawn, refused. */
  readonly status: string;
  readonly version: number;
}

/** Snapshot of an assembled study: identifiers, state, what is missing and why. */
export interface StudySnapshot {
  readonly site: string;
  /** Internal id, from the first record on. */
  readonly studyKey: string;
  /** Only grows. */
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly state: StudyState;
  /** Class A fields that no message has brought yet. */
  readonly missing: readonly string[];
  /** Fixed when first requested. */
  readonly cloudStudyId: null | string;
  readonly studyInstanceUid: null | string;
  readonly accessionNumbers: readonly string[];
  readonly placerOrderNumbers: readonly string[];
  readonly fillerOrderNumbers: readonly string[];
  /** Revision of the study.images snapshot it rests on. */
  readonly imagesRevision: null | number;
  /** What was found but is not usable. */
  readonly findings: readonly MappingFinding[];
  readonly reports: readonly ReportSummary[];
  /** topic/partition/offset of each record this revision rests on and the one before did not. */
  readonly causes: readonly string[];
}

/** Distinct SOP Instance UIDs by class. */
export interface InstanceCounts {
  readonly images: number;
  /** Without dose reports. */
  readonly structuredReports: number;
  readonly doseReports: number;
  readonly pdfs: number;
  readonly keyObjects: number;
  readonly presentationStates: number;
}

export interface SeriesImages {
  readonly seriesInstanceUid: string;
  readonly modality: null | string;
  readonly counts: InstanceCounts;
}

export interface StudyImagesAttributes {
  /** (0010,0020) */
  readonly patientId: null | string;
  /** (0010,0021) */
  readonly issuerOfPatientId: null | string;
  /** (0010,0010), decoded, groups separated by = */
  readonly patientName: null | string;
  /** (0010,0040) */
  readonly patientSex: null | string;
  /** (0010,0030) as sent */
  readonly patientBirthDate: null | string;
  /** (0010,1010) */
  readonly patientAge: null | string;
  /** (0010,1020) */
  readonly patientSizeMetres: null | string;
  /** (0010,1030) */
  readonly patientWeightKilograms: null | string;
  /** (0010,2154) */
  readonly patientTelephone: null | string;
  /** (0010,2110) */
  readonly allergies: null | string;
  /** (0008,0050) */
  readonly accessionNumber: null | string;
  /** (0020,0010) */
  readonly studyId: null | string;
  /** (0008,0020) as sent */
  readonly studyDate: null | string;
  /** (0008,0030) as sent */
  readonly studyTime: null | string;
  /** (0008,1030) */
  readonly studyDescription: null | string;
  /** (0018,0015) */
  readonly bodyPartExamined: null | string;
  /** (0018,0022) */
  readonly scanOptions: null | string;
  /** (0008,0090) */
  readonly referringPhysician: null | string;
  /** (0032,1033) */
  readonly requestingService: null | string;
  /** (0008,0080) */
  readonly institutionName: null | string;
  /** (0008,1040) */
  readonly institutionalDepartment: null | string;
  /** (0008,1050) */
  readonly performingPhysician: null | string;
  /** (0008,1070) */
  readonly operatorsName: null | string;
  /** (0038,0010) */
  readonly admissionId: null | string;
  /** (0008,1080) */
  readonly admittingDiagnoses: null | string;
  /** (0008,1010) */
  readonly stationName: null | string;
  /** (0008,0070) */
  readonly manufacturer: null | string;
  /** (0008,1090) */
  readonly manufacturerModel: null | string;
}

/** Snapshot of the images of a study: counts by class, series, attributes. */
export interface StudyImages {
  readonly site: string;
  readonly studyInstanceUid: string;
  /** Only grows. */
  readonly revision: number;
  readonly firstEventAtMs: number;
  /** When an event last changed the set. */
  readonly lastEventAtMs: number;
  readonly counts: InstanceCounts;
  readonly series: readonly SeriesImages[];
  /** Chosen so that the order of arrival does not matter. */
  readonly attributes: StudyImagesAttributes;
}

export interface TopicRecords {
  readonly 'cloud.deliveries': CloudDelivery;
  readonly 'cloud.requests': CloudRequest;
  readonly 'dead.letters': DeadLetter;
  readonly 'dicom.instances': DicomInstance;
  readonly documents: Document;
  readonly 'hl7.messages': Hl7Message;
  readonly studies: StudySnapshot;
  readonly 'study.images': StudyImages;
}

export type TopicName = keyof TopicRecords;

/** The text of each topic's schema. */
export const SCHEMA_TEXTS: { readonly [Name in TopicName]: string } = {
  'cloud.deliveries':
    '{"type":"record","name":"CloudDelivery","namespace":"studybridge","doc":"One outcome of a request to the cloud.","fields":[{"name":"site","type":"string"},{"name":"studyKey","type":"string"},{"name":"kind","type":{"type":"enum","name":"CloudDeliveryKind","symbols":["study","report","withdrawal"]}},{"name":"reportId","type":["null","string"],"default":null},{"name":"revision","type":"long"},{"name":"cloudStudyId","type":"string"},{"name":"contentHash","type":"string"},{"name":"requestId","type":"string","doc":"The same for every attempt of a request."},{"name":"outcome","type":{"type":"enum","name":"CloudDeliveryOutcome","symbols":["delivered","unchanged","superseded","parked","retrying","by_hand","ignored"]},"doc":"retrying: an attempt failed and another is due. by_hand: a person must withdraw it at the cloud. ignored: see failureCode."},{"name":"failureCode","type":["null","string"],"default":null},{"name":"cloudCode","type":["null","long"],"doc":"The integer code of the answer.","default":null},{"name":"httpStatus","type":["null","int"],"default":null},{"name":"attempts","type":"int"},{"name":"firstAttemptAtMs","type":["null","long"],"default":null},{"name":"lastAttemptAtMs","type":["null","long"],"default":null},{"name":"settledAtMs","type":"long"},{"name":"nextAttemptAtMs","type":["null","long"],"default":null},{"name":"originAtMs","type":"long"}]}',
  'cloud.requests':
    '{"type":"record","name":"CloudRequest","namespace":"studybridge","doc":"What the cloud is to be told: a study, a report or a withdrawal. A newer revision replaces a waiting older one.","fields":[{"name":"site","type":"string"},{"name":"studyKey","type":"string"},{"name":"kind","type":{"type":"enum","name":"CloudRequestKind","symbols":["study","report","withdrawal"]}},{"name":"reportId","type":["null","string"],"default":null},{"name":"revision","type":"long","doc":"Only grows, per study, kind and report."},{"name":"mappingVersion","type":"int"},{"name":"cloudStudyId","type":"string"},{"name":"body","type":"string","doc":"JSON text: StudyPayload, ReportPayload or WithdrawalPayload of cloud-payloads.ts."},{"name":"documentHashes","type":{"type":"array","items":"string"},"doc":"Documents a report carries; joined to the body on delivery."},{"name":"contentHash","type":"string","doc":"SHA-256 of the body, lower-case hex."},{"name":"createdAtMs","type":"long"},{"name":"originAtMs","type":"long","doc":"When the record that led to this revision was received."},{"name":"causes","type":{"type":"array","items":"string"},"doc":"As in studies."}]}',
  'dead.letters':
    '{"type":"record","name":"DeadLetter","namespace":"studybridge","doc":"What could not be used or delivered: why, where, and the bytes.","fields":[{"name":"site","type":"string"},{"name":"stage","type":"string","doc":"intake, or the name of the task: tally, assembly, cloud-sink."},{"name":"code","type":"string","doc":"Failure code."},{"name":"reason","type":"string"},{"name":"position","type":["null",{"type":"record","name":"RecordPosition","fields":[{"name":"topic","type":"string"},{"name":"partition","type":"int"},{"name":"offset","type":"long"}]}],"doc":"null for what was refused at the door.","default":null},{"name":"key","type":"string","doc":"Key of the source record."},{"name":"occurredAtMs","type":"long"},{"name":"bytes","type":"bytes"}]}',
  'dicom.instances':
    '{"type":"record","name":"DicomInstance","namespace":"studybridge","doc":"One store or delete event of a SOP Instance.","fields":[{"name":"site","type":"string"},{"name":"source","type":"string"},{"name":"receivedAtMs","type":"long","doc":"Ms since 1970 UTC."},{"name":"event","type":{"type":"enum","name":"DicomInstanceEvent","symbols":["stored","deleted"]}},{"name":"via","type":{"type":"enum","name":"DicomIntake","symbols":["c_store","store_event"]}},{"name":"sourceOrder","type":["null","long"],"doc":"The source\'s own order of events, when it has one; a deletion needs it.","default":null},{"name":"callingAeTitle","type":["null","string"],"default":null},{"name":"sopClassUid","type":"string","doc":"Empty for a deletion that does not know it."},{"name":"sopInstanceUid","type":"string"},{"name":"seriesInstanceUid","type":"string"},{"name":"studyInstanceUid","type":"string"},{"name":"transferSyntaxUid","type":["null","string"],"default":null},{"name":"attributes","type":["null",{"type":"record","name":"DicomAttributes","fields":[{"name":"charset","type":{"type":"record","name":"DicomCharset","fields":[{"name":"declared","type":{"type":"array","items":"string"},"doc":"(0008,0005), each value."},{"name":"used","type":"string"},{"name":"flagged","type":"boolean","doc":"The declaration was absent, misspelt or false."}]}},{"name":"modality","type":["null","string"],"doc":"(0008,0060)","default":null},{"name":"instanceNumber","type":["null","string"],"doc":"(0020,0013)","default":null},{"name":"seriesNumber","type":["null","string"],"doc":"(0020,0011)","default":null},{"name":"seriesDescription","type":["null","string"],"doc":"(0008,103E)","default":null},{"name":"study","type":{"type":"record","name":"StudyAttributes","fields":[{"name":"patientId","type":["null","string"],"doc":"(0010,0020)","default":null},{"name":"issuerOfPatientId","type":["null","string"],"doc":"(0010,0021)","default":null},{"name":"patientName","type":["null","string"],"doc":"(0010,0010), decoded, groups separated by =","default":null},{"name":"patientSex","type":["null","string"],"doc":"(0010,0040)","default":null},{"name":"patientBirthDate","type":["null","string"],"doc":"(0010,0030) as sent","default":null},{"name":"patientAge","type":["null","string"],"doc":"(0010,1010)","default":null},{"name":"patientSizeMetres","type":["null","string"],"doc":"(0010,1020)","default":null},{"name":"patientWeightKilograms","type":["null","string"],"doc":"(0010,1030)","default":null},{"name":"patientTelephone","type":["null","string"],"doc":"(0010,2154)","default":null},{"name":"allergies","type":["null","string"],"doc":"(0010,2110)","default":null},{"name":"accessionNumber","type":["null","string"],"doc":"(0008,0050)","default":null},{"name":"studyId","type":["null","string"],"doc":"(0020,0010)","default":null},{"name":"studyDate","type":["null","string"],"doc":"(0008,0020) as sent","default":null},{"name":"studyTime","type":["null","string"],"doc":"(0008,0030) as sent","default":null},{"name":"studyDescription","type":["null","string"],"doc":"(0008,1030)","default":null},{"name":"bodyPartExamined","type":["null","string"],"doc":"(0018,0015)","default":null},{"name":"scanOptions","type":["null","string"],"doc":"(0018,0022)","default":null},{"name":"referringPhysician","type":["null","string"],"doc":"(0008,0090)","default":null},{"name":"requestingService","type":["null","string"],"doc":"(0032,1033)","default":null},{"name":"institutionName","type":["null","string"],"doc":"(0008,0080)","default":null},{"name":"institutionalDepartment","type":["null","string"],"doc":"(0008,1040)","default":null},{"name":"performingPhysician","type":["null","string"],"doc":"(0008,1050)","default":null},{"name":"operatorsName","type":["null","string"],"doc":"(0008,1070)","default":null},{"name":"admissionId","type":["null","string"],"doc":"(0038,0010)","default":null},{"name":"admittingDiagnoses","type":["null","string"],"doc":"(0008,1080)","default":null},{"name":"stationName","type":["null","string"],"doc":"(0008,1010)","default":null},{"name":"manufacturer","type":["null","string"],"doc":"(0008,0070)","default":null},{"name":"manufacturerModel","type":["null","string"],"doc":"(0008,1090)","default":null}]},"doc":"Patient and study attributes, the same for all instances of a study in a PACS that is right."}]}],"doc":"null for a deletion.","default":null}]}',
  documents:
    '{"type":"record","name":"Document","namespace":"studybridge","doc":"A report\'s document, once, by the hash of its content.","fields":[{"name":"site","type":"string"},{"name":"hash","type":"string","doc":"SHA-256 of the content, lower-case hex."},{"name":"mediaType","type":"string"},{"name":"createdAtMs","type":"long"},{"name":"content","type":"bytes"}]}',
  'hl7.messages':
    '{"type":"record","name":"Hl7Message","namespace":"studybridge","doc":"One HL7 v2 message as received: what routing needs, and the raw bytes.","fields":[{"name":"site","type":"string"},{"name":"source","type":"string","doc":"The configured source\'s name."},{"name":"receivedAtMs","type":"long","doc":"Ms since 1970 UTC."},{"name":"sourceAddress","type":"string","doc":"IP address of the sender."},{"name":"disposition","type":{"type":"enum","name":"Hl7Disposition","symbols":["used","recorded","ignored"]},"doc":"used: the assembler maps it. recorded: kept for later reading (ADT). ignored: acknowledged, not used."},{"name":"ignoredReason","type":["null","string"],"doc":"A failure code, when ignored.","default":null},{"name":"messageType","type":"string","doc":"MSH-9 as type^event, e.g. ORM^O01."},{"name":"controlId","type":"string","doc":"MSH-10."},{"name":"sendingApplication","type":"string","doc":"MSH-3.1."},{"name":"sendingFacility","type":"string","doc":"MSH-4.1."},{"name":"messageDateTime","type":"string","doc":"MSH-7 as sent."},{"name":"versionId","type":"string","doc":"MSH-12.1."},{"name":"charset","type":{"type":"record","name":"Hl7Charset","fields":[{"name":"declared","type":{"type":"array","items":{"type":"record","name":"Hl7CharsetDeclaration","fields":[{"name":"where","type":"string","doc":"MSH-17, MSH-18 or configured."},{"name":"value","type":"string"}]}}},{"name":"used","type":"string","doc":"Label the bytes were decoded with, e.g. gb18030."},{"name":"contradicted","type":"boolean","doc":"The bytes are not what was declared."},{"name":"byteOrderMark","type":"boolean"}]}},{"name":"identifiers","type":{"type":"record","name":"Hl7Identifiers","fields":[{"name":"accessionNumbers","type":{"type":"array","items":"string"}},{"name":"placerOrderNumbers","type":{"type":"array","items":"string"}},{"name":"fillerOrderNumbers","type":{"type":"array","items":"string"}},{"name":"studyInstanceUids","type":{"type":"array","items":"string"}},{"name":"patientIds","type":{"type":"array","items":"string"}}]},"doc":"Distinct values found, in the order of the message."},{"name":"raw","type":"bytes","doc":"The message without its MLLP frame, byte for byte."}]}',
  studies:
    '{"type":"record","name":"StudySnapshot","namespace":"studybridge","doc":"Snapshot of an assembled study: identifiers, state, what is missing and why.","fields":[{"name":"site","type":"string"},{"name":"studyKey","type":"string","doc":"Internal id, from the first record on."},{"name":"revision","type":"long","doc":"Only grows."},{"name":"updatedAtMs","type":"long"},{"name":"state","type":{"type":"enum","name":"StudyState","symbols":["waiting_for_images","waiting_for_quiet","waiting_for_accession","waiting_for_fields","sent","cancelled"]}},{"name":"missing","type":{"type":"array","items":"string"},"doc":"Class A fields that no message has brought yet."},{"name":"cloudStudyId","type":["null","string"],"doc":"Fixed when first requested.","default":null},{"name":"studyInstanceUid","type":["null","string"],"default":null},{"name":"accessionNumbers","type":{"type":"array","items":"string"}},{"name":"placerOrderNumbers","type":{"type":"array","items":"string"}},{"name":"fillerOrderNumbers","type":{"type":"array","items":"string"}},{"name":"imagesRevision","type":["null","long"],"doc":"Revision of the study.images snapshot it rests on.","default":null},{"name":"findings","type":{"type":"array","items":{"type":"record","name":"MappingFinding","fields":[{"name":"field","type":"string","doc":"Cloud field."},{"name":"where","type":"string","doc":"E.g. PID-7 or (0010,0030)."},{"name":"code","type":"string","doc":"Failure code."}]}},"doc":"What was found but is not usable."},{"name":"reports","type":{"type":"array","items":{"type":"record","name":"ReportSummary","fields":[{"name":"reportId","type":"string"},{"name":"status","type":"string","doc":"Cloud status, or withdrawn, refused."},{"name":"version","type":"int"}]}}},{"name":"causes","type":{"type":"array","items":"string"},"doc":"topic/partition/offset of each record this revision rests on and the one before did not."}]}',
  'study.images':
    '{"type":"record","name":"StudyImages","namespace":"studybridge","doc":"Snapshot of the images of a study: counts by class, series, attributes.","fields":[{"name":"site","type":"string"},{"name":"studyInstanceUid","type":"string"},{"name":"revision","type":"long","doc":"Only grows."},{"name":"firstEventAtMs","type":"long"},{"name":"lastEventAtMs","type":"long","doc":"When an event last changed the set."},{"name":"counts","type":{"type":"record","name":"InstanceCounts","doc":"Distinct SOP Instance UIDs by class.","fields":[{"name":"images","type":"int"},{"name":"structuredReports","type":"int","doc":"Without dose reports."},{"name":"doseReports","type":"int"},{"name":"pdfs","type":"int"},{"name":"keyObjects","type":"int"},{"name":"presentationStates","type":"int"}]}},{"name":"series","type":{"type":"array","items":{"type":"record","name":"SeriesImages","fields":[{"name":"seriesInstanceUid","type":"string"},{"name":"modality","type":["null","string"],"default":null},{"name":"counts","type":"InstanceCounts"}]}}},{"name":"attributes","type":{"type":"record","name":"StudyImagesAttributes","fields":[{"name":"patientId","type":["null","string"],"doc":"(0010,0020)","default":null},{"name":"issuerOfPatientId","type":["null","string"],"doc":"(0010,0021)","default":null},{"name":"patientName","type":["null","string"],"doc":"(0010,0010), decoded, groups separated by =","default":null},{"name":"patientSex","type":["null","string"],"doc":"(0010,0040)","default":null},{"name":"patientBirthDate","type":["null","string"],"doc":"(0010,0030) as sent","default":null},{"name":"patientAge","type":["null","string"],"doc":"(0010,1010)","default":null},{"name":"patientSizeMetres","type":["null","string"],"doc":"(0010,1020)","default":null},{"name":"patientWeightKilograms","type":["null","string"],"doc":"(0010,1030)","default":null},{"name":"patientTelephone","type":["null","string"],"doc":"(0010,2154)","default":null},{"name":"allergies","type":["null","string"],"doc":"(0010,2110)","default":null},{"name":"accessionNumber","type":["null","string"],"doc":"(0008,0050)","default":null},{"name":"studyId","type":["null","string"],"doc":"(0020,0010)","default":null},{"name":"studyDate","type":["null","string"],"doc":"(0008,0020) as sent","default":null},{"name":"studyTime","type":["null","string"],"doc":"(0008,0030) as sent","default":null},{"name":"studyDescription","type":["null","string"],"doc":"(0008,1030)","default":null},{"name":"bodyPartExamined","type":["null","string"],"doc":"(0018,0015)","default":null},{"name":"scanOptions","type":["null","string"],"doc":"(0018,0022)","default":null},{"name":"referringPhysician","type":["null","string"],"doc":"(0008,0090)","default":null},{"name":"requestingService","type":["null","string"],"doc":"(0032,1033)","default":null},{"name":"institutionName","type":["null","string"],"doc":"(0008,0080)","default":null},{"name":"institutionalDepartment","type":["null","string"],"doc":"(0008,1040)","default":null},{"name":"performingPhysician","type":["null","string"],"doc":"(0008,1050)","default":null},{"name":"operatorsName","type":["null","string"],"doc":"(0008,1070)","default":null},{"name":"admissionId","type":["null","string"],"doc":"(0038,0010)","default":null},{"name":"admittingDiagnoses","type":["null","string"],"doc":"(0008,1080)","default":null},{"name":"stationName","type":["null","string"],"doc":"(0008,1010)","default":null},{"name":"manufacturer","type":["null","string"],"doc":"(0008,0070)","default":null},{"name":"manufacturerModel","type":["null","string"],"doc":"(0008,1090)","default":null}]},"doc":"Chosen so that the order of arrival does not matter."}]}',
};
