/** Setup of every test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll } from 'vitest';

// All property tests run on the seed that vitest.config.ts chose and printed.
const isExploring = process.env['EXPLORE'] === '1';
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED']), ...(isExploring ? { numRuns: 1000 } : {}) });

// Temporary files of a test file, and of the processes that it starts, lie in one folder, which goes with it.
const systemFolder = process.env['TMPDIR'];
const folder = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
process.env['TMPDIR'] = folder;

afterAll(() => {
  if (systemFolder === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = systemFolder;
  // A process that was killed may still write its last file.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
