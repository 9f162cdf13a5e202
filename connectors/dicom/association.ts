/**
 * One connection: negotiates, takes objects one after another, answers each when it is durable, and ends.
 *
 * States: a connection waits for its request, is open, or is closing (the last PDU is written; what still comes is
 * dropped until the other side or the ARTIM timer ends the connection). While an answer is being prepared the
 * association is busy: the reader stops, at most the piece it was in is held, and the socket is paused, so that the
 * sender feels a slow log.
 *
 * Source: PS3.8 section 9.2 (the state machine), PS3.7 section 9.
 */
import type { Socket } from 'node:net';
import {
  PDU,
  readAssociateRequest,
  writeAbort,
  writeAssociateAccept,
  writeAssociateReject,
  writeReleaseResponse,
} from '../../codecs/dicom/association-pdus.ts';
import { COMMAND, type DimseRequest, readRequest, writeResponse } from '../../codecs/dicom/command-set.ts';
import type { DicomHeader } from '../../codecs/dicom/header.ts';
import { type PduFault, PduReader, type PduSink } from '../../codecs/dicom/pdu-reader.ts';
import { crashPoint } from '../../runtime/contracts/crash-point.ts';
import { failed, type Result } from '../../schemas/failure.ts';
import type { Deadline, DeadlineWatch } from './deadline-watch.ts';
import { type AcceptedContext, faultOf, negotiate, REJECTIONS, type RejectionReason } from './negotiation.ts';
import { ObjectIntake } from './object-intake.ts';
import { judge } from './object-verdict.ts';
import type { AssociationPeer, Route, StoreScpLimits, StoreScpOptions } from './store-scp-options.ts';
import { STORE_STATUS, SUCCESS, storeStatus } from './store-status.ts';
import { TimelyAppender } from './timely-append.ts';

export interface AssociationHost extends StoreScpOptions {
  readonly limits: StoreScpLimits;
  readonly deadlines: DeadlineWatch;
  /** What speaks against one more association, asked once a request has come. */
  readonly refusal: () => RejectionReason | undefined;
}

type AbortReason = 'unexpected_pdu' | 'malformed_pdu' | 'artim' | 'idle' | 'draining' | 'unread_answers' | 'internal';

/** PS3.8 section 9.3.8: source and reason. */
const ABORTS: Readonly<Record<AbortReason, readonly [source: 0 | 2, reason: number]>> = {
  unexpected_pdu: [2, 2],
  malformed_pdu: [2, 6],
  artim: [2, 0],
  idle: [2, 0],
  draining: [0, 0],
  unread_answers: [2, 0],
  internal: [2, 0],
};

const IS_COMMAND = 1;
const IS_LAST = 2;
/** An answer has about 200 bytes; a sender that reads none of so many is gone. */
const UNREAD_ANSWER_BYTES_MAX = 64 * 1024;

interface ObjectInFlight {
  readonly contextId: number;
  readonly context: AcceptedContext;
  readonly request: DimseRequest;
}

interface OpenAssociation {
  readonly peer: AssociationPeer;
  readonly route: Route;
  readonly contexts: ReadonlyMap<number, AcceptedContext>;
  readonly openedAtMs: number;
}

export class Association implements PduSink {
  readonly #socket: Socket;
  readonly #host: AssociationHost;
  readonly #appender: TimelyAppender;
  readonly #reader: PduReader;
  readonly #intake: ObjectIntake;
  readonly #silence: Deadline;
  readonly #held: Buffer[] = [];
  readonly #address: string;
  #open: OpenAssociation | undefined;
  #object: ObjectInFlight | undefined;
  #command: Buffer | undefined;
  #commandBytes = 0;
  #busy = false;
  #closing = false;
  #draining = false;
  #objects = 0;
  #toldLogBehind = false;

