import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SECONDS = process.env['EXPLORE'] === '1' ? 60 : 12;

it(`the kernel's sockets keep every byte and no memory through ${SECONDS} s of collections`, {
  timeout: (SECONDS + 60) * 1000,
}, async () => {
  const entry = join(import.meta.dirname, 'memory-pressure.ts');
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
  // Corrupted memory ends the process by a signal, or stops it.
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, entry, String(SECONDS)], {
    timeout: (SECONDS + 50) * 1000,
  });
  const done = JSON.parse(stdout);
  expect(done).toMatchObject({ wrong: 0, errors: 0, early: 0, descriptorsLeft: 0 });
  expect(done.connections).toBeGreaterThan(1000);
  expect(done.collections).toBeGreaterThan(300);
  expect(done.due).toBeGreaterThan(100);
  expect(done.counts.reads).toBeGreaterThan(done.connections);
  // What it moved in a minute is gigabytes.
  expect(done.rssGrowthMib).toBeLessThan(64);
});
