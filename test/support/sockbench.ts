import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../servers/cluster/redis-process.ts';
import type { Finding } from '../../src/result/findings.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';

export { freePort } from '../../servers/cluster/redis-process.ts';

/** The command line: as the tests have bundled it, or as it is. */
export const BIN = join(
  process.env['SOCKBENCH_BUNDLE'] ?? join(import.meta.dirname, '../..'),
  'bin/sockbench.js',
);
const FAULTY = join(import.meta.dirname, 'faulty-server.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command line. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when the text has appeared on stdout or stderr; rejects when the process ends without it. */
  readonly said: (text: string | RegExp) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Reads what a command line prints. */
export function watch(child: ChildProcess): Running {
  let [stdout, stderr] = ['', ''];
  const checks = new Set<() => void>();
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
    for (const check of checks) check();
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
    for (const check of checks) check();
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const all = stdout + stderr;
          if (typeof text === 'string' ? all.includes(text) : text.test(all)) resolve();
        };
        checks.add(check);
        check();
        void ended.then(() => reject(new Error(`it ended without saying ${text}:\n${stdout}${stderr}`)));
      }),
  };
}

/** Commands whose text is longer than their end on a terminal. Tests read all of it. */
const WORDY: readonly string[] = ['run', 'compare', 'gate', 'capacity', 'merge', 'report'];

export function withEveryTable(args: readonly string[]): readonly string[] {
  const isWordy = WORDY.includes(args[0] ?? '') && !args.includes('--help');
  return isWordy ? [...args, '--verbose'] : args;
}

/** Starts the command line in its own process, as a user does who reads every table. */
export function startSockbench(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  return watch(
    spawn(process.execPath, [BIN, ...withEveryTable(args)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    }),
  );
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

/** Findings that other work on the machine causes: stolen CPU time, and a generator that was slow or held up. */
export const NOISE: readonly Finding['code'][] = [
  'rate_not_held',
  'generator_busy',
  'send_lag',
  'receive_uncertainty',
  'generator_stalled',
  'generator_behind',
  'relay_late',
  'cpu_steal',
  'cpu_throttled',
];

const ATTEMPTS = 3;

/**
 * Measures and checks. When a check fails and the machine alone made the result invalid, it measures again, three times
 * in all. `invalidOf` names why a result is invalid; nothing for a valid one.
 */
export async function retryDisturbed<T>(
  measure: () => Promise<T>,
  invalidOf: (measured: T) => readonly Finding[],
  check: (measured: T) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const measured = await measure();
    try {
      check(measured);
      return measured;
    } catch (error) {
      const invalid = invalidOf(measured);
      const isDisturbed = invalid.length > 0 && invalid.every(({ code }) => NOISE.includes(code));
      if (isDisturbed && attempt < ATTEMPTS) continue;
      const reasons = invalid.map(({ message }) => `\n${message}`).join('');
      throw new Error(`attempt ${attempt} failed: ${(error as Error).message}${reasons}`, { cause: error });
    }
  }
}

type Measured = Awaited<ReturnType<typeof runScenario>>;

/** Runs a scenario with `args` and checks what it measured; again where the machine disturbed it. */
export function runUndisturbed(
  args: readonly string[],
  check: (measured: Measured) => void,
): Promise<Measured> {
  return retryDisturbed(
    () => runScenario(...args),
    ({ result }) => result.invalid,
    check,
  );
}

/** The one result in a folder. */
export function storedResult(folder: string, ended: Ended): RunResult {
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (file === undefined) throw new Error(`no result was stored:\n${ended.stderr}${ended.stdout}`);
  return runResultSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
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

/** Without a CPU of its own, a run does not wait for others that run at the same time. For tests that judge no times. */
export const ANY_CPU = ['--pin', 'off'];

/** A warm-up of fixed length. */
export const SHORT = ['--warmup', '500ms', '--warmup-max', '500ms'];
