import { readdirSync, readFileSync } from 'node:fs';

/** What /proc/PID/stat says of one process, see proc_pid_stat(5). CPU times are in clock ticks. */
export interface ProcStat {
  readonly pid: number;
  /** One letter: `R` running, `S` sleeping, `Z` ended but not yet waited for. */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  /** User and system time of all its threads. */
  readonly ownTicks: number;
  /** The same of its children that have ended and been waited for, and of theirs. */
  readonly reapedTicks: number;
  /** When it started, in ticks since the system did: with the pid, no other process has it. */
  readonly startedTicks: number;
}

/** A tick of these files is 10 ms on every platform of Linux that Node.js runs on (`getconf CLK_TCK`: 100). */
export const MS_PER_TICK = 10;

/** Null when it is no such line. The name, in parentheses, may hold spaces and parentheses itself. */
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
    startedTicks: field(22),
  };
  return nameEnd > 0 && Number.isFinite(stat.startedTicks) ? stat : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended, or is somebody else's.
    return null;
  }
}

/** Null when there is no such process, or no /proc. */
export function readStat(pid: number): ProcStat | null {
  const text = readText(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** Resident memory; 0 for a process that has ended. */
export function readRssBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kib ?? 0) * 1024;
}

/** Whether a process was started with `NAME=value` in its environment; false when that may not be read. */
export function hasEnvironment(pid: number, entry: string): boolean {
  return (readText(`/proc/${pid}/environ`) ?? '').split('\0').includes(entry);
}

/** Pids of all processes, ascending; none where there is no /proc. */
export function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}
