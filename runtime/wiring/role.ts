// The roles a bridge is run in: all of it in one process, or one part of it beside the others.
import { join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';

export const PART_ROLES = ['connectors', 'processors', 'sinks'] as const;
export type PartRole = (typeof PART_ROLES)[number];
/** `all`: connectors, processors and sinks in one process. */
export type BridgeRole = 'all' | PartRole;

export function isPartRole(name: string): name is PartRole {
  return PART_ROLES.some((role) => role === name);
}

/** Whether a bridge in this role does that part of the work. */
export function does(role: BridgeRole, part: PartRole): boolean {
  return role === 'all' || role === part;
}

/** Roles on one machine share a configuration, not a directory: each has its control socket and its caches. */
export function roleDirectory({ dataDirectory }: Configuration, role: BridgeRole): string {
  return role === 'all' ? dataDirectory : join(dataDirectory, role);
}

export function inRole(configuration: Configuration, role: BridgeRole): Configuration {
  return { ...configuration, dataDirectory: roleDirectory(configuration, role) };
}
