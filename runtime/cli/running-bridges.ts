// Who runs here: the control sockets that a configuration's bridges have on this machine.
import type { Configuration } from '../config/configuration.ts';
import { askBridge, ControlError } from '../control/control-client.ts';
import type { ControlRequest } from '../control/control-protocol.ts';
import { openDataDirectory } from '../wiring/data-directory.ts';
import { type BridgeRole, PART_ROLES, type PartRole, roleDirectory } from '../wiring/role.ts';

/** Where a bridge of this configuration may run: on Kafka in its roles, on the embedded log as a whole. */
export function candidateDirectories(configuration: Configuration, role: PartRole | undefined): readonly string[] {
  const roles: readonly BridgeRole[] = role !== undefined ? [role] : ['all', ...PART_ROLES];
  return (configuration.kafka === undefined ? (['all'] as const) : roles).map((each) =>
    roleDirectory(configuration, each),
  );
}

/** Asks the first bridge that runs here; when none does, opens the log to read it. */
export async function* answers(
  configuration: Configuration,
  role: PartRole | undefined,
  request: ControlRequest,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  for (const directory of candidateDirectories(configuration, role)) {
    let asked = false;
    try {
      for await (const item of askBridge(directory, request, signal)) {
        asked = true;
        yield item;
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (asked || !isNotRunning(error)) throw error;
    }
  }
  await using opened = await openDataDirectory(configuration);
  yield* opened.answer(request, signal);
}

/** The first item of every bridge that runs here. */
export async function askEach(
  configuration: Configuration,
  role: PartRole | undefined,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const directory of candidateDirectories(configuration, role)) {
    try {
      for await (const item of askBridge(directory, request, signal)) {
        found.push(item);
        break;
      }
    } catch (error) {
      // Another role may run; that none does is for the caller to see.
      if (!isNotRunning(error)) throw error;
    }
  }
  return found;
}

function isNotRunning(error: unknown): boolean {
  return error instanceof ControlError && error.code === 'process.not_running';
}
