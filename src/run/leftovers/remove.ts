import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  describeProcess,
  hasEnded,
  type ProcStat,
  readProcesses,
  readStat,
  readSystemFile,
  sendSignal,
} from '../server/process-tree.ts';
import { temporaryFolders } from '../temporary.ts';
import { isGone, OWNER, OWNER_PATTERN, ownerOf } from './owner.ts';

const TERM_WITHIN_MS = 2000;
const KILL_WITHIN_MS = 1000;
const POLL_LEFT_MS = 50;

/** What this process makes in the folder for temporary files. */
type TemporaryKind = 'base' | 'probe' | 'profiles';

/** The beginning of the name of a temporary file or folder, from which a later start finds its owner. */
export function temporaryName(kind: TemporaryKind): string {
  return `sockbench-${kind}-${OWNER}-`;
}

const TEMPORARY = new RegExp(`^sockbench-(?:base|probe|profiles)-(${OWNER_PATTERN})-`);

/**
 * Ends processes whose owner has ended (SIGTERM, after 2 s SIGKILL) and removes its sockets and checkouts. Never touches
 * those of another user, of an owner that runs, or of one that cannot be seen from here (another machine or container).
 *
 * @param pids processes (ended at once) and, negative, process groups that are known to be left.
 * @returns what it ended and removed, safe to print.
 */
export async function removeLeftovers(pids: readonly number[] = []): Promise<string[]> {
  for (const pid of pids) if (pid > 0) sendSignal(pid, 'SIGKILL');
  const left = new LeftProcesses(pids.filter((pid) => pid < -1));
  const ended = left.read().map(({ pid }) => describeProcess(pid));
  if (ended.length + pids.length > 0) {
    left.signal('SIGTERM');
    if (await left.livesAfter(TERM_WITHIN_MS)) left.signal('SIGKILL');
    await left.livesAfter(KILL_WITHIN_MS);
  }
  return [...ended, ...removeTemporary()];
}

/** Running processes of this user whose owner has ended or whose group is given, with their descendants. */
class LeftProcesses {
  readonly #groups: readonly number[];
  /** When each of them started, by its pid. Its descendants are found as long as it runs, and remembered. */
  readonly #known = new Map<number, number>();
  /** This process may run in a terminal that a server of an earlier run had started. */
  readonly #spared = new Set(lineage(process.pid));

  /** @param groups negative numbers, as `kill` takes them. */
  constructor(groups: readonly number[]) {
    this.#groups = groups;
  }

  /** Those that run; empty where there is no /proc. */
  read(): ProcStat[] {
    // Ascending, so that parents come before their children.
    return readProcesses().filter((stat) => {
      const { pid, groupId, parentPid, startedTicks } = stat;
      if (this.#spared.has(pid) || hasEnded(stat) || !isOwnUser(`/proc/${pid}`)) return false;
      if (this.#known.get(pid) === startedTicks) return true;
      const isLeft = this.#groups.includes(-groupId) || this.#known.has(parentPid) || hasGoneOwner(pid);
      if (isLeft) this.#known.set(pid, startedTicks);
      return isLeft;
    });
  }

  signal(signal: NodeJS.Signals): void {
    const single = this.read().filter(({ groupId }) => !this.#groups.includes(-groupId));
    for (const pid of [...this.#groups, ...single.map((stat) => stat.pid)]) sendSignal(pid, signal);
  }

  /** Whether any of them is left after that time at most. */
  async livesAfter(withinMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + withinMs;
    while (this.#lives()) {
      if (performance.now() >= deadlineMs) return true;
      await delay(POLL_LEFT_MS);
    }
    return false;
  }

  #lives(): boolean {
    if (process.platform === 'linux') return this.read().length > 0;
    return this.#groups.some((group) => sendSignal(group, 0));
  }
}

/** A process and its ancestors, by pid. */
function lineage(pid: number): number[] {
  const parentPid = readStat(pid)?.parentPid ?? 0;
  return parentPid === 0 ? [pid] : [pid, ...lineage(parentPid)];
}

function hasGoneOwner(pid: number): boolean {
  const owner = ownerOf(pid);
  return owner !== null && isGone(owner);
}

function isOwnUser(path: string): boolean {
  try {
    return lstatSync(path).uid === process.getuid?.();
  } catch {
    return false;
  }
}

function removeTemporary(): string[] {
  const removed: string[] = [];
  const found = temporaryFolders().flatMap((folder) => filesOf(folder).map((name) => ({ folder, name })));
  for (const { folder, name } of found) {
    const owner = TEMPORARY.exec(name)?.[1];
    const path = join(folder, name);
    if (owner === undefined || !isGone(owner) || !isOwnUser(path)) continue;
    try {
      removeCheckout(path);
      removed.push(path);
    } catch {
      // Another start may remove it at the same time.
    }
  }
  return removed;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Removes a git worktree, or any other file or folder. The entry in the repository goes first: once the folder has gone,
 * nothing leads to it. `git worktree prune` would also forget worktrees of the user on a drive that is not mounted.
 */
export function removeCheckout(path: string): void {
  const entry = /^gitdir: (.+)$/m.exec(readSystemFile(join(path, '.git')) ?? '')?.[1] ?? '';
  const entries = dirname(entry);
  if (basename(entries) === 'worktrees' && basename(entry).startsWith(basename(path))) {
    rmSync(entry, { recursive: true, force: true });
    removeEmpty(entries);
  }
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds other worktrees.
  }
}
