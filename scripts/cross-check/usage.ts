import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  MS_PER_TICK,
  ProcessTree,
  type ProcStat,
  readRssBytes,
  sendSignal,
} from '../../src/run/server/process-tree.ts';
import { ticksBetween } from '../../src/run/server/telemetry.ts';
import type { CountingServer } from './counting-server.ts';

/** One command line of a load generator. */
export interface GeneratorCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** It is stopped when it has not ended after this time. */
  readonly limitMs: number;
  /** It is stopped this long after the server's first request. */
  readonly limitAfterRequestMs?: number | undefined;
}

/** What a load generator and all its processes used, and how it ended. */
export interface Usage {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** Whether it had to be stopped at the limit. */
  readonly stopped: boolean;
  readonly durationMs: number;
  /** User and system time from the start to the end. */
  readonly cpuMs: number;
  /** CPU time per request between a tenth and nine tenths of the requests; null for too few. */
  readonly cpuPerRequestUs: number | null;
  /** The most that all its processes had resident at once. */
  readonly peakRssBytes: number;
  /** The end of what it printed. */
  readonly printed: string;
}

interface UsageReading {
  readonly requests: number;
  readonly cpuMs: number;
}

const USAGE_EVERY_MS = 100;
const KILL_AFTER_MS = 8000;
const PRINTED_CHARACTERS = 4000;
/** Ticks of 10 ms are too coarse for less CPU time than this. */
const SHORTEST_CPU_MS = 200;

/** Reads the CPU time and memory of a tree of processes as they grow. */
class TreeUsage {
  readonly #tree: ProcessTree;
  #last: readonly ProcStat[] = [];
  cpuMs = 0;
  peakRssBytes = 0;

  constructor(tree: ProcessTree) {
    this.#tree = tree;
  }

  read(): void {
    const stats = this.#tree.read();
    if (stats.length === 0) return;
    this.cpuMs += ticksBetween(this.#last, stats) * MS_PER_TICK;
    this.#last = stats;
    const rssBytes = stats.reduce((sum, { pid }) => sum + readRssBytes(pid), 0);
    this.peakRssBytes = Math.max(this.peakRssBytes, rssBytes);
  }
}

/** CPU time per request in the middle of the load, where neither start nor end of the generator counts. */
export function cpuPerRequestUs(readings: readonly UsageReading[]): number | null {
  const all = readings.at(-1)?.requests ?? 0;
  const from = readings.find(({ requests }) => requests >= all * 0.1);
  const to = readings.findLast(({ requests }) => requests <= all * 0.9);
  if (from === undefined || to === undefined) return null;
  const cpuMs = to.cpuMs - from.cpuMs;
  const requests = to.requests - from.requests;
  return requests <= 0 || cpuMs < SHORTEST_CPU_MS ? null : (cpuMs * 1000) / requests;
}

/** Process groups of the generators that run, which must not outlive this process. */
const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) sendSignal(-pid, 'SIGKILL');
});

/** Starts a load generator; what it prints is kept up to {@link PRINTED_CHARACTERS}. */
function startGenerator(command: GeneratorCommand) {
  const mark = randomUUID();
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env, CROSS_CHECK_MARK: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command.program} did not start`);
  const output = { printed: '' };
  const print = (chunk: Buffer) => {
    output.printed = (output.printed + chunk).slice(-PRINTED_CHARACTERS);
  };
  child.stdout.on('data', print);
  child.stderr.on('data', print);
  running.add(pid);
  const usage = new TreeUsage(new ProcessTree(pid, `CROSS_CHECK_MARK=${mark}`));
  const ended = once(child, 'close').then(([code]) => {
    running.delete(pid);
    return code as number | null;
  });
  return { pid, usage, ended, output };
}

/** Runs a load generator against a server to its end, or to a limit. */
export async function runGenerator(command: GeneratorCommand, server: CountingServer): Promise<Usage> {
  const startMs = performance.now();
  const { pid, usage, ended, output } = startGenerator(command);
  const readings: UsageReading[] = [];
  let stopAtMs = startMs + command.limitMs;
  let isRunning = true;
  let stopped = false;
  const exit = ended.finally(() => {
    isRunning = false;
  });
  while (isRunning) {
    usage.read();
    const { requests } = await server.counts();
    readings.push({ requests, cpuMs: usage.cpuMs });
    const nowMs = performance.now();
    const isFirst = requests > 0 && (readings.at(-2)?.requests ?? 0) === 0;
    if (isFirst && command.limitAfterRequestMs !== undefined) stopAtMs = nowMs + command.limitAfterRequestMs;
    if (nowMs > stopAtMs && !stopped) {
      stopped = true;
      sendSignal(-pid, 'SIGTERM');
    }
    if (nowMs > stopAtMs + KILL_AFTER_MS) sendSignal(-pid, 'SIGKILL');
    await Promise.race([exit, sleep(USAGE_EVERY_MS)]);
  }
  return {
    exitCode: await exit,
    stopped,
    durationMs: performance.now() - startMs,
    cpuMs: usage.cpuMs,
    cpuPerRequestUs: cpuPerRequestUs(readings),
    peakRssBytes: usage.peakRssBytes,
    printed: output.printed,
  };
}
