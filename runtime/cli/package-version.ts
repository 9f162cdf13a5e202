// The version of this installation.
import { readFileSync } from 'node:fs';

/** From the package.json two folders above the compiled file, or three above dist's. */
export function packageVersion(): string {
  for (const place of ['../../../package.json', '../../package.json']) {
    try {
      const text: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof text === 'object' && text !== null && 'version' in text) return String(text.version);
    } catch {
      // Not there: from the sources the file is one folder nearer.
    }
  }
  return 'unknown';
}
