// The compiled tree that tests start processes from.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `dist/`, unless DIST_DIR names another tree. */
export const DIST_FOLDER = process.env['DIST_DIR'] ?? fileURLToPath(new URL('../dist', import.meta.url));

export const MAIN_FILE = join(DIST_FOLDER, 'runtime/cli/main.cjs');
