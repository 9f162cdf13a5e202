// A port that could not be opened, as a fault of the machine.
import { EnvironmentError } from '../contracts/environment-error.ts';
import type { Service } from '../contracts/service.ts';

const TAKEN = new Set(['EADDRINUSE']);
const REFUSED = new Set(['EACCES', 'EADDRNOTAVAIL', 'EPERM', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL', 'EAFNOSUPPORT']);

/** Undefined when the error is of another kind. */
export function listenFault(cause: unknown, name: string, host: string, port: number): EnvironmentError | undefined {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return undefined;
  const place = `the ${name} port ${host}:${port}`;
  if (TAKEN.has(cause.code)) {
    return new EnvironmentError('process.port_taken', `${place} is taken by another process`, { cause });
  }
  if (REFUSED.has(cause.code)) {
    return new EnvironmentError('process.port_refused', `${place} cannot be opened (${cause.code})`, { cause });
  }
  return undefined;
}

/** The same service; when its port cannot be opened, `start` rejects with an `EnvironmentError`. */
export function startedOnPort(service: Service, name: string, host: string, port: number): Service {
  return {
    name: service.name,
    ended: service.ended,
    start: async (signal) => {
      try {
        await service.start(signal);
      } catch (error) {
        throw listenFault(error, name, host, port) ?? error;
      }
    },
    drain: (deadline) => service.drain(deadline),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
