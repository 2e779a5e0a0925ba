import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Check, machineVerdict } from '../../src/run/machine.ts';

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
    'CPU turbo',
    'clock source',
    'open files',
    'local ports',
    'other load',
    'CPU pressure',
    'CPU steal',
    'CPU throttling',
    'send lag',
  ]);
});

test('the verdict names what was found, the most severe only', () => {
  const check = (name: string, status: Check['status']): Check => ({ name, status, found: '', advice: '' });
  const [fine, load, steal] = [check('CPUs', 'ok'), check('other load', 'warn'), check('CPU steal', 'bad')];
  expect(machineVerdict([fine])).toBe('READY: nothing found that makes measurements unreliable');
  expect(machineVerdict([fine, load])).toMatch(/^NOISY: .*\(other load\)$/);
  expect(machineVerdict([fine, load, steal])).toMatch(/^NOT READY: .*\(CPU steal\)$/);
});
