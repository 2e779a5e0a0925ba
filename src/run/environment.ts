import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import os from 'node:os';
import type { RunResult } from '../result/run-result.ts';
import type { Affinity } from './affinity.ts';
import { git } from './base/git.ts';
import { readSystemFile } from './server/process-tree.ts';

/** Packages whose version changes figures. */
const PACKAGES = [
  'socket.io',
  'socket.io-client',
  'ws',
  '@nestjs/core',
  '@nestjs/websockets',
  '@socket.io/cluster-adapter',
  '@socket.io/redis-adapter',
  '@socket.io/redis-streams-adapter',
  '@socket.io/bun-engine',
  'bun',
];

/** Time of one CPU in clock ticks: all of it, and the part that the hypervisor gave to other machines. */
type CpuTicks = Readonly<Record<'total' | 'steal', number>>;

/** Counters of the system that only grow. Null where the system does not report one. */
export interface SystemCounters {
  readonly atMs: number;
  /** By CPU number. */
  readonly cpus: ReadonlyMap<number, CpuTicks> | null;
  readonly throttledUs: number | null;
  readonly pressureUs: number | null;
}

/** Reads the lines `cpuN` of /proc/stat, see proc_stat(5): user nice system idle iowait irq softirq steal. */
export function parseCpuTicks(stat: string): ReadonlyMap<number, CpuTicks> {
  const lines = [...stat.matchAll(/^cpu(\d+) (.*)$/gm)];
  return new Map(
    lines.map(([, cpu, fields = '']) => {
      const ticks = fields.trim().split(/\s+/).slice(0, 8).map(Number);
      return [Number(cpu), { total: ticks.reduce((sum, each) => sum + each, 0), steal: ticks[7] ?? 0 }];
    }),
  );
}

/** Reads /proc and the control group. */
export function readSystemCounters(): SystemCounters {
  const stat = readSystemFile('/proc/stat');
  const throttled = /throttled_usec (\d+)/.exec(readSystemFile('/sys/fs/cgroup/cpu.stat') ?? '')?.[1];
  const pressure = /some .*total=(\d+)/.exec(readSystemFile('/proc/pressure/cpu') ?? '')?.[1];
  return {
    atMs: performance.now(),
    cpus: stat === null ? null : parseCpuTicks(stat),
    throttledUs: throttled === undefined ? null : Number(throttled),
    pressureUs: pressure === undefined ? null : Number(pressure),
  };
}

type Disturbance = Pick<
  RunResult['environment'],
  'stealRatio' | 'serverStealRatio' | 'throttledMs' | 'cpuPressureRatio'
>;

/**
 * What disturbed the run between two readings. `groups` are the CPUs of each process of the run: steal is that of the
 * group that lost the largest share of its time, since an average over many CPUs would hide one that is fully stolen.
 */
export function disturbanceBetween(
  before: SystemCounters,
  after: SystemCounters,
  groups: ReadonlyArray<readonly number[]>,
  serverCpus: readonly number[] | null = null,
): Disturbance {
  const grownMs = (name: 'throttledUs' | 'pressureUs') => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : (to - from) / 1000;
  };
  const pressureMs = grownMs('pressureUs');
  const steal = groups.map((cpus) => stealOf(before, after, cpus)).filter((ratio) => ratio !== null);
  return {
    stealRatio: steal.length === 0 ? null : Math.max(...steal),
    serverStealRatio: serverCpus === null ? null : stealOf(before, after, serverCpus),
    throttledMs: grownMs('throttledUs'),
    cpuPressureRatio: pressureMs === null ? null : pressureMs / (after.atMs - before.atMs),
  };
}

/**
 * The stolen share of the time of some CPUs; null when it is not known. The system rounds what it counts to whole ticks
 * of 10 ms, so a tick more may be a moment more. One tick is therefore ignored: it would be 2 % of a run of 500 ms.
 */
function stealOf(before: SystemCounters, after: SystemCounters, cpus: readonly number[]): number | null {
  let total = 0;
  let steal = 0;
  for (const cpu of cpus) {
    const [from, to] = [before.cpus?.get(cpu), after.cpus?.get(cpu)];
    if (from === undefined || to === undefined) continue;
    total += to.total - from.total;
    steal += to.steal - from.steal;
  }
  return total === 0 ? null : Math.max(0, steal - 1) / total;
}

/** How many CPUs' time the control group allows (cgroup v2 cpu.max); null for no limit. */
export function cgroupCpuLimit(): number | null {
  const [quota, period] = (readSystemFile('/sys/fs/cgroup/cpu.max') ?? 'max').split(' ');
  return quota === undefined || quota === 'max' || period === undefined
    ? null
    : Number(quota) / Number(period);
}

/** The frequency governor of the first CPU; null where there is none, as in most virtual machines. */
export function cpuGovernor(): string | null {
  return readSystemFile('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor');
}

function packageVersion(name: string): string | null {
  try {
    // The exports of a package may hide its package.json.
    const file = nodeModule.findPackageJSON(name, import.meta.url) ?? '';
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return null;
  }
}

/** Reads which commit a folder has checked out and whether files differ from it; null outside of a repository. */
function readCheckout(folder: string): Pick<RunResult['environment'], 'commit' | 'dirty'> {
  const status = git(folder, 'status', '--porcelain=v2', '--branch', '--no-ahead-behind');
  if (!status.ok) return { commit: null, dirty: null };
  const [, commit = null] = /^# branch\.oid ([0-9a-f]+)$/m.exec(status.text) ?? [];
  return { commit, dirty: /^[^#]/m.test(status.text) };
}

/** Reads what the figures depend on besides the plan. `cwd` is the working directory of the server. */
export function readEnvironment(
  commandLine: readonly string[],
  affinity: Affinity,
  disturbance: Disturbance,
  cwd: string,
): RunResult['environment'] {
  const versions = PACKAGES.map((name): [string, string | null] => [name, packageVersion(name)]);
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
    ...readCheckout(cwd),
    ...disturbance,
    affinity: { server: affinity.server, workers: [...affinity.workers] },
  };
}
