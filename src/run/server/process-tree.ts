import { hasEnvironment, listPids, type ProcStat, readStat } from './proc-stat.ts';

/**
 * A process that this one started, and all that came of it: members of its process group, children of
 * members, and what went its own way (`setsid`, a double fork) but inherited the mark in its environment.
 * Read from /proc, so on Linux only; elsewhere it is always empty.
 */
export class ProcessTree {
  readonly #rootPid: number;
  readonly #mark: string;
  readonly #rootStartedTicks: number;
  /** When each member started, by its pid. */
  readonly #members = new Map<number, number>();
  /** What was looked at and is none: a process does not join later. */
  readonly #strangers = new Set<number>();

  /** @param mark entry `NAME=value` of the environment that the process was started with. */
  constructor(rootPid: number, mark: string) {
    this.#rootPid = rootPid;
    this.#mark = mark;
    this.#rootStartedTicks = readStat(rootPid)?.startedTicks ?? Number.POSITIVE_INFINITY;
  }

  /** Every process of it that there is now, ended ones too until somebody waited for them. */
  read(): ProcStat[] {
    const pids = listPids();
    const present = new Set(pids);
    for (const pid of this.#strangers) if (!present.has(pid)) this.#strangers.delete(pid);
    // Ascending, so that parents come before their children.
    return pids
      .filter((pid) => !this.#strangers.has(pid))
      .map(readStat)
      .filter((stat) => stat !== null)
      .filter((stat) => this.#admit(stat));
  }

  /** Those that have not ended. */
  living(): ProcStat[] {
    return this.read().filter(({ state }) => state !== 'Z' && state !== 'X');
  }

  #admit(stat: ProcStat): boolean {
    const { pid, startedTicks } = stat;
    if (this.#members.get(pid) === startedTicks) return true;
    if (this.#belongs(stat)) this.#members.set(pid, startedTicks);
    else this.#strangers.add(pid);
    return !this.#strangers.has(pid);
  }

  #belongs({ pid, groupId, parentPid, startedTicks }: ProcStat): boolean {
    if (startedTicks < this.#rootStartedTicks) return false;
    if (pid === this.#rootPid && startedTicks === this.#rootStartedTicks) return true;
    if (groupId === this.#rootPid || this.#members.has(parentPid)) return true;
    return hasEnvironment(pid, this.#mark);
  }
}
