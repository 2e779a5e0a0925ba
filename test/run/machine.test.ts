import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MACHINE = new URL('../../src/run/machine.ts', import.meta.url).href;

test('the checks of the machine keep their process alive until all of them are done', () => {
  const program = `const { checkMachine } = await import(${JSON.stringify(MACHINE)});
    console.log(JSON.stringify(await checkMachine()));`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const checks: Array<{ readonly name: string; readonly status: string }> = JSON.parse(stdout);
  expect(checks.map(({ name }) => name)).toEqual([
    'Node.js',
    'CPUs',
    'CPU pinning',
    'CPU governor',
    'clock source',
    'open files',
    'local ports',
    'other load',
    'CPU steal',
    'CPU throttling',
    'send lag',
  ]);
});
