// The bridge on Kafka as a hospital runs it: topics, roles as processes of their own, a sandbox cloud beside them.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTopics } from '../../kafka/kafka-run.ts';
import { type BridgePorts, type BridgeProcess, freePorts, startBridge } from '../bridge-process.ts';
import type { KafkaPlace } from './committed-reader.ts';

/** More than the 10 s that a drain may take. */
const DRAIN_LIMIT_MS = 15_000;

export const ROLES = ['connectors', 'processors', 'sinks'] as const;
export type Role = (typeof ROLES)[number];

/** One process, and the next one in its place after it was killed: the same folder, the same ports. */
export interface RoleSeat {
  readonly role: Role;
  readonly folder: string;
  readonly process: BridgeProcess;
  /** Of all lives. */
  output(): string;
  start(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** An orderly end; resolves with the exit code. */
  drain(): Promise<number | NodeJS.Signals>;
  /** The local copies of the tasks' states, gone; while it is stopped. */
  loseCaches(): void;
}

export interface Deployment extends AsyncDisposable {
  readonly place: KafkaPlace;
  readonly ports: BridgePorts;
  /** Started and not left for good. */
  readonly seats: readonly RoleSeat[];
  /** Starts one more process of the role. */
  join(role: Role): Promise<RoleSeat>;
  /** Takes a process out for good. */
  leave(seat: RoleSeat): Promise<number | NodeJS.Signals>;
  seatsOf(role: Role): readonly RoleSeat[];
}

export interface DeploymentPlan {
  readonly place: KafkaPlace;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Processes of each role. */
  readonly processes: Readonly<Record<Role, number>>;
  readonly dist?: string;
}

export function kafkaEnvironment({ bootstrap, prefix }: KafkaPlace): Readonly<Record<string, string>> {
  return {
    KAFKA_BROKERS: bootstrap,
    STUDYBRIDGE_KAFKA_TOPIC_PREFIX: prefix,
    STUDYBRIDGE_KAFKA_REPLICATION_FACTOR: '1',
    // Ends and takeovers are to fit into a test; the broker's smallest is set for it.
    STUDYBRIDGE_KAFKA_SESSION_TIMEOUT_MS: '2500',
    STUDYBRIDGE_KAFKA_REBALANCE_TIMEOUT_MS: '4000',
    STUDYBRIDGE_KAFKA_HEARTBEAT_INTERVAL_MS: '250',
    STUDYBRIDGE_KAFKA_TRANSACTION_TIMEOUT_MS: '8000',
  };
}

export async function deployed(plan: DeploymentPlan): Promise<Deployment> {
  const ports = await freePorts();
  const env = { ...kafkaEnvironment(plan.place), ...plan.env };
  createTopics(plan.folder, env);
  const seats: RoleSeat[] = [];
  let seated = 0;
  const join_ = async (role: Role): Promise<RoleSeat> => {
    seated += 1;
    const folder = join(plan.folder, `${role}-${seated}`);
    mkdirSync(folder);
    const first = seats.every((seat) => seat.role !== role);
    const seat = await seatOf(role, folder, role === 'connectors' && first ? ports : NO_PORTS, env, plan.dist);
    seats.push(seat);
    return seat;
  };
  const leave = async (seat: RoleSeat): Promise<number | NodeJS.Signals> => {
    seats.splice(seats.indexOf(seat), 1);
    return await seat.drain();
  };
  // From the cloud's side, as `run` starts them.
  for (const role of ['sinks', 'processors', 'connectors'] as const) {
    for (let count = 0; count < plan.processes[role]; count += 1) await join_(role);
  }
  return {
    place: plan.place,
    ports,
    seats,
    join: join_,
    leave,
    seatsOf: (role) => seats.filter((seat) => seat.role === role),
    [Symbol.asyncDispose]: async () => {
      for (const seat of seats) await seat.kill();
      rmSync(plan.folder, { recursive: true, force: true });
    },
  };
}

const NO_PORTS: BridgePorts = { hl7: 0, dicom: 0, http: 0 };

async function seatOf(
  role: Role,
  folder: string,
  ports: BridgePorts,
  env: Readonly<Record<string, string>>,
  dist: string | undefined,
): Promise<RoleSeat> {
  const plan = { folder, ports, env, args: ['run', role, '--json'], ...(dist === undefined ? {} : { dist }) };
  let earlier = '';
  const started = async (): Promise<BridgeProcess> => {
    const bridge = await startBridge(plan);
    const end = await Promise.race([bridge.ended, Promise.resolve('running')]);
    if (end !== 'running') throw new Error(`${role} ended with ${end} in its start: ${bridge.output()}`);
    return bridge;
  };
  let current = await started();
  return {
    role,
    folder,
    get process() {
      return current;
    },
    output: () => `${earlier}${current.output()}`,
    start: async () => {
      earlier += current.output();
      current = await started();
    },
    kill: async () => {
      current.signal('SIGKILL');
      await current.ended;
    },
    freeze: () => current.signal('SIGSTOP'),
    thaw: () => current.signal('SIGCONT'),
    drain: async () => {
      current.signal('SIGTERM');
      const late = setTimeout(() => current.signal('SIGKILL'), DRAIN_LIMIT_MS);
      const code = await current.ended;
      clearTimeout(late);
      return code;
    },
    loseCaches: () => rmSync(join(folder, 'data', role, 'state-cache'), { recursive: true }),
  };
}
