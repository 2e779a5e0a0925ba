import { readFileSync } from 'node:fs';

/** The package's version; its package.json stands above src/ in the repository and above dist/ when published. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (found.name === 'sockbench') return found.version;
    } catch {
      // Not at this level.
    }
  }
  return 'unknown';
}

export const VERSION = readVersion();
