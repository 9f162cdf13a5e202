// The declaration of every option: the parser, the help, the reference page and the sample file come from here.
import * as z from 'zod';
import { isAddressRange } from './address-range.ts';
import { kafkaSection } from './kafka-section.ts';
import { choice, flag, integer, optionalInteger, optionalText, text } from './option.ts';
import { registrySection } from './registry-section.ts';
import { retentionDays } from './retention.ts';

const MINUTE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;
const PORT = { min: 0, max: 65_535 };
const PRINTABLE = /^[\x20-\x7e]{1,200}$/;
const CHARSET = /^(?:(?:UNICODE )?UTF-?8|GB ?18030(?:-\d{4})?|GBK|GB2312|ASCII|8859\/(?:[1-9]|1[0-5])|BIG-5)$/i;
const CHARSETS = 'UTF-8, GB18030, GBK, GB2312, ASCII, 8859/1 to 8859/15 or BIG-5';
const CALL_PATH = /^\/[\x21-\x7e]{1,200}$/;

const sourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .meta({
    sentence: 'Name of the source; it stands in the records.',
    expects: 'lower-case letters, digits and hyphens, at most 32',
    example: 'engine',
  });

const addresses = z
  .array(z.string().refine(isAddressRange).meta({ expects: 'an IP address or a range such as 10.1.0.0/16' }))
  .min(1)
  .optional()
  .meta({
    sentence: 'Addresses and networks the sender may call from; absent, it may call from this machine only.',
    example: ['10.1.2.3', '10.1.16.0/24'],
  });

const hl7Source = z.strictObject({
  name: sourceName,
  sendingApplication: optionalText(PRINTABLE, {
    sentence: 'MSH-3.1 of its messages; absent, any.',
    expects: 'printable text',
    example: 'HIS',
  }),
  sendingFacility: optionalText(PRINTABLE, {
    sentence: 'MSH-4.1 of its messages; absent, any.',
    expects: 'printable text',
    example: 'NORTH',
  }),
  addresses,
  defaultCharset: optionalText(CHARSET, {
    sentence: 'Character set of messages of this sender that declare none.',
    expects: CHARSETS,
    example: 'GB18030',
  }),
});

const dicomSource = z.strictObject({
  name: sourceName.meta({
    sentence: 'Name of the source; it stands in the records, and store events name it as ?source=.',
    expects: 'lower-case letters, digits and hyphens, at most 32',
    example: 'pacs',
  }),
  callingAeTitle: optionalText(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, {
    sentence: 'AE title it calls with; absent, any. An AE title is no authentication.',
    expects: 'an AE title of 1 to 16 characters',
    example: 'PACS1',
  }),
  institution: z.string().min(1).max(64).optional().meta({
    sentence: 'Institution name (0008,0080) of its objects; absent, any.',
    expects: 'text of 1 to 64 characters',
    example: 'North Hospital',
  }),
  addresses,
});

const cloud = z
  .strictObject({
    url: optionalText(/^https?:\/\/[^\s]{1,500}$/i, {
      variable: 'STUDYBRIDGE_CLOUD_URL',
      sentence:
        'Address of the cloud or of its front-end machine. When no site has one, a sandbox cloud is started beside the bridge.',
      expects: 'an https address, or an http address on this machine',
      example: 'https://cloud.example.org',
    }),
    appId: optionalText(/^[\x21-\x7e]{1,64}$/, {
      variable: 'STUDYBRIDGE_CLOUD_APP_ID',
      sentence: 'The appId the cloud gave to this hospital.',
      expects: 'printable text without spaces',
      example: '100001',
    }),
    tokenVariable: optionalText(/^[A-Z_][A-Z0-9_]{0,99}$/, {
      sentence:
        'Name of the environment variable that holds the token; the site `default` reads STUDYBRIDGE_CLOUD_TOKEN when it is set.',
      expects: 'the name of an environment variable',
      example: 'NORTH_CLOUD_TOKEN',
    }),
    tokenFile: z.string().min(1).max(4096).optional().meta({
      variable: 'STUDYBRIDGE_CLOUD_TOKEN_FILE',
      sentence: 'File that holds the token, the first line of it.',
      expects: 'the path of a readable file',
      example: '/run/secrets/cloud-token',
    }),
    timeoutMs: integer(
      { min: 100, max: 10 * MINUTE_MS, default: 30_000 },
      { variable: 'STUDYBRIDGE_CLOUD_TIMEOUT_MS', sentence: 'Time one whole attempt may take.' },
    ),
    parallelMax: integer(
      { min: 1, max: 256, default: 16 },
      { sentence: 'Studies that are delivered at the same time; one study always in order.' },
    ),
    reportPath: optionalText(CALL_PATH, {
      variable: 'STUDYBRIDGE_CLOUD_REPORT_PATH',
      sentence:
        'Path of the report call: provisional, to be settled with the vendor; off when absent, on against the sandbox.',
      expects: 'a path that begins with /',
      example: '/ris/report/add',
    }),
    deletePath: optionalText(CALL_PATH, {
      variable: 'STUDYBRIDGE_CLOUD_DELETE_PATH',
      sentence:
        'Path of the deletion call: provisional, to be settled with the vendor; off when absent, on against the sandbox.',
      expects: 'a path that begins with /',
      example: '/ris/study/delete',
    }),
    caFile: z.string().min(1).max(4096).optional().meta({
      sentence: 'Certificate authorities (PEM) to trust for this cloud instead of the system’s.',
      expects: 'the path of a readable file',
      example: '/etc/studybridge/hospital-ca.pem',
    }),
    certificateFingerprint: optionalText(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/i, {
      sentence: 'SHA-256 fingerprint the certificate of this cloud must have.',
      expects: '32 bytes in hex, separated by colons',
      example: '5E:38:2C:…',
    }),
  })
  .prefault({})
  .meta({ sentence: 'The cloud of this site and the credentials there.' });

