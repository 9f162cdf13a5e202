// What the cloud sink is made of, handed in by the wiring.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import type { Clock } from '../../runtime/contracts/clock.ts';
import type { Telemetry } from '../../runtime/contracts/telemetry.ts';
import type { CloudAccount } from './cloud-account.ts';

export interface CloudSinkOptions {
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Evenly from 0 to below 1; `Math.random` when absent. */
  readonly random?: () => number;
  /** By site. */
  readonly sites: ReadonlyMap<string, CloudAccount>;
}
