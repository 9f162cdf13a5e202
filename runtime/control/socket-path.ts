// Where the control socket of a data directory is, within the length a socket's address allows.
import { type FileHandle, open } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** `sun_path` of a Unix socket holds 108 bytes with its end on Linux, 104 elsewhere. */
const ADDRESS_BYTES_MAX = process.platform === 'linux' ? 107 : 103;
const SOCKET_NAME = 'control.sock';

export interface SocketPath extends AsyncDisposable {
  /** What to listen on or connect to; valid until disposed. */
  readonly address: string;
  /** The file itself, of any length. */
  readonly file: string;
}

/** A long path is reached by the descriptor of its directory, where the system has /proc, else relative to here. */
export async function controlSocketPath(dataDirectory: string): Promise<SocketPath> {
  const file = join(dataDirectory, SOCKET_NAME);
  const near = relative(process.cwd(), file);
  const short = [file, near].find((path) => Buffer.byteLength(path) <= ADDRESS_BYTES_MAX);
  if (short !== undefined) return { address: short, file, [Symbol.asyncDispose]: async () => undefined };
  const directory: FileHandle = await open(dataDirectory, 'r');
  return {
    address: `/proc/self/fd/${directory.fd}/${SOCKET_NAME}`,
    file,
    [Symbol.asyncDispose]: () => directory.close(),
  };
}
