import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from '../../src/run/leftovers/guardian.ts';

/** A temporary folder for the files of one run of a tool. Call `remove` after it; an early exit removes it too. */
export function scratchFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'cross-check-'));
  const end = () => rmSync(path, { recursive: true, force: true });
  const release = guard({ pid: null, end });
  return {
    path,
    remove: () => {
      end();
      release();
    },
  };
}