const mapping = z
  .strictObject({
    edition: choice(['international', 'mainland'], 'international', {
      sentence:
        'Edition of the cloud’s document: it names the field of the Hong Kong and Macau permit (hkAndMarcoPermitNum or hkAndMacauPermitNum).',
    }),
    studyId: choice(['accession', 'filler', 'study_uid'], 'accession', {
      sentence: 'What becomes the cloud’s studyId; a second study of the same accession gets its Study Instance UID.',
    }),
    modality: choice(['all', 'most_images'], 'all', {
      sentence: 'Modalities of a study with several: all, joined by a backslash, or the one with the most images.',
    }),
    doseReportsCount: flag(true, {
      sentence: 'Whether radiation dose reports count as structured reports (reportCnt).',
    }),
    imageCountHoldsReports: flag(false, {
      sentence: 'Whether imageCnt counts SR and PDF objects too. Assumed: it does not.',
    }),
    permitTypes: z
      .array(z.string().min(1).max(64).meta({ expects: 'text of 1 to 64 characters' }))
      .max(20)
      .optional()
      .meta({
        sentence: 'Types in PID-3 (CX-5) of a permit for travel from Hong Kong or Macau.',
        example: ['港澳居民来往内地通行证', '港澳通行证'],
      }),
    otherInfoTypes: z
      .array(z.string().min(1).max(64).meta({ expects: 'text of 1 to 64 characters' }))
      .max(20)
      .optional()
      .meta({ sentence: 'Types in PID-3 (CX-5) whose number becomes otherInfo.', example: ['XX'] }),
    seriesCount: choice(['all', 'with_images'], 'all', {
      sentence: 'Which series seriesCnt counts: all of the study, or those that hold an image.',
    }),
  })
  .prefault({})
  .meta({ sentence: 'How messages and images become the cloud’s fields.' });

export const siteFile = z
  .strictObject({
    timezone: z.string().refine(isTimezone).default('Asia/Shanghai').meta({
      variable: 'STUDYBRIDGE_TIMEZONE',
      sentence: 'Time zone of the hospital’s clocks: messages and the cloud’s fields carry none.',
      expects: 'a time zone name such as Asia/Shanghai',
    }),
    studyQuietMs: optionalInteger(
      { min: 0, max: 24 * 60 * MINUTE_MS },
      {
        variable: 'STUDYBRIDGE_STUDY_QUIET_MS',
        sentence: 'A study is sent when images have come and none has for this time.',
        defaultText: '60000, or 3000 when the cloud is the sandbox',
        example: 60_000,
      },
    ),
    hl7DefaultCharset: optionalText(CHARSET, {
      variable: 'STUDYBRIDGE_HL7_DEFAULT_CHARSET',
      sentence: 'Character set of messages that declare none; absent, UTF-8 where the bytes are UTF-8, else GB18030.',
      expects: CHARSETS,
      example: 'GB18030',
    }),
    cloud,
    mapping,
    sources: z
      .strictObject({
        hl7: z
          .array(hl7Source)
          .max(200)
          .default([])
          .meta({ sentence: 'Senders of HL7 messages; the first that fits a message names its source and site.' }),
        dicom: z
          .array(dicomSource)
          .max(200)
          .default([])
          .meta({ sentence: 'Senders of images and store events; the first that fits names source and site.' }),
      })
      .prefault({})
      .meta({ sentence: 'Who may send. A site `default` without sources takes any sender on this machine.' }),
  })
  .prefault({});

