// A promise that is settled from outside: by whoever knows when a lifetime begins or ends.
export interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function deferred(): Deferred {
  const hooks = { resolve: (): void => {}, reject: (_: unknown): void => {} };
  const promise = new Promise<void>((resolve, reject) => {
    hooks.resolve = resolve;
    hooks.reject = reject;
  });
  return { promise, resolve: () => hooks.resolve(), reject: (error) => hooks.reject(error) };
}