  constructor(socket: Socket, host: AssociationHost) {
    const { limits, log, clock, deadlines } = host;
    this.#socket = socket;
    this.#host = host;
    this.#address = socket.remoteAddress ?? '';
    this.#appender = new TimelyAppender({ log, clock, deadlines, deadlineMs: limits.appendDeadlineMs });
    this.#intake = new ObjectIntake(limits);
    this.#reader = new PduReader(this, {
      controlBytesMax: limits.associateBytesMax,
      dataBytesMax: limits.dataBytesMax,
    });
    this.#silence = { dueMs: clock.monotonicMs() + limits.artimMs, expire: () => this.#silent() };
    deadlines.add(this.#silence);
    socket.on('data', (bytes) => this.#receive(bytes));
    // Every error is followed by 'close', which is where the association ends.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  get opened(): boolean {
    return this.#open !== undefined;
  }

  /** Finishes the object in flight; between objects the sender has a moment to release the association itself. */
  drain(): void {
    this.#draining = true;
    if (this.#open === undefined) this.#socket.destroy();
    else if (this.#object === undefined && !this.#busy && !this.#closing) this.#graceBegins();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get accepting(): boolean {
    return !this.#busy && !this.#closing;
  }

  control(type: number, body: Uint8Array): void {
    if (type === PDU.abort) this.#socket.destroy();
    else if (type === PDU.associateRequest && this.#open === undefined) this.#associate(body);
    else if (type === PDU.releaseRequest && this.#open !== undefined) this.#end(writeReleaseResponse());
    else this.#abort('unexpected_pdu');
  }

  fragment(contextId: number, control: number, bytes: Uint8Array, start: number, end: number, complete: boolean): void {
    const context = this.#open?.contexts.get(contextId);
    const last = complete && (control & IS_LAST) !== 0;
    if (context === undefined) {
      this.#abort('unexpected_pdu');
    } else if ((control & IS_COMMAND) !== 0) {
      if (this.#object === undefined) this.#takeCommand(contextId, context, bytes, start, end, last);
      else this.#abort('unexpected_pdu');
    } else if (this.#object === undefined || this.#object.contextId !== contextId) {
      this.#abort('unexpected_pdu');
    } else {
      const taken = this.#intake.push(bytes, start, end);
      if (last) this.#wait(this.#finishObject(this.#object, taken));
      else if (taken !== undefined) this.#wait(taken);
    }
  }

  fault(fault: PduFault): void {
    this.#abort(fault === 'unknown_type' ? 'unexpected_pdu' : 'malformed_pdu');
  }

  #receive(bytes: Buffer): void {
    if (this.#closing) return;
    if (this.#held.length > 0) {
      this.#held.push(bytes);
      return;
    }
    if (!this.#busy && this.#open !== undefined) this.#heard();
    const at = this.#reader.push(bytes, 0);
    if (at < bytes.length && !this.#closing) {
      this.#held.push(bytes.subarray(at));
      // Invariant 7.
      this.#socket.pause();
    }
  }

  #heard(): void {
    if (!this.#draining) this.#silence.dueMs = this.#host.clock.monotonicMs() + this.#host.limits.idleMs;
  }

  #silent(): void {
    if (this.#closing) this.#socket.destroy();
    else if (this.#draining) this.#abort('draining');
    else this.#abort(this.#open === undefined ? 'artim' : 'idle');
  }

  /** Nothing is read until the work is done. */
  #wait(work: Promise<void>): void {
    this.#busy = true;
    this.#silence.dueMs = Number.POSITIVE_INFINITY;
    work.then(
      () => this.#goOn(),
      () => this.#abort('internal'),
    );
  }

  #goOn(): void {
    this.#busy = false;
    if (this.#closing) return;
    this.#heard();
    if (this.#draining && this.#object === undefined) this.#graceBegins();
    while (this.accepting && this.#held.length > 0) {
      const bytes = this.#held[0] ?? Buffer.alloc(0);
      const at = this.#reader.push(bytes, 0);
      if (at === bytes.length) this.#held.shift();
      else this.#held[0] = bytes.subarray(at);
    }
    if (this.accepting && this.#socket.isPaused()) this.#socket.resume();
  }

  #graceBegins(): void {
    this.#silence.dueMs = this.#host.clock.monotonicMs() + this.#host.limits.drainGraceMs;
  }

  #associate(body: Uint8Array): void {
    const request = readAssociateRequest(body);
    if (request === undefined) {
      this.#reject('malformed');
      return;
    }
    const { callingAeTitle, calledAeTitle } = request;
    const { calledAeTitles, clock, limits, telemetry } = this.#host;
    if (calledAeTitles !== undefined && !calledAeTitles.includes(calledAeTitle)) {
      this.#reject('called_ae_title');
      return;
    }
    const fault = faultOf(request) ?? this.#host.refusal();
    if (fault !== undefined) {
      this.#reject(fault);
      return;
    }
    const peer = { callingAeTitle, calledAeTitle, address: this.#address };
    const route = this.#host.route(peer);
    if (route === undefined) {
      this.#reject('calling_ae_title');
      return;
    }
    const { results, accepted } = negotiate(request.contexts);
    this.#open = { peer, route, contexts: accepted, openedAtMs: clock.monotonicMs() };
    this.#heard();
    this.#socket.write(writeAssociateAccept(request.titleBytes, results, limits.dataBytesMax));
    telemetry.record('dicom.association_opened', { source: route.source, contexts: accepted.size });
  }

  #takeCommand(
    contextId: number,
    context: AcceptedContext,
    bytes: Uint8Array,
    start: number,
    end: number,
    last: boolean,
  ): void {
    if (last && this.#commandBytes === 0) {
      this.#obey(contextId, context, readRequest(bytes, start, end));
      return;
    }
    const commandBytes = this.#commandBytes + end - start;
    if (commandBytes > this.#host.limits.commandBytesMax) {
      this.#abort('malformed_pdu');
      return;
    }
    this.#command ??= Buffer.allocUnsafeSlow(this.#host.limits.commandBytesMax);
    this.#command.set(bytes.subarray(start, end), this.#commandBytes);
    this.#commandBytes = last ? 0 : commandBytes;
    if (last) this.#obey(contextId, context, readRequest(this.#command, 0, commandBytes));
  }

  #obey(contextId: number, context: AcceptedContext, request: DimseRequest | undefined): void {
    if (request === undefined) {
      this.#abort('malformed_pdu');
    } else if (this.#draining) {
      this.#abort('draining');
    } else if (request.command === COMMAND.echoRequest && !request.hasDataSet) {
      this.#answer(contextId, request, SUCCESS);
    } else if (request.command === COMMAND.storeRequest) {
      this.#object = { contextId, context, request };
      this.#intake.begin(context.encoding);
      if (!request.hasDataSet) this.#wait(this.#finishObject(this.#object, undefined));
    } else {
      this.#abort('unexpected_pdu');
    }
  }

  /** The data set is complete: records it, then answers. */
  async #finishObject(object: ObjectInFlight, taken: Promise<void> | undefined): Promise<void> {
    if (taken !== undefined) await taken;
    const open = this.#open;
    if (open === undefined) return;
    const { clock, telemetry } = this.#host;
    const completeAtMs = clock.monotonicMs();
    const finished = this.#readHeader(object);
    const header = finished instanceof Promise ? await finished : finished;
    const { request, context, contextId } = object;
    const { transferSyntaxUid } = context;
    const prefix = () => this.#intake.prefix();
    const { entry, refusal } = judge(
      { request, transferSyntaxUid, header, peer: open.peer, route: open.route, prefix },
      this.#host,
    );
    const bytes = this.#intake.objectBytes;
    this.#intake.abandon();
    // Invariant 1: nothing below says Success unless the append has resolved.
    const durable = await this.#appender.append([entry]);
    this.#object = undefined;
    if (!durable) this.#logBehind(open);
    const code = durable ? refusal?.code : 'dicom.log_behind';
    const status = durable
      ? refusal === undefined
        ? SUCCESS
        : storeStatus(refusal.code)
      : STORE_STATUS['dicom.log_behind'];
    crashPoint('acknowledge.before');
    this.#answer(contextId, request, status);
    crashPoint('acknowledge.after');
    const { source } = open.route;
    if (code === undefined) {
      const durationSeconds = (clock.monotonicMs() - completeAtMs) / 1000;
      telemetry.record('dicom.instance_stored', { source, bytes, durationSeconds });
    } else {
      telemetry.record('dicom.instance_refused', { source, code, bytes });
    }
  }

  /** One line an association: the metric of refused objects has the rest. */
  #logBehind({ route }: OpenAssociation): void {
    if (!this.#toldLogBehind) this.#host.telemetry.record('dicom.log_behind', { source: route.source });
    this.#toldLogBehind = true;
  }

  #readHeader({ request }: ObjectInFlight): Result<DicomHeader> | Promise<Result<DicomHeader>> {
    if (!request.hasDataSet) return failed('dicom.no_data_set', 'the command announces no data set');
    return this.#intake.finish();
  }

  #answer(contextId: number, request: DimseRequest, status: number): void {
    if (this.#closing || !this.#socket.writable) return;
    if (this.#socket.writableLength > UNREAD_ANSWER_BYTES_MAX) {
      this.#abort('unread_answers');
      return;
    }
    this.#objects += 1;
    this.#socket.write(writeResponse(contextId, request, status));
  }

  #reject(reason: RejectionReason): void {
    this.#host.telemetry.record('dicom.association_rejected', { address: this.#address, reason });
    this.#end(writeAssociateReject(REJECTIONS[reason]));
  }

  #abort(reason: AbortReason): void {
    if (this.#closing) return;
    this.#host.telemetry.record('dicom.association_aborted', { address: this.#address, reason });
    const [source, code] = ABORTS[reason];
    this.#end(writeAbort(source, code));
  }

  /** Writes the last PDU, then drops what comes until the connection ends (PS3.8 section 9.2, Sta13). */
  #end(pdu: Buffer): void {
    const { clock, limits } = this.#host;
    this.#closing = true;
    this.#held.length = 0;
    this.#silence.dueMs = clock.monotonicMs() + limits.artimMs;
    this.#socket.end(pdu);
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #closed(): void {
    const { clock, deadlines, telemetry } = this.#host;
    this.#closing = true;
    this.#held.length = 0;
    deadlines.remove(this.#silence);
    this.#intake.abandon();
    if (this.#open === undefined) return;
    const durationMs = clock.monotonicMs() - this.#open.openedAtMs;
    telemetry.record('dicom.association_closed', {
      source: this.#open.route.source,
      objects: this.#objects,
      durationMs,
    });
  }
}
