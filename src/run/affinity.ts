import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { readSystemFile } from './server/process-tree.ts';

/** CPUs for each process of a run, as lists that `taskset -c` reads; null leaves the choice to the kernel. */
export interface Affinity {
  /** Also of the coordinator while it measures, and of the workers' threads besides the main one. */
  readonly server: string | null;
  /** One entry per worker: the CPU of its main thread. */
  readonly workers: ReadonlyArray<string | null>;
}

/** Parses a kernel CPU list such as `0-3,8`. */
export function parseCpuList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** The CPUs that this process may use. */
export function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readSystemFile('/proc/self/status') ?? '')?.[1];
  return list === undefined ? Array.from(Array(availableParallelism()).keys()) : parseCpuList(list);
}

const TASKSET_WITHIN_MS = 2000;

/** Why processes cannot be pinned to CPUs here; null when they can. */
export function pinningProblem(cpus: readonly number[]): string | null {
  if (process.platform !== 'linux') return `not available on ${process.platform}`;
  if (cpus.length < 2) return 'only one CPU';
  const { error } = spawnSync('taskset', ['--version'], { timeout: TASKSET_WITHIN_MS });
  if (error !== undefined) return 'taskset (util-linux) is not installed';
  return null;
}

/**
 * One CPU from the end of the list for each worker, the rest for the server; with too few CPUs the workers
 * share what is left after the first, so that server and generator never share one.
 */
export function planAffinity(workers: number, cpus: readonly number[]): Affinity {
  const forWorkers = cpus.slice(Math.max(1, cpus.length - workers));
  return {
    server: cpus.slice(0, cpus.length - forWorkers.length).join(','),
    workers: Array.from({ length: workers }, (_, worker) => String(forWorkers[worker % forWorkers.length])),
  };
}

export function noAffinity(workers: number): Affinity {
  return { server: null, workers: Array.from({ length: workers }, () => null) };
}

/** The CPUs of each pinned process, each set once. The CPUs that this process may use when none is pinned. */
export function cpuGroups({ server, workers }: Affinity): number[][] {
  const lists = new Set([server, ...workers].filter((list) => list !== null));
  return lists.size === 0 ? [allowedCpus()] : [...lists].map(parseCpuList);
}

/** Prefixes a command so that it runs on the given CPUs. */
export function pinned(cpus: string | null, command: readonly string[]): [file: string, args: string[]] {
  const [file = '', ...args] = cpus === null ? command : ['taskset', '-c', cpus, ...command];
  return [file, args];
}

/**
 * Binds one thread: the main thread of a process by its pid, any other by its own number. Threads besides it keep their
 * CPUs. One that has ended is left alone.
 */
function pinThread(id: number, cpus: string): void {
  spawnSync('taskset', ['--pid', '--cpu-list', cpus, String(id)], { stdio: 'ignore' });
}

/** Binds all threads of a process. Processes that it starts later inherit that. */
function pinProcess(pid: number, cpus: string): void {
  spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cpus, String(pid)], { stdio: 'ignore' });
}

/**
 * Binds this process and the worker processes to the CPUs of the server, and the main thread of each worker to its own
 * CPU. Their compiler and collector threads then share no CPU with a thread that receives. The returned function gives
 * this process its CPUs back.
 */
export function separateProcesses(affinity: Affinity, workerPids: readonly number[]): () => void {
  const { server } = affinity;
  if (server !== null) for (const pid of workerPids) pinProcess(pid, server);
  return separateThreads(affinity, workerPids);
}

/** Does so for workers that are threads of this process. */
export function separateThreads({ server, workers }: Affinity, workerIds: readonly number[]): () => void {
  const before = allowedCpus().join(',');
  if (server !== null) pinProcess(process.pid, server);
  for (const [worker, id] of workerIds.entries()) {
    const cpus = workers[worker] ?? null;
    if (cpus !== null) pinThread(id, cpus);
  }
  return server === null ? () => {} : () => pinProcess(process.pid, before);
}

/** Chooses the CPUs of a run; `problem` says why nothing is pinned, null when it is. */
export function chooseAffinity(workers: number, pin: boolean) {
  const cpus = allowedCpus();
  const problem = pin ? pinningProblem(cpus) : 'turned off';
  return { affinity: problem === null ? planAffinity(workers, cpus) : noAffinity(workers), problem };
}
