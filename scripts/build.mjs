// Compiles the TypeScript tree to dist/ and makes the command executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const compiled = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
const command = fileURLToPath(new URL('../dist/runtime/cli/main.cjs', import.meta.url));
if (existsSync(command)) chmodSync(command, 0o755);

// npm links the commands of dependencies, not a package's own: `npx studybridge` finds it here.
const links = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));
if (existsSync(command) && process.platform !== 'win32') {
  mkdirSync(links, { recursive: true });
  rmSync(`${links}studybridge`, { force: true });
  symlinkSync(command, `${links}studybridge`);
}
