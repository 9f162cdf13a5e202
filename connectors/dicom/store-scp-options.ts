// What the store SCP is given, and its limits.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import { HEADER_WALKER_LIMITS } from '../../codecs/dicom/header-walker.ts';
import type { Clock } from '../../runtime/contracts/clock.ts';
import type { RecordLog } from '../../runtime/contracts/record-log.ts';
import type { Telemetry } from '../../runtime/contracts/telemetry.ts';
import type { Site } from '../../schemas/identifiers.ts';
import type { ObjectIntakeLimits } from './object-intake.ts';

export interface AssociationPeer {
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** IP address. */
  readonly address: string;
  /** (0008,0080) of the object; absent while the association is negotiated. */
  readonly institution?: string;
}

/** Whose objects they are, and the configured source's name. */
export interface Route {
  readonly site: Site;
  readonly source: string;
}

export interface StoreScpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** This side's own title. */
  readonly aeTitle: string;
  /** Called titles that are taken; absent: any. An AE title is no authentication. */
  readonly calledAeTitles?: readonly string[];
  readonly log: Pick<RecordLog, 'append' | 'health'>;
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * Asked for each association without an institution (undefined: rejected), and again for each object that names one
   * (undefined: the object is refused and becomes a dead letter of the association's site).
   */
  readonly route: (peer: AssociationPeer) => Route | undefined;
  readonly limits?: Partial<StoreScpLimits>;
}

export interface StoreScpLimits extends ObjectIntakeLimits {
  readonly associationsMax: number;
  /** Connections that have not asked for an association yet, beyond the associations. */
  readonly waitingConnectionsMax: number;
  /** Announced to the sender as the longest P-DATA-TF. */
  readonly dataBytesMax: number;
  /** Of an A-ASSOCIATE-RQ. */
  readonly associateBytesMax: number;
  readonly commandBytesMax: number;
  /** From the connection to its request, and from the last PDU to the end of the connection (the ARTIM timer). */
  readonly artimMs: number;
  /** Without a byte from the sender. */
  readonly idleMs: number;
  /** From an object's last byte to the answer that the log could not take it. */
  readonly appendDeadlineMs: number;
  /** A draining association between two objects may still release itself so long. */
  readonly drainGraceMs: number;
}

export const STORE_SCP_LIMITS: StoreScpLimits = {
  ...HEADER_WALKER_LIMITS,
  headerBytesMax: 64 * 1024,
  inflatedBytesMax: 64 * 1024 * 1024,
  associationsMax: 64,
  waitingConnectionsMax: 64,
  dataBytesMax: 128 * 1024,
  associateBytesMax: 256 * 1024,
  commandBytesMax: 16 * 1024,
  artimMs: 30_000,
  idleMs: 300_000,
  appendDeadlineMs: 10_000,
  drainGraceMs: 500,
};
