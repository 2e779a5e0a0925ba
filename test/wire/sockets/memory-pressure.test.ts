import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const CONNECTIONS = process.env['EXPLORE'] === '1' ? 10_000 : 1000;

it(`the kernel's sockets keep every byte and no memory through ${CONNECTIONS} connections and their collections`, {
  timeout: 300_000,
}, async () => {
  const entry = join(import.meta.dirname, 'memory-pressure.ts');
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
  // Corrupted memory ends the process by a signal, or stops it.
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, entry, String(CONNECTIONS)], {
    timeout: 290_000,
  });
  const done = JSON.parse(stdout);
  expect(done).toMatchObject({ wrong: 0, errors: 0, early: 0, descriptorsLeft: 0 });
  expect(done.connections).toBeGreaterThanOrEqual(CONNECTIONS);
  expect(done.collections).toBeGreaterThanOrEqual(300);
  expect(done.due).toBeGreaterThanOrEqual(100);
  expect(done.counts.reads).toBeGreaterThan(done.connections);
  // What it moved is hundreds of megabytes.
  expect(done.rssGrowthMib).toBeLessThan(64);
});
