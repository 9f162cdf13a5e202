/**
 * Cuts a byte stream into upper-layer PDUs; presentation data are handed on as they come and never held.
 *
 * Two kinds of content: a P-DATA-TF is a row of presentation data values (PDVs), each handed to the sink in as many
 * pieces as the stream brings; every other PDU is small, so it is gathered whole, up to a limit. The sink can stop the
 * reader after any piece; `push` then says how far it came, and the rest is pushed again later.
 *
 * Source: PS3.8 section 9.3 and annex E.
 */

export type PduFault = 'unknown_type' | 'too_long' | 'malformed';

export interface PduSink {
  /** A whole PDU other than P-DATA-TF. The bytes after its six-byte header, valid during the call. */
  control(type: number, body: Uint8Array): void;
  /**
   * Bytes `start` to `end` of a PDV's value, possibly none. `control` is the message control header (bit 0: command,
   * bit 1: last fragment); `complete`: the PDV ends here. The bytes are valid during the call.
   */
  fragment(contextId: number, control: number, bytes: Uint8Array, start: number, end: number, complete: boolean): void;
  /** The stream cannot be read further. */
  fault(fault: PduFault): void;
  /** Whether the reader goes on after the last call. */
  readonly accepting: boolean;
}

export interface PduReaderLimits {
  /** Of a PDU that is gathered whole. */
  readonly controlBytesMax: number;
  /** Of a P-DATA-TF: the maximum length that was announced to the sender. */
  readonly dataBytesMax: number;
}

const HEADER_BYTES = 6;
const PDV_HEADER_BYTES = 6;
const P_DATA_TF = 4;
const LAST_PDU_TYPE = 7;

export class PduReader {
  readonly #sink: PduSink;
  readonly #limits: PduReaderLimits;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #type = 0;
  #bodyBytesLeft = 0;
  #body: Uint8Array | undefined;
  #bodyBytes = 0;
  #contextId = 0;
  #control = 0;
  #valueBytesLeft = 0;
  #inValue = false;

  constructor(sink: PduSink, limits: PduReaderLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Reads from `start` until the end or until the sink stops accepting; returns where it stopped. */
  push(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length && this.#sink.accepting) {
      if (this.#type === 0) at = this.#readHeader(bytes, at);
      else if (this.#type !== P_DATA_TF) at = this.#readControl(bytes, at);
      else if (this.#inValue) at = this.#readValue(bytes, at);
      else at = this.#readPdvHeader(bytes, at);
    }
    return at;
  }

  /** Gathers the six bytes that begin a PDU or a PDV; false while some are missing. */
  #gather(bytes: Uint8Array, at: number): number {
    const taken = Math.min(HEADER_BYTES - this.#headerBytes, bytes.length - at);
    for (let index = 0; index < taken; index += 1) this.#header[this.#headerBytes + index] = bytes[at + index] ?? 0;
    this.#headerBytes += taken;
    return at + taken;
  }

  #readHeader(bytes: Uint8Array, at: number): number {
    const next = this.#gather(bytes, at);
    if (this.#headerBytes < HEADER_BYTES) return next;
    this.#headerBytes = 0;
    const type = this.#header[0] ?? 0;
    const length = uint32(this.#header, 2);
    if (type === 0 || type > LAST_PDU_TYPE) this.#sink.fault('unknown_type');
    else if (length > (type === P_DATA_TF ? this.#limits.dataBytesMax : this.#limits.controlBytesMax)) {
      this.#sink.fault('too_long');
    } else {
      this.#bodyBytesLeft = length;
      if (type === P_DATA_TF) this.#type = length === 0 ? 0 : type;
      else this.#beginControl(type, length);
    }
    return next;
  }

  #beginControl(type: number, length: number): void {
    if (length === 0) {
      this.#sink.control(type, new Uint8Array(0));
      return;
    }
    this.#type = type;
    this.#body = new Uint8Array(length);
    this.#bodyBytes = 0;
  }

  #readControl(bytes: Uint8Array, at: number): number {
    const body = this.#body ?? new Uint8Array(0);
    const taken = Math.min(this.#bodyBytesLeft, bytes.length - at);
    body.set(bytes.subarray(at, at + taken), this.#bodyBytes);
    this.#bodyBytes += taken;
    this.#bodyBytesLeft -= taken;
    if (this.#bodyBytesLeft === 0) {
      const type = this.#type;
      this.#type = 0;
      this.#body = undefined;
      this.#sink.control(type, body);
    }
    return at + taken;
  }

  #readPdvHeader(bytes: Uint8Array, at: number): number {
    const next = this.#gather(bytes, at);
    if (this.#headerBytes < PDV_HEADER_BYTES) return next;
    this.#headerBytes = 0;
    // The length counts the context id and the control header (PS3.8 section 9.3.5.1).
    const length = uint32(this.#header, 0);
    if (length < 2 || length + 4 > this.#bodyBytesLeft) {
      this.#sink.fault('malformed');
      return next;
    }
    this.#bodyBytesLeft -= length + 4;
    this.#contextId = this.#header[4] ?? 0;
    this.#control = this.#header[5] ?? 0;
    this.#valueBytesLeft = length - 2;
    this.#inValue = true;
    if (this.#valueBytesLeft === 0) this.#deliver(bytes, next, next);
    return next;
  }

  #readValue(bytes: Uint8Array, at: number): number {
    const taken = Math.min(this.#valueBytesLeft, bytes.length - at);
    this.#valueBytesLeft -= taken;
    this.#deliver(bytes, at, at + taken);
    return at + taken;
  }

  #deliver(bytes: Uint8Array, start: number, end: number): void {
    const complete = this.#valueBytesLeft === 0;
    if (complete) {
      this.#inValue = false;
      if (this.#bodyBytesLeft === 0) this.#type = 0;
    }
    this.#sink.fragment(this.#contextId, this.#control, bytes, start, end, complete);
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) * 0x1000000 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  );
}
