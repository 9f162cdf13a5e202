// One sender's connection: frames in, records to the log, answers out in the order of the frames.
//
// What one read brings is one batch: its records go to the log in one append, so that they are flushed together, and its
// answers are written together. Batches are appended at the same time and answered in order. A batch is
//
//   appending → durable                answered as the intake decided; AE for what is larger than the log will ever take
//             → waiting → appending    the log said no for now; tried again until the deadline
//             → refused                answered AR, where the setting says so
//
// and at the deadline of the oldest the connection is closed without an answer. Reading stops while too much is pending,
// while a batch waits, while the sender does not read its answers, and while the server's room is used up. A closed
// connection withdraws its appends, so that senders that come again pile up no work behind a log that stands still.
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { type AcknowledgementStamp, writeAcknowledgement } from '../../codecs/hl7/acknowledgement.ts';
import { type FrameRoom, MllpFramer } from '../../codecs/hl7/mllp-framer.ts';
import type { Clock } from '../../runtime/contracts/clock.ts';
import { crashPoint } from '../../runtime/contracts/crash-point.ts';
import { type RecordLog, RecordRefused } from '../../runtime/contracts/record-log.ts';
import type { Telemetry } from '../../runtime/contracts/telemetry.ts';
import { failed } from '../../schemas/failure.ts';
import type { Entry } from '../../schemas/record-entry.ts';
import type { Hl7Disposition } from '../../schemas/records.ts';
import type { Intake, IntakeSource, ReadableFrame } from './message-intake.ts';

export interface ConnectionLimits {
  readonly frameBytesMax: number;
  readonly pendingPerConnectionMax: number;
  readonly pendingBytesPerConnectionMax: number;
  readonly idleTimeoutMs: number;
  readonly frameTimeoutMs: number;
  readonly appendDeadlineMs: number;
  readonly whenLogCannot: 'close' | 'reject';
}

/** What the connections of a server share. */
export interface ConnectionServices {
  readonly limits: ConnectionLimits;
  readonly log: Pick<RecordLog, 'append' | 'health'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly intake: (frame: ReadableFrame, source: IntakeSource, nowMs: number) => Intake;
  readonly stamp: () => AcknowledgementStamp;
  /** For frames that are not complete. */
  readonly unfinishedRoom: FrameRoom;
  /** For messages that are not durable. */
  readonly pendingRoom: FrameRoom;
  readonly closed: (connection: MllpConnection) => void;
}

interface Batch {
  readonly intakes: readonly Intake[];
  readonly entries: readonly Entry[];
  readonly bytes: number;
  readonly begunMs: number;
  state: 'appending' | 'waiting' | 'durable' | 'refused';
  /** Of a durable batch: the messages that the log will never take, by their index. */
  refused: ReadonlySet<number>;
}

/** Answers that the sender has not read; above it, nothing more is read from it. */
const UNREAD_ANSWERS_BYTES_MAX = 65_536;
/** How long an ended connection stays to be read, since closing it with unread bytes would destroy the last answers on their way. */
const LINGER_MS = 1000;
const NONE: ReadonlySet<number> = new Set();
const RECORD_REFUSED = failed('log.record_refused', 'the message is larger than can be stored').failure;
const LOG_UNAVAILABLE = failed('hl7.log_unavailable', 'the message could not be stored, send it again').failure;

export class MllpConnection {
  readonly #socket: Socket;
  readonly #services: ConnectionServices;
  readonly #source: IntakeSource;
  readonly #framer: MllpFramer;
  readonly #withdrawal = new AbortController();
  readonly #batches: Batch[] = [];
  #pendingMessages = 0;
  #pendingBytes = 0;
  #waiting = false;
  #flushPlanned = false;
  /** Why nothing more is taken; the connection ends when what was accepted is answered. */
  #closing: string | undefined;
  #lingerUntilMs: number | undefined;
  #closed = false;
  #messages = 0;
  #unfinishedBytes = 0;
  #progressMs: number;
  /** Since when the framer lacks the rest of a frame. */
  #frameSinceMs: number | undefined;

