// A small file system for a broker's log, which a test can fill and empty.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { leftOut } from './broker.ts';

export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room there is. */
  fill(): void;
  /** Gives it back. */
  empty(): void;
  unmount(): void;
}

const MEBIBYTE = 1024 * 1024;

/** Whether file systems may be mounted here; says in one line what is left out where they may not. */
export function smallDisksAvailable(): boolean {
  const disk = mounted(1);
  disk?.unmount();
  if (disk === undefined) leftOut('a small file system', 'mounting one is not permitted here');
  return disk !== undefined;
}

export function smallDisk(sizeMebibytes: number): SmallDisk {
  const disk = mounted(sizeMebibytes);
  if (disk === undefined) throw new Error('mounting a file system is not permitted here');
  return disk;
}

function mounted(sizeMebibytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-disk-'));
  const filler = join(folder, 'filler');
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMebibytes}m`, 'tmpfs', folder]);
  if (mount.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    folder,
    fill: () => fill(filler, sizeMebibytes * MEBIBYTE),
    empty: () => rmSync(filler),
    unmount: () => {
      spawnSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Bytes are written, not promised: holes would leave the room to others. */
function fill(filler: string, bytesMax: number): void {
  const folder = dirname(filler);
  const { blocks, bsize } = statfsSync(folder);
  // Never the machine's own disk: the mount may be gone.
  if (statSync(folder).dev === statSync(dirname(folder)).dev || blocks * bsize > bytesMax) {
    throw new Error('there is no small file system to fill');
  }
  let written = 0;
  for (let piece = MEBIBYTE; piece >= 1 && written <= bytesMax; ) {
    try {
      writeFileSync(filler, Buffer.alloc(piece), { flag: 'a' });
      written += piece;
    } catch {
      // Not so much is left: a smaller piece may fit.
      piece = Math.floor(piece / 2);
    }
  }
}
