import { setTimeout as sleep } from 'node:timers/promises';
import { ticksBetween } from '../../src/run/server/proc-sampler.ts';
import { ProcessGroup } from '../../src/run/server/process-group.ts';
import {
  MS_PER_TICK,
  type ProcessTree,
  type ProcStat,
  readRssBytes,
  sendSignal,
} from '../../src/run/server/process-tree.ts';
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
  /** The last lines that it printed. */
  readonly printed: string;
}

interface UsageReading {
  readonly requests: number;
  readonly cpuMs: number;
}

const USAGE_EVERY_MS = 100;
const KILL_AFTER_MS = 8000;
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

/** Runs a load generator against a server to its end, or to a limit. */
export async function runGenerator(command: GeneratorCommand, server: CountingServer): Promise<Usage> {
  const startMs = performance.now();
  const { program, args, cwd, env } = command;
  const group = new ProcessGroup([program, [...args]], { cwd, env: { ...process.env, ...env }, ipc: false });
  const usage = new TreeUsage(group.tree);
  const readings: UsageReading[] = [];
  let stopAtMs = startMs + command.limitMs;
  let stopped = false;
  while (group.ended === null) {
    usage.read();
    const { requests } = await server.counts();
    readings.push({ requests, cpuMs: usage.cpuMs });
    const nowMs = performance.now();
    const isFirst = requests > 0 && (readings.at(-2)?.requests ?? 0) === 0;
    if (isFirst && command.limitAfterRequestMs !== undefined) stopAtMs = nowMs + command.limitAfterRequestMs;
    if (nowMs > stopAtMs && !stopped) {
      stopped = true;
      sendSignal(-group.pid, 'SIGTERM');
    }
    if (nowMs > stopAtMs + KILL_AFTER_MS) await group.stop();
    await Promise.race([group.gone, sleep(USAGE_EVERY_MS)]);
  }
  return {
    exitCode: group.child.exitCode,
    stopped,
    durationMs: performance.now() - startMs,
    cpuMs: usage.cpuMs,
    cpuPerRequestUs: cpuPerRequestUs(readings),
    peakRssBytes: usage.peakRssBytes,
    printed: group.lastText,
  };
}
