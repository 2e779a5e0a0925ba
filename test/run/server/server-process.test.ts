import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startCommand, startReference } from '../../../src/run/server/server-process.ts';
import type { ServerOptions } from '../../../src/run/server/started-server.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { findProcesses, NO_PROC } from '../../support/proc.ts';
import { freePort } from '../../support/sockbench.ts';

skipWhenMissing(NO_PROC);

const closers: Array<() => void> = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Options of a start, and the abort that Ctrl-C causes. */
function startOptions(timeoutMs: number): { options: ServerOptions; stop: AbortController; died: string[] } {
  const stop = new AbortController();
  const died: string[] = [];
  const onDied = (reason: string) => died.push(reason);
  return { options: { cpus: null, env: {}, timeoutMs, signal: stop.signal, onDied }, stop, died };
}

/** A command line that nothing else has. */
const sleeper = (mark: string) => `exec "${process.execPath}" -e "setInterval(() => {}, 1000)" ${mark}`;

describe('the start of a command', () => {
  it('ends at once when the run is aborted, and leaves no process behind', async () => {
    const mark = `mark-${process.pid}-abort`;
    const { options, stop, died } = startOptions(60_000);
    const url = new URL(`ws://127.0.0.1:${await freePort()}`);
    const start = startCommand({ command: sleeper(mark), cwd: null }, url, options);
    await expect.poll(() => findProcesses(mark)).not.toEqual([]);
    stop.abort();
    await expect(start).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 3 });
    expect(findProcesses(mark)).toEqual([]);
    expect(died).toEqual([]);
  });

  it('does not start anything when the run was aborted before', async () => {
    const mark = `mark-${process.pid}-before`;
    const { options, stop } = startOptions(60_000);
    stop.abort();
    const url = new URL(`ws://127.0.0.1:${await freePort()}`);
    const start = startCommand({ command: sleeper(mark), cwd: null }, url, options);
    await expect(start).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(findProcesses(mark)).toEqual([]);
  });

  it('ends within its timeout, even when the port neither accepts nor refuses connections', async () => {
    const url = await silentPort();
    const { options } = startOptions(500);
    const start = startCommand({ command: 'sleep 60', cwd: null }, url, options);
    await expect(start).rejects.toMatchObject({
      code: 'EXEC_FAILED',
      message: `the command "sleep 60" does not listen at ${url.host} after 500ms`,
    });
  });
});

describe('a command whose program crashes', () => {
  const crash = `process.stderr.write('\\u001b[31mup\\u001b[0m\\n'); throw Object.assign(new Error('boom'), { a: { b: {} } });`;
  const command = (program: string) => `exec "${process.execPath}" -e "${program}"`;

  it('before it listens is reported with its error, then with its last lines', async () => {
    const url = new URL(`ws://127.0.0.1:${await freePort()}`);
    const start = startCommand({ command: command(crash), cwd: null }, url, startOptions(10_000).options);
    await expect(start).rejects.toMatchObject({
      code: 'EXEC_FAILED',
      message: expect.stringMatching(
        /ended with exit code 1 before it listened at \S+: Error: boom \(\[eval\]:1\); its last lines:\n(.*\n)+ {2}Node\.js v/,
      ),
    });
  });

  it('while it serves is reported with its error', async () => {
    const port = await freePort();
    const server = `require('net').createServer((socket) => socket.on('data', () => { ${crash} })).listen(${port}, '127.0.0.1')`;
    const { options, died } = startOptions(10_000);
    const url = new URL(`ws://127.0.0.1:${port}`);
    const started = await startCommand({ command: command(server), cwd: null }, url, options);
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write('x');
    await expect.poll(() => died).toEqual(['exit code 1: Error: boom ([eval]:1)']);
    await started.stop();
  });

  it('by a signal is reported with its name, also through a shell', async () => {
    const url = new URL(`ws://127.0.0.1:${await freePort()}`);
    const start = startCommand(
      { command: "sh -c 'kill -SEGV $$'; exit $?", cwd: null },
      url,
      startOptions(10_000).options,
    );
    await expect(start).rejects.toMatchObject({
      message: expect.stringContaining('ended with exit code 139 (SIGSEGV)'),
    });
  });
});

/**
 * A port that neither accepts nor refuses connections: its process is suspended and its queue is full, so that the kernel
 * drops further attempts.
 */
async function silentPort(): Promise<URL> {
  const program = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 });
    server.on('listening', () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const port = Number(line);
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  closers.push(
    () => child.kill('SIGKILL'),
    () => {
      for (const filler of fillers) filler.destroy();
    },
  );
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  return new URL(`ws://127.0.0.1:${port}`);
}

describe('the start of a reference server', () => {
  it('ends at once when the run is aborted', async () => {
    const { options, stop } = startOptions(60_000);
    const reference = {
      runtime: 'node',
      program: null,
      version: null,
      hasNodes: false,
      settings: {
        namespace: null,
        compression: false,
        parser: 'default',
        recovery: false,
        recoveryWindow: 120_000,
        processes: null,
        redis: null,
        redisAdapter: 'pubsub',
      },
    } as const;
    const listen = { host: '127.0.0.1', port: 0 };
    const start = startReference('ws', reference, listen, options);
    stop.abort();
    await expect(start).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
