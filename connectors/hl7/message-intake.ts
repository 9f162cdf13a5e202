// Turns one frame into the record that keeps it and the answer it gets once that record is durable. No I/O.

import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import {
  type AcknowledgementCode,
  type AcknowledgementHeader,
  acknowledgementHeader,
} from '../../codecs/hl7/acknowledgement.ts';
import { type Hl7Sender, readEnvelope, readIdentifiers, readSender } from '../../codecs/hl7/intake-reader.ts';
import { type Hl7Message, readHl7Message } from '../../codecs/hl7/message.ts';
import type { MllpFrame } from '../../codecs/hl7/mllp-framer.ts';
import { type Failure, failed, type Result } from '../../schemas/failure.ts';
import type { Site } from '../../schemas/identifiers.ts';
import type { Entry } from '../../schemas/record-entry.ts';
import type { Hl7Disposition } from '../../schemas/records.ts';
import { disposalOf } from './disposition.ts';
import { createTraceIds } from './trace-ids.ts';

export interface Sender extends Hl7Sender {
  /** IP address. */
  readonly address: string;
}

/** Where a sender's messages go. */
export interface Route {
  readonly site: Site;
  /** The configured source's name. */
  readonly source: string;
  /** Trusted where a message declares no character set. */
  readonly defaultCharset?: string;
}

export interface IntakeOptions {
  readonly codec: RecordCodec;
  /** undefined: refused by rule. A message without a readable header is asked for with empty names. */
  readonly route: (sender: Sender) => Route | undefined;
  /** Keeps the dead letters of senders that no rule admits. */
  readonly refusedSite: Site;
}

/** Durable together with `entry` and not before: the answer. */
export interface Intake {
  readonly entry: Entry;
  readonly header: AcknowledgementHeader;
  readonly answer: AcknowledgementCode;
  /** Why the answer is not AA. */
  readonly failure: Failure | undefined;
  readonly disposition: Hl7Disposition | undefined;
  /** Label the bytes were decoded with, where they are not what was declared. */
  readonly contradictedBy: string | undefined;
}

export interface IntakeSource {
  readonly address: string;
  /** What the message before it was routed with: mostly the next one's too. */
  defaultCharset: string | undefined;
}

export type ReadableFrame = Exclude<MllpFrame, { readonly kind: 'no_room' }>;

export function createIntake(
  options: IntakeOptions,
): (frame: ReadableFrame, source: IntakeSource, nowMs: number) => Intake {
  const traceIds = createTraceIds();
  return (frame, source, nowMs) => {
    const trace = traceIds();
    const { message, route } = readAndRoute(frame.bytes, source, options.route);
    const header = acknowledgementHeader(message.ok ? message.value : undefined);
    const refuse = (answer: AcknowledgementCode, failure: Failure): Intake => {
      const letter = {
        site: route?.site ?? options.refusedSite,
        stage: 'intake',
        code: failure.code,
        reason: failure.message,
        position: null,
        key: (message.ok ? message.value.first('MSH')?.text(10).slice(0, KEY_LENGTH_MAX) : undefined) || trace,
        occurredAtMs: nowMs,
        bytes: frame.bytes,
      };
      const entry = options.codec.entry('dead.letters', letter, { trace });
      return { entry, header, answer, failure, disposition: undefined, contradictedBy: undefined };
    };
    if (frame.kind === 'oversize') return refuse('AE', OVERSIZE);
    if (frame.kind === 'unended') return refuse('AE', UNENDED);
    if (!message.ok) return refuse('AE', message.failure);
    if (route === undefined) return refuse('AR', UNKNOWN_SENDER);
    const envelope = readEnvelope(message.value);
    if (!envelope.ok) return refuse('AE', envelope.failure);
    const { disposition, ignoredReason } = disposalOf(envelope.value.messageType);
    const { application, facility } = readSender(message.value);
    const charset = message.value.charset;
    const record = {
      site: route.site,
      source: route.source,
      receivedAtMs: nowMs,
      sourceAddress: source.address,
      disposition,
      ignoredReason,
      messageType: envelope.value.messageType,
      controlId: envelope.value.controlId,
      sendingApplication: application,
      sendingFacility: facility,
      messageDateTime: envelope.value.messageDateTime,
      versionId: envelope.value.versionId,
      charset,
      identifiers: readIdentifiers(message.value),
      raw: frame.bytes,
    };
    const entry = options.codec.entry('hl7.messages', record, { trace });
    const contradictedBy = charset.contradicted ? charset.used : undefined;
    return { entry, header, answer: 'AA', failure: undefined, disposition, contradictedBy };
  };
}

/** A key of a record is at most 1,900 bytes; a character is at most 4. */
const KEY_LENGTH_MAX = 199;

const OVERSIZE = failed('hl7.frame_too_large', 'the frame is larger than is taken here').failure;
const UNENDED = failed('hl7.frame_without_end', 'the next frame began before the end block of this one').failure;
const UNKNOWN_SENDER = failed('hl7.sender_refused', 'no rule admits this sender').failure;

/** The route names the character set to fall back on, and the message names the sender that is routed. */
function readAndRoute(
  bytes: Uint8Array,
  source: IntakeSource,
  routeOf: IntakeOptions['route'],
): { readonly message: Result<Hl7Message>; readonly route: Route | undefined } {
  const message = read(bytes, source.defaultCharset);
  const sender = message.ok ? readSender(message.value) : NAMELESS;
  const route = routeOf({ application: sender.application, facility: sender.facility, address: source.address });
  const defaultCharset = route?.defaultCharset;
  if (defaultCharset === source.defaultCharset) return { message, route };
  source.defaultCharset = defaultCharset;
  return { message: read(bytes, defaultCharset), route };
}

const NAMELESS: Hl7Sender = { application: '', facility: '' };

function read(bytes: Uint8Array, defaultCharset: string | undefined): Result<Hl7Message> {
  return readHl7Message(bytes, defaultCharset === undefined ? {} : { defaultCharset });
}
