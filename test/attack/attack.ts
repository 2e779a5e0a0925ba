import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN, type Ended, freePort, type Running, watch, withEveryTable } from '../support/sockbench.ts';
import { leftBehind, markedProcesses, peakMiB } from './leftovers.ts';

/** What holds for every case that does not say otherwise. */
const DEFAULT_LIMITS = { seconds: 30, mib: 400 } as const;
/** How long processes of a case may take to end after it. */
const GRACE_MS = 4000;
const POLL_MS = 200;

/** One attempt to break sockbench: something hostile or unlucky, and what has to come of it. */
export interface AttackCase {
  readonly name: string;
  /** What has to happen, in a few words, for the table. */
  readonly expected: string;
  /** Among those that CI runs. They take two minutes in all, so this is for few cases of a few seconds. */
  readonly inCi?: true;
  /** Limit of the whole case in seconds. */
  readonly seconds?: number;
  /** Limit of the largest process of sockbench in MiB; servers that a case starts count too. */
  readonly mib?: number;
  /** Says what is missing on this machine; null when the case can run. */
  readonly missing?: () => string | null;
  /** Runs sockbench as a user does, and throws an AssertionError when something else happens than expected. */
  readonly attack: (arena: Arena) => Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** A program that starts the command line instead of Node.js: it is given node, the binary and the arguments. */
  readonly through?: readonly string[];
  /** A shell line in which "$@" is the command line, as in `"$@" > /dev/full`. */
  readonly shell?: string;
  readonly detached?: true;
}

/** The place of one case: a folder, a port, and sockbench. All that it starts is found by a mark in its environment. */
export interface Arena {
  /** A folder for files of the case. Removed after it. */
  readonly folder: string;
  /** Where reports go when the case passes it to `--out`. */
  readonly out: string;
  /** The TMPDIR of what the case starts. It must be empty in the end. */
  readonly tmp: string;
  /** A port that was free when the case began. Nothing may listen on it in the end. */
  readonly port: number;
  /** The environment of everything that the case starts itself. */
  readonly env: NodeJS.ProcessEnv;
  /** Writes a file into the folder and returns its path. */
  readonly file: (name: string, text: string | Uint8Array) => string;
  readonly start: (args: readonly string[], options?: StartOptions) => Running;
  readonly run: (args: readonly string[], options?: StartOptions) => Promise<Ended>;
  /** Pids of what the case started, sockbench's and its servers', whose command line contains all of `words`. */
  readonly pids: (...words: readonly string[]) => number[];
}

/** What one case came to. */
export interface Outcome {
  readonly name: string;
  readonly expected: string;
  /** The exit code or signal of the last command line that ended; empty when none did. */
  readonly exit: string;
  readonly seconds: number;
  readonly mib: number;
  readonly left: readonly string[];
  /** What was wrong, one sentence each; empty when the case held. */
  readonly faults: readonly string[];
  /** Why the case could not run here; null when it ran. */
  readonly missing: string | null;
}

const STACK = /^\s+at .+:\d+:\d+\)?$/m;

function commandOf(args: readonly string[], { through = [], shell }: StartOptions): readonly string[] {
  const command = [...through, process.execPath, BIN, ...withEveryTable(args)];
  return shell === undefined ? command : ['sh', '-c', shell, 'sh', ...command];
}

async function prepare(mark: string, ends: (ended: Ended) => void): Promise<Arena> {
  const folder = mkdtempSync(join(tmpdir(), 'attack-'));
  const [out, tmp] = [join(folder, 'out'), join(folder, 'tmp')];
  mkdirSync(tmp);
  const env = { ...process.env, TMPDIR: tmp, SOCKBENCH_ATTACK: mark };
  const start = (args: readonly string[], options: StartOptions = {}) => {
    const [program = '', ...rest] = commandOf(args, options);
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd ?? folder,
      env: { ...env, ...options.env },
      detached: options.detached ?? false,
    });
    const started = watch(child);
    void started.ended.then(ends);
    return started;
  };
  return {
    folder,
    out,
    tmp,
    env,
    port: await freePort(),
    file: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    start,
    run: (args, options) => start(args, options).ended,
    pids: (...words) => markedProcesses(mark, words).map(({ pid }) => pid),
  };
}

function within<T>(work: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the case had not ended after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** Runs one case and removes everything that it left. */
export async function runCase(attackCase: AttackCase): Promise<Outcome> {
  const { name, expected, missing = () => null, seconds: limit = DEFAULT_LIMITS.seconds } = attackCase;
  const absent = missing();
  const idle = { name, expected, exit: '', seconds: 0, mib: 0, left: [], faults: [], missing: absent };
  if (absent !== null) return idle;
  const mark = `${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const ends: Ended[] = [];
  const arena = await prepare(mark, (ended) => ends.push(ended));
  let mib = 0;
  const poll = setInterval(() => {
    mib = Math.max(mib, peakMiB(mark));
  }, POLL_MS);
  const startMs = performance.now();
  const faults: string[] = [];
  await within(attackCase.attack(arena), limit).catch((error: Error) => faults.push(error.message));
  const seconds = (performance.now() - startMs) / 1000;
  clearInterval(poll);
  const left = await leftBehind(arena, mark, GRACE_MS);
  rmSync(arena.folder, { recursive: true, force: true });
  const { mib: mibLimit = DEFAULT_LIMITS.mib } = attackCase;
  if (mib > mibLimit) faults.push(`a process took ${mib} MiB, limit ${mibLimit}`);
  if (left.length > 0) faults.push(`left behind: ${left.join('; ')}`);
  const stack = ends.map(({ stdout, stderr }) => `${stdout}${stderr}`).find((text) => STACK.test(text));
  if (stack !== undefined) faults.push(`a stack trace was printed:\n${stack}`);
  const last = ends.at(-1);
  return { ...idle, exit: String(last?.signal ?? last?.code ?? ''), seconds, mib, left, faults };
}