  constructor(socket: Socket, address: string, services: ConnectionServices) {
    this.#socket = socket;
    this.#services = services;
    this.#source = { address, defaultCharset: undefined };
    this.#framer = new MllpFramer(services.limits.frameBytesMax, services.unfinishedRoom);
    this.#progressMs = services.clock.monotonicMs();
    setMaxListeners(0, this.#withdrawal.signal);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.finish('sender'));
    socket.on('drain', () => this.#resume());
    socket.on('error', (error) =>
      this.abandon('code' in error && typeof error.code === 'string' ? error.code : 'error'),
    );
    socket.on('close', () => this.#cleanUp());
  }

  get pendingMessages(): number {
    return this.#pendingMessages;
  }

  /** Takes nothing more; ends when what was accepted is answered. */
  finish(reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = reason;
    this.#stopFraming();
    this.#endIfAnswered();
  }

  /** Closes at once; what is not answered stays unanswered. */
  abandon(reason: string): void {
    this.#closing ??= reason;
    this.#stopFraming();
    this.#socket.destroy();
  }

  /** Called now and then, since one timer serves all connections. */
  check(nowMs: number): void {
    const { appendDeadlineMs, idleTimeoutMs, frameTimeoutMs } = this.#services.limits;
    if (this.#closed) return;
    if (this.#lingerUntilMs !== undefined) {
      if (nowMs >= this.#lingerUntilMs) this.#socket.destroy();
      return;
    }
    const oldest = this.#batches[0];
    if (oldest !== undefined && nowMs - oldest.begunMs >= appendDeadlineMs) this.#expire();
    else if (this.#waiting) this.#appendAgain();
    else if (oldest === undefined && nowMs - this.#progressMs >= idleTimeoutMs) this.abandon('idle');
    else if (this.#frameSinceMs !== undefined && nowMs - this.#frameSinceMs >= frameTimeoutMs)
      this.abandon('slow_frame');
    else this.#resume();
  }

  #receive(chunk: Buffer): void {
    if (this.#closing !== undefined) return;
    this.#progressMs = this.#services.clock.monotonicMs();
    this.#framer.push(chunk);
    this.#take();
  }

  #resume(): void {
    if (this.#closing === undefined && !this.#closed) this.#take();
  }

  #take(): void {
    const { clock, intake } = this.#services;
    const nowMs = clock.nowMs();
    const intakes: Intake[] = [];
    let bytes = 0;
    let starved = false;
    let last: string | undefined;
    while (last === undefined && this.#mayTake(intakes.length, bytes)) {
      const frame = this.#framer.next();
      starved = frame === undefined;
      if (frame === undefined) break;
      if (frame.kind === 'no_room') {
        last = 'no_room';
        break;
      }
      intakes.push(intake(frame, this.#source, nowMs));
      bytes += frame.bytes.length;
      if (frame.kind === 'oversize') last = 'oversize';
    }
    if (intakes.length > 0) this.#submit(intakes, bytes);
    if (last !== undefined) this.finish(last);
    else this.#regulate(starved, intakes.length > 0);
  }

  /** Invariant 7. */
  #mayTake(messages: number, bytes: number): boolean {
    const { limits, pendingRoom } = this.#services;
    return (
      !this.#waiting &&
      this.#pendingMessages + messages < limits.pendingPerConnectionMax &&
      this.#pendingBytes + bytes < limits.pendingBytesPerConnectionMax &&
      pendingRoom.usedBytes + bytes < pendingRoom.bytesMax &&
      this.#socket.writableLength < UNREAD_ANSWERS_BYTES_MAX
    );
  }

  /** Reads on only when the framer has handed out all it has. */
  #regulate(starved: boolean, progress: boolean): void {
    const unfinished = starved && this.#framer.unfinishedBytes !== undefined;
    if (!unfinished) this.#frameSinceMs = undefined;
    else if (progress || this.#frameSinceMs === undefined) this.#frameSinceMs = this.#services.clock.monotonicMs();
    if (starved && this.#mayTake(0, 0)) this.#socket.resume();
    else this.#socket.pause();
  }

  #submit(intakes: readonly Intake[], bytes: number): void {
    this.#messages += intakes.length;
    this.#pendingMessages += intakes.length;
    this.#pendingBytes += bytes;
    this.#services.pendingRoom.usedBytes += bytes;
    const batch: Batch = {
      intakes,
      entries: intakes.map(({ entry }) => entry),
      bytes,
      begunMs: this.#services.clock.monotonicMs(),
      state: 'appending',
      refused: NONE,
    };
    this.#batches.push(batch);
    this.#append(batch);
  }

  #append(batch: Batch): void {
    batch.state = 'appending';
    this.#services.log.append(batch.entries, this.#withdrawal.signal).then(
      () => {
        if (batch.state !== 'appending') return;
        // Invariant 1: only from here on the sender may be told yes.
        batch.state = 'durable';
        this.#planFlush();
      },
      (error: unknown) => this.#notAppended(batch, error),
    );
  }

  /** Nothing is lost: the sender has not been told yes. */
  #notAppended(batch: Batch, error: unknown): void {
    if (this.#closed || batch.state !== 'appending') return;
    if (error instanceof RecordRefused) {
      // All others of the batch are durable; to send this one again would be in vain.
      batch.state = 'durable';
      batch.refused = error.refused;
      this.#planFlush();
      return;
    }
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (this.#services.limits.whenLogCannot === 'reject') {
      batch.state = 'refused';
      this.#planFlush();
    } else if (code === 'log.closed' || code === 'log.commit_failed') {
      // It takes nothing more in this process.
      this.#reportUnavailable(this.#pendingMessages);
      this.abandon('log');
    } else {
      batch.state = 'waiting';
      this.#waiting = true;
      this.#socket.pause();
    }
  }

  #appendAgain(): void {
    if (!this.#services.log.health().writable) return;
    this.#waiting = false;
    for (const batch of this.#batches) if (batch.state === 'waiting') this.#append(batch);
  }

  /** The log has had the oldest batch for too long. */
  #expire(): void {
    if (this.#services.limits.whenLogCannot === 'close') {
      this.#reportUnavailable(this.#pendingMessages);
      this.abandon('log');
      return;
    }
    for (const batch of this.#batches) if (batch.state !== 'durable') batch.state = 'refused';
    this.#withdrawal.abort();
    this.#planFlush();
    this.finish('log');
  }

  #reportUnavailable(messages: number): void {
    this.#services.telemetry.record('hl7.log_unavailable', { code: LOG_UNAVAILABLE.code, messages });
  }

  /** After all that is settled in this turn, so that one write carries all its answers. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    process.nextTick(() => {
      this.#flushPlanned = false;
      if (!this.#closed) this.#flush();
    });
  }

  #flush(): void {
    let answers = '';
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      if (batch.state !== 'durable' && batch.state !== 'refused') break;
      this.#batches.shift();
      answers += this.#answers(batch);
      this.#settle(batch);
    }
    if (answers !== '') {
      crashPoint('acknowledge.before');
      this.#socket.write(answers, 'latin1');
      crashPoint('acknowledge.after');
    }
    if (this.#closing === undefined) this.#take();
    else this.#endIfAnswered();
  }

  #answers(batch: Batch): string {
    const { stamp, telemetry, clock } = this.#services;
    const refused = batch.state === 'refused';
    let answers = '';
    for (const [index, { header, answer, failure }] of batch.intakes.entries()) {
      if (header.unwanted) continue;
      let text: string;
      if (refused) text = writeAcknowledgement(header, 'AR', LOG_UNAVAILABLE, stamp());
      else if (batch.refused.has(index)) text = writeAcknowledgement(header, 'AE', RECORD_REFUSED, stamp());
      else text = writeAcknowledgement(header, answer, failure, stamp());
      answers += `\x0b${text}\x1c\r`;
    }
    if (refused) recordRefused(telemetry, LOG_UNAVAILABLE.code, 'AR', batch.intakes.length);
    else if (batch.refused.size === 0) recordAccepted(telemetry, batch.intakes);
    else {
      const accepted = batch.intakes.filter((_, index) => !batch.refused.has(index));
      recordRefused(telemetry, RECORD_REFUSED.code, 'AE', batch.intakes.length - accepted.length);
      recordAccepted(telemetry, accepted);
    }
    const tookSeconds = (clock.monotonicMs() - batch.begunMs) / 1000;
    telemetry.record('hl7.acknowledged', { answers: batch.intakes.length, tookSeconds });
    return answers;
  }

  #settle(batch: Batch): void {
    this.#pendingMessages -= batch.intakes.length;
    this.#pendingBytes -= batch.bytes;
    this.#services.pendingRoom.usedBytes -= batch.bytes;
  }

  #endIfAnswered(): void {
    if (this.#batches.length > 0 || this.#lingerUntilMs !== undefined || this.#closed) return;
    this.#lingerUntilMs = this.#services.clock.monotonicMs() + LINGER_MS;
    this.#socket.end();
    // What still comes is read and let go: none of it was accepted.
    this.#socket.resume();
  }

  #stopFraming(): void {
    this.#unfinishedBytes += this.#framer.unfinishedBytes ?? 0;
    this.#framer.stop();
  }

  #cleanUp(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopFraming();
    this.#withdrawal.abort();
    for (const batch of this.#batches) this.#settle(batch);
    this.#batches.length = 0;
    this.#services.telemetry.record('hl7.connection_closed', {
      address: this.#source.address,
      reason: this.#closing ?? 'sender',
      messages: this.#messages,
      skippedBytes: this.#framer.skippedBytes,
      unfinishedBytes: this.#unfinishedBytes,
    });
    this.#services.closed(this);
  }
}

function recordRefused(telemetry: Telemetry, code: string, answer: 'AR' | 'AE', messages: number): void {
  for (let count = 0; count < messages; count += 1) telemetry.record('hl7.message_refused', { code, answer });
}

function recordAccepted(telemetry: Telemetry, intakes: readonly Intake[]): void {
  const counts = { used: 0, recorded: 0, ignored: 0 };
  for (const { disposition, failure, answer, contradictedBy } of intakes) {
    if (disposition !== undefined) counts[disposition] += 1;
    if (failure !== undefined) telemetry.record('hl7.message_refused', { code: failure.code, answer });
    if (contradictedBy !== undefined) telemetry.record('hl7.charset_contradicted', { used: contradictedBy });
  }
  for (const disposition of DISPOSITIONS) {
    const messages = counts[disposition];
    if (messages > 0) telemetry.record('hl7.messages_accepted', { disposition, messages });
  }
}

const DISPOSITIONS: readonly Hl7Disposition[] = ['used', 'recorded', 'ignored'];
