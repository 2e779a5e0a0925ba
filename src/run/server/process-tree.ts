import { readdirSync, readFileSync } from 'node:fs';
import { foreign } from '../../foreign.ts';

/** One process as /proc/PID/stat describes it, see proc_pid_stat(5). CPU times are in clock ticks. */
export interface ProcStat {
  readonly pid: number;
  /** One letter: `R` running, `S` sleeping, `Z` ended but not yet waited for. */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  /** User and system time of all its threads. */
  readonly ownTicks: number;
  /** User and system time of descendants that have ended and been waited for. */
  readonly reapedTicks: number;
  /** Its threads, the first one included, also when that one has ended. */
  readonly threads: number;
  /** Start in ticks since boot. No two processes have the same pid and start. */
  readonly startedTicks: number;
}

/**
 * Whether all threads of a process have ended. A process whose first thread has ended is `Z` already, while others may
 * still hold its sockets: a JVM takes a moment to end.
 */
export function hasEnded({ state, threads }: ProcStat): boolean {
  return state === 'X' || (state === 'Z' && threads <= 1);
}

/** A clock tick is 10 ms on every Linux platform that Node.js supports (`getconf CLK_TCK`: 100). */
export const MS_PER_TICK = 10;

/** Parses a line of /proc/PID/stat; null for any other text. The name may hold spaces and parentheses. */
export function parseStat(text: string): ProcStat | null {
  const nameEnd = text.lastIndexOf(')');
  const [state, ...rest] = text.slice(nameEnd + 2).split(' ');
  // Numbered as in the manual page, where the state is field 3.
  const field = (number: number) => Number(rest[number - 4]);
  const stat = {
    pid: Number.parseInt(text, 10),
    state: state ?? '',
    parentPid: field(4),
    groupId: field(5),
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
    threads: field(20),
    startedTicks: field(22),
  };
  return nameEnd > 0 && Number.isFinite(stat.startedTicks) ? stat : null;
}

/** Reads a file of the system, trimmed; null when it cannot be read. */
export function readSystemFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** Reads a process; null when there is no such process, or no /proc. */
export function readStat(pid: number): ProcStat | null {
  const text = readSystemFile(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** Reads the resident memory of a process; 0 when it has ended. */
export function readRssBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readSystemFile(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kib ?? 0) * 1024;
}

/** Pids of all processes, ascending; none where there is no /proc. */
function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

/** Reads all processes, by ascending pid, so that most parents come before their children. */
export function readProcesses(): ProcStat[] {
  return listPids()
    .map(readStat)
    .filter((stat) => stat !== null);
}

/** `process 4711 (node server.js)`, safe to print. */
export function describeProcess(pid: number): string {
  const command = (readSystemFile(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  return command === '' ? `process ${pid}` : `process ${pid} (${foreign(command)})`;
}

/** Sends a signal to a process, or to a whole group when the number is negative; false when there is none. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * A process and all its descendants: members of its process group, children of members, and processes that left the
 * group (`setsid`, a double fork) but inherited the mark in its environment. Read from /proc, so that it is empty
 * elsewhere than on Linux.
 */
export class ProcessTree {
  readonly rootPid: number;
  readonly #mark: string;
  readonly #rootStartedTicks: number;
  /** When each member started, by its pid. */
  readonly #members = new Map<number, number>();
  /** Pids that are no members. A process never becomes one later. */
  readonly #strangers = new Set<number>();

  /** @param mark entry `NAME=value` of the environment that the process was started with. */
  constructor(rootPid: number, mark: string) {
    this.rootPid = rootPid;
    this.#mark = mark;
    this.#rootStartedTicks = readStat(rootPid)?.startedTicks ?? Number.POSITIVE_INFINITY;
  }

  /** Every process of the tree, including those that have ended and were not waited for yet. */
  read(): ProcStat[] {
    const pids = listPids();
    const present = new Set(pids);
    for (const pid of this.#strangers) if (!present.has(pid)) this.#strangers.delete(pid);
    for (const pid of this.#members.keys()) if (!present.has(pid)) this.#members.delete(pid);
    // Ascending, so that parents come before their children.
    return pids
      .filter((pid) => !this.#strangers.has(pid))
      .map(readStat)
      .filter((stat) => stat !== null)
      .filter((stat) => this.#admit(stat));
  }

  /** The processes of the tree that have not ended. */
  living(): ProcStat[] {
    return this.read().filter((stat) => !hasEnded(stat));
  }

  #admit(stat: ProcStat): boolean {
    const { pid, startedTicks } = stat;
    if (this.#members.get(pid) === startedTicks) return true;
    const isMember = this.#belongs(stat);
    if (isMember) this.#members.set(pid, startedTicks);
    else this.#strangers.add(pid);
    return isMember;
  }

  #belongs({ pid, groupId, parentPid, startedTicks }: ProcStat): boolean {
    if (startedTicks < this.#rootStartedTicks) return false;
    if (pid === this.rootPid && startedTicks === this.#rootStartedTicks) return true;
    if (groupId === this.rootPid || this.#members.has(parentPid)) return true;
    // Null for a process of another user.
    return readSystemFile(`/proc/${pid}/environ`)?.split('\0').includes(this.#mark) === true;
  }
}
