// Whether the bridge can take what senders bring, part by part; the cloud's health is no part of it.
import type { LogHealth } from '../contracts/record-log.ts';
import type { ServiceState } from './service-stack.ts';

/** Ready is: every port open, state restored, the log writable. A name maps to `ready` or to why not. */
export function readinessOf(
  states: ReadonlyMap<string, ServiceState>,
  health: LogHealth,
  started: boolean,
): ReadonlyMap<string, string> {
  const parts = new Map<string, string>([...states].filter(([name]) => !BESIDE.has(name)));
  parts.set('log', health.writable ? 'ready' : health.code);
  if (!started && [...parts.values()].every((state) => state === 'ready')) parts.set('bridge', 'starting');
  return parts;
}

/** Runs beside the bridge: studies wait in the log while it is away. */
const BESIDE = new Set(['sandbox cloud']);
