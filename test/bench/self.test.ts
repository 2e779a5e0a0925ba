import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { watch } from '../support/sockbench.ts';

const SELF = join(import.meta.dirname, '../../bench/self.ts');
const PAGE = join(import.meta.dirname, '../../docs/performance.md');

const self = (...args: string[]) => watch(spawn(process.execPath, [SELF, ...args])).ended;

describe('npm run bench:self', () => {
  it.each([
    ['--only deliveries', 'Did you mean delivery?'],
    ['--rounds 0', '--rounds 0: a whole number from 1 to 9999 is needed'],
    ['--seconds 1.5', '--seconds 1.5: a whole number from 1 to 9999 is needed'],
  ])('refuses %s', async (flags, message) => {
    const { code, stderr } = await self(...flags.split(' '));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('measures the clients that --only names, and leaves the page as it is', async () => {
    const before = readFileSync(PAGE, 'utf8');
    const { code, stdout } = await self('--quick', '--only', 'delivery', '--only', 'ws');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}ws +\d[\d.]* +- +\d[\d.]* +\d[\d.]*$/m);
    expect(readFileSync(PAGE, 'utf8')).toBe(before);
  });
});
