// The load generator of the MLLP benchmarks, mllpload, and what it measured.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, peakMiB, type RunningServer } from './child-process.ts';
import type { Figures, RunOptions } from './measurement.ts';

export interface MllpShape {
  readonly connections: number;
  /** Unanswered messages a connection. */
  readonly window: number;
}

const SOURCES = fileURLToPath(new URL('../../bench/peers/mllpload', import.meta.url));

/** A closed loop; the server is stopped afterwards. */
export async function mllpLoad(server: RunningServer, shape: MllpShape, options: RunOptions): Promise<Figures> {
  const args = [
    '--port',
    String(server.port),
    '--connections',
    String(shape.connections),
    '--window',
    String(shape.window),
  ];
  const more = ['--seconds', String(options.seconds), '--warmup', '3', '--json'];
  const output = await outputOf(loadGenerator(), [...args, ...more]);
  const line: Readonly<Record<string, number>> = JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
  const peakRssMiB = peakMiB(server.pid);
  await server.stop();
  return {
    messagesPerSecond: line['msgs_per_s'] ?? 0,
    p50Ms: line['p50_ms'] ?? 0,
    p99Ms: line['p99_ms'] ?? 0,
    peakRssMiB,
  };
}

/** A Go program: by MLLPLOAD, or built once into the user's cache, under a name of its sources. */
function loadGenerator(): string {
  const named = process.env['MLLPLOAD'];
  if (named !== undefined) return named;
  const digest = createHash('sha256');
  for (const name of readdirSync(SOURCES).sort()) digest.update(readFileSync(join(SOURCES, name)));
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'studybridge');
  const binary = join(folder, `mllpload-${digest.digest('hex').slice(0, 12)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const built = spawnSync('go', ['build', '-o', binary, '.'], { cwd: SOURCES, stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the MLLP benchmarks need Go, or MLLPLOAD with a built mllpload');
  return binary;
}