export const configurationFile = z.strictObject({
  dataDir: z.string().min(1).max(4096).default('./studybridge-data').meta({
    variable: 'STUDYBRIDGE_DATA_DIR',
    sentence: 'Directory of everything that is kept; made for the owner only.',
    expects: 'a path',
  }),
  host: text('127.0.0.1', /^[0-9A-Za-z.:_-]{1,253}$/, {
    variable: 'STUDYBRIDGE_HOST',
    sentence:
      'Address all ports listen on. Beyond loopback, only senders that a source of the file allows by address are taken.',
    expects: 'an IP address or a host name of this machine',
  }),
  logLevel: choice(['error', 'warn', 'info', 'debug', 'silent'], 'info', {
    variable: 'STUDYBRIDGE_LOG_LEVEL',
    sentence: 'Least level that is logged.',
  }),
  hl7: z
    .strictObject({
      port: integer(
        { ...PORT, default: 2575 },
        { variable: 'STUDYBRIDGE_HL7_PORT', sentence: 'MLLP port; 0 picks a free one.' },
      ),
      maxFrameBytes: integer(
        { min: 1024, max: 32 * MEBIBYTE, default: 32 * MEBIBYTE },
        {
          variable: 'STUDYBRIDGE_HL7_MAX_FRAME_BYTES',
          sentence: 'Longest message; a longer one is answered AE and ends the connection.',
        },
      ),
      connectionsMax: integer({ min: 1, max: 10_000, default: 256 }, { sentence: 'Connections at the same time.' }),
      idleTimeoutMs: integer(
        { min: 1000, max: 24 * 60 * MINUTE_MS, default: 60 * MINUTE_MS },
        { sentence: 'A connection without traffic is closed after this time.' },
      ),
      whenLogCannot: choice(['close', 'reject'], 'close', {
        sentence:
          'What a sender sees when the log cannot take its message: the connection closed without an answer, or AR with ERR-3 207. Many engines park a message on a negative answer instead of sending it again.',
      }),
    })
    .prefault({})
    .meta({ sentence: 'The MLLP port for HL7 messages.' }),
  dicom: z
    .strictObject({
      port: integer(
        { ...PORT, default: 11_112 },
        { variable: 'STUDYBRIDGE_DICOM_PORT', sentence: 'DICOM port; 0 picks a free one.' },
      ),
      aeTitle: text('STUDYBRIDGE', /^[\x20-\x5b\x5d-\x7e]{1,16}$/, {
        variable: 'STUDYBRIDGE_DICOM_AE_TITLE',
        sentence: 'Own AE title.',
        expects: 'an AE title of 1 to 16 characters',
      }),
      associationsMax: integer({ min: 1, max: 1000, default: 64 }, { sentence: 'Associations at the same time.' }),
      idleTimeoutMs: integer(
        { min: 1000, max: 24 * 60 * MINUTE_MS, default: 5 * MINUTE_MS },
        { sentence: 'An association without traffic is aborted after this time.' },
      ),
    })
    .prefault({})
    .meta({ sentence: 'The DICOM port: a tap that reads headers and archives nothing.' }),
  http: z
    .strictObject({
      port: integer(
        { ...PORT, default: 8080 },
        {
          variable: 'STUDYBRIDGE_HTTP_PORT',
          sentence: 'Port of health, metrics and store events; 0 picks a free one.',
        },
      ),
      bodyBytesMax: integer(
        { min: 1024, max: 256 * MEBIBYTE, default: 16 * MEBIBYTE },
        { sentence: 'Longest body of a request.' },
      ),
    })
    .prefault({})
    .meta({ sentence: 'The HTTP port: /healthz, /readyz, /metrics, /v1/store-events.' }),
  log: z
    .strictObject({
      taskSharePercent: integer(
        { min: 1, max: 90, default: 10 },
        {
          variable: 'STUDYBRIDGE_LOG_TASK_SHARE_PERCENT',
          sentence:
            'Share of the thread that all tasks of the embedded log get while appends keep coming: what they have not done is durable and waits.',
        },
      ),
    })
    .prefault({})
    .meta({ sentence: 'The embedded log.' }),
  kafka: kafkaSection,
  schemaRegistry: registrySection,
  retentionDays,
  sites: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/), siteFile)
    .optional()
    .meta({
      sentence:
        'The hospitals, each by its name. Absent, there is one, called `default`, which the variables describe.',
      expects: 'site names of lower-case letters, digits and hyphens, at most 32',
    }),
});

export type ConfigurationFile = z.output<typeof configurationFile>;
export type SiteFile = z.output<typeof siteFile>;

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // A RangeError says that there is no such zone; false says the same.
    return false;
  }
}
