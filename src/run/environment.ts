import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import os from 'node:os';
import type { RunResult } from '../result/run-result.ts';
import type { Affinity } from './affinity.ts';
import { git } from './base/git.ts';

/** Packages whose version changes figures. */
const PACKAGES = [
  'socket.io',
  'socket.io-client',
  'ws',
  'hdr-histogram-js',
  '@nestjs/core',
  '@nestjs/websockets',
  '@socket.io/cluster-adapter',
  '@socket.io/redis-adapter',
  '@socket.io/redis-streams-adapter',
  '@socket.io/bun-engine',
  'bun',
];

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** Counters of the system that only grow; the difference over a run says what disturbed it. */
export interface SystemCounters {
  readonly atMs: number;
  readonly cpuTicks: number | null;
  readonly stealTicks: number | null;
  readonly throttledUs: number | null;
  readonly pressureUs: number | null;
}

/** Reads /proc and the control group; null where the system does not tell. */
export function readSystemCounters(): SystemCounters {
  const ticks = readText('/proc/stat')?.split('\n')[0]?.trim().split(/\s+/).slice(1, 9).map(Number) ?? null;
  const throttled = /throttled_usec (\d+)/.exec(readText('/sys/fs/cgroup/cpu.stat') ?? '')?.[1];
  const pressure = /some .*total=(\d+)/.exec(readText('/proc/pressure/cpu') ?? '')?.[1];
  return {
    atMs: performance.now(),
    cpuTicks: ticks?.reduce((sum, value) => sum + value, 0) ?? null,
    // proc(5): user nice system idle iowait irq softirq steal.
    stealTicks: ticks?.[7] ?? null,
    throttledUs: throttled === undefined ? null : Number(throttled),
    pressureUs: pressure === undefined ? null : Number(pressure),
  };
}

type Disturbance = Pick<RunResult['environment'], 'stealRatio' | 'throttledMs' | 'cpuPressureRatio'>;

/** What the system took from the run between two readings. */
export function disturbanceBetween(before: SystemCounters, after: SystemCounters): Disturbance {
  const grown = (name: keyof SystemCounters) => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : to - from;
  };
  const [ticks, steal] = [grown('cpuTicks'), grown('stealTicks')];
  const [throttledUs, pressureUs] = [grown('throttledUs'), grown('pressureUs')];
  return {
    stealRatio: ticks === null || steal === null || ticks === 0 ? null : steal / ticks,
    throttledMs: throttledUs === null ? null : throttledUs / 1000,
    cpuPressureRatio: pressureUs === null ? null : pressureUs / 1000 / (after.atMs - before.atMs),
  };
}

/** CPUs' worth that the control group allows (cgroup v2 cpu.max); null for no limit. */
export function cgroupCpuLimit(): number | null {
  const [quota, period] = (readText('/sys/fs/cgroup/cpu.max') ?? 'max').split(' ');
  return quota === undefined || quota === 'max' || period === undefined
    ? null
    : Number(quota) / Number(period);
}

/** The frequency governor of the first CPU; null where there is none, as in most virtual machines. */
export function cpuGovernor(): string | null {
  return readText('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor');
}

function packageVersion(name: string): string | null {
  try {
    // Not by its exports, which may hide its package.json.
    const file = findPackageJSON(name, import.meta.url);
    return file === undefined
      ? null
      : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return null;
  }
}

/** What the figures depend on besides the plan. `cwd` is where the server was started. */
export function readEnvironment(
  commandLine: readonly string[],
  affinity: Affinity,
  disturbance: Disturbance,
  cwd: string,
): RunResult['environment'] {
  const commit = git(cwd, 'rev-parse', 'HEAD');
  const status = git(cwd, 'status', '--porcelain');
  const versions = PACKAGES.map((name) => [name, packageVersion(name)] as const);
  return {
    commandLine: [...commandLine],
    cpuModel: os.cpus()[0]?.model ?? 'unknown',
    cpuCount: os.cpus().length,
    governor: cpuGovernor(),
    platform: `${process.platform} ${process.arch}`,
    kernel: os.release(),
    totalMemoryBytes: os.totalmem(),
    cgroupCpuLimit: cgroupCpuLimit(),
    nodeVersion: process.version,
    v8Version: process.versions.v8,
    packages: Object.fromEntries(versions.filter((entry): entry is [string, string] => entry[1] !== null)),
    commit: commit.ok ? commit.text : null,
    dirty: status.ok ? status.text !== '' : null,
    ...disturbance,
    affinity: { server: affinity.server, workers: [...affinity.workers] },
  };
}
