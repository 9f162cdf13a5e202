// The bridge as the command line and the control socket see it.
import type { ControlRequest } from '../control/control-protocol.ts';
import type { BridgeRole } from './role.ts';

export interface Bridge {
  /** Resolves when every port is open, state is restored and the log takes records. */
  start(signal: AbortSignal): Promise<void>;
  /** Ports first, then tasks, sink and log; resolves within 10 s, whatever hangs. */
  drain(): Promise<void>;
  /** Rejects when a part ends by itself. */
  readonly failed: Promise<never>;
  /** Known once started. */
  listening(): BridgeAddresses;
}

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

export interface BridgeAddresses {
  readonly role: BridgeRole;
  /** null: this role does not take messages. */
  readonly hl7: ListeningAddress | null;
  /** null: this role does not take objects. */
  readonly dicom: (ListeningAddress & { readonly aeTitle: string }) | null;
  readonly http: ListeningAddress;
  readonly dataDirectory: string;
  /** null: the embedded log. */
  readonly kafka: KafkaPlace | null;
  /** Empty where the role delivers nothing. */
  readonly cloud: readonly SiteCloud[];
  readonly sandbox: boolean;
}

export interface KafkaPlace {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  readonly partitions: number;
}

export interface SiteCloud {
  readonly site: string;
  readonly url: string;
  readonly studyQuietMs: number;
  /** The provisional report call is on. */
  readonly reports: boolean;
  readonly withdrawals: boolean;
}

/** Answers one request of the control socket, item by item. */
export type ControlAnswers = (request: ControlRequest, signal: AbortSignal) => AsyncIterable<unknown>;
