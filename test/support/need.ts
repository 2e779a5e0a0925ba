import { beforeAll, beforeEach } from 'vitest';

/**
 * Skips every test of this file, and prints why, when something from outside npm is missing. `missing` says
 * what and which Debian package has it; null when all is there.
 */
export function skipWhenMissing(missing: string | null): void {
  if (missing === null) return;
  beforeAll(() => console.warn(`skipped: ${missing}`));
  beforeEach((ctx) => ctx.skip(missing));
}
