import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';

const BIN = join(import.meta.dirname, '../../bin/sockbench.js');
const FAULTY = join(import.meta.dirname, 'faulty-server.ts');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command line. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves when the text has appeared on stderr. */
  readonly said: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts the command line in its own process, as a user does. */
export function startSockbench(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    for (const listener of listeners) listener();
  });
  return {
    child,
    said: (text) =>
      new Promise((resolve) => {
        const check = () => {
          if (stderr.includes(text)) resolve();
        };
        listeners.add(check);
        check();
      }),
    ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr })),
  };
}

export function sockbench(...args: string[]): Promise<Ended> {
  return startSockbench(args).ended;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sockbench-test-'));
}

/** Runs a scenario with `args` and reads the stored result. */
export async function runScenario(...args: string[]): Promise<Ended & { readonly result: RunResult }> {
  const out = temporaryFolder();
  const ended = await sockbench('run', ...args, '--out', out);
  return { ...ended, result: storedResult(out, ended) };
}

/** The one result in a folder. */
export function storedResult(folder: string, ended: Ended): RunResult {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (file === undefined) throw new Error(`no result was stored:\n${ended.stderr}${ended.stdout}`);
  return runResultSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A command that starts the faulty server. */
export function faultyCommand(port: number, fault: string, amount = 0): string {
  return `"${process.execPath}" "${FAULTY}" ${port} ${fault} ${amount}`;
}

/** Flags that start the faulty server as the user's server and connect to it. */
export async function faultyTarget(fault: string, amount = 0): Promise<string[]> {
  const port = await freePort();
  return ['--target', `ws://127.0.0.1:${port}`, '--exec', faultyCommand(port, fault, amount)];
}

/** A warm-up of fixed length. */
export const SHORT = ['--warmup', '500ms', '--warmup-max', '500ms'];
