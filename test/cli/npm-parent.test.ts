import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { isRunning, NO_PROC } from '../support/proc.ts';

skipWhenMissing(NO_PROC);

const MODULE = join(import.meta.dirname, '../../src/cli/npm-parent.ts');
const PROGRAM = `
  const { endWithNpm } = await import(${JSON.stringify(MODULE)});
  endWithNpm(process.env, process.env.STOPPING ? AbortSignal.abort() : new AbortController().signal);
  process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(); });
  setTimeout(() => console.log('still running'), Number(process.env.WAIT_MS));
  setTimeout(() => process.exit(), 20_000);
  console.log(process.pid, process.ppid);`;
/** In place of npm: starts a shell that starts the program, and waits. */
const NPM = `require('node:child_process').spawn('sh', ['-c', 'true; "$0" --input-type=module -e "$PROGRAM"; true',
  process.execPath], { stdio: 'inherit' }); setInterval(() => {}, 1000);`;

/** Starts the program as npm does. */
async function start(env: Readonly<Record<string, string>>) {
  const npm = spawn(process.execPath, ['-e', NPM], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, npm_lifecycle_event: undefined, PROGRAM, WAIT_MS: '20000', ...env },
  });
  const said = async () => String((await once(npm.stdout, 'data'))[0]).trim();
  const [pid = 0, shell = 0] = (await said()).split(' ').map(Number);
  return { npm, pid, shell, said };
}

it('a run ends with npm when SIGKILL ends npm and leaves its shell', async () => {
  const { npm, pid, shell, said } = await start({ npm_lifecycle_event: 'load' });
  npm.kill('SIGKILL');
  expect(await said()).toBe('SIGTERM');
  await expect.poll(() => isRunning(pid) || isRunning(shell)).toBe(false);
});

it('a run ends with the shell of npm', async () => {
  const { npm, shell, said } = await start({ npm_lifecycle_event: 'load' });
  process.kill(shell, 'SIGTERM');
  expect(await said()).toBe('SIGTERM');
  npm.kill('SIGKILL');
});

it('a run that npm did not start continues without its parent', async () => {
  const { npm, pid, shell, said } = await start({ WAIT_MS: '1500' });
  npm.kill('SIGKILL');
  process.kill(shell, 'SIGKILL');
  expect(await said()).toBe('still running');
  process.kill(pid, 'SIGKILL');
});

it('a run that is stopping, as after Ctrl-C, receives no second signal', async () => {
  const { npm, pid, shell, said } = await start({
    npm_lifecycle_event: 'load',
    STOPPING: '1',
    WAIT_MS: '1500',
  });
  process.kill(shell, 'SIGKILL');
  expect(await said()).toBe('still running');
  process.kill(pid, 'SIGKILL');
  npm.kill('SIGKILL');
});
