// The machine is not as it must be to begin: a port is taken, a folder not writable. The command line ends with exit code 3.
import type { FailureCode } from '../../schemas/failure-codes.ts';

export class EnvironmentError extends Error {
  readonly code: FailureCode;
  /** `message` is a plain sentence for the operator; it may name paths and ports. */
  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EnvironmentError';
    this.code = code;
  }
}
