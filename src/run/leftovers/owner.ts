import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasEnded, readStat, readSystemFile } from '../server/process-tree.ts';

/** Everything that a process of sockbench starts has the name of that process in this variable. */
const OWNER_VARIABLE = 'SOCKBENCH_OWNER';

/**
 * Names where a pid is valid: this boot of this machine and, on Linux, its namespace of pids. Folders may be shared with
 * containers and other machines, whose processes cannot be seen from here.
 */
function readScope(): string {
  const boot = readSystemFile('/proc/sys/kernel/random/boot_id') ?? hostname();
  return createHash('sha256').update(`${boot} ${pidNamespace()}`).digest('hex').slice(0, 8);
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

const SCOPE = readScope();

/**
 * The name of this process for what it owns: `SCOPE-PID-START`. Its start in ticks tells it from a later process with the
 * same pid; 0 where the system does not report it.
 */
export const OWNER = `${SCOPE}-${process.pid}-${readStat(process.pid)?.startedTicks ?? 0}`;

/** Matches the name of an owner. */
export const OWNER_PATTERN = '[0-9a-f]{8}-\\d+-\\d+';

/** Whether an owner has ended; false for one of another machine or container, which cannot be seen from here. */
export function isGone(owner: string): boolean {
  const [scope, pid, started] = owner.split('-');
  if (scope !== SCOPE) return false;
  const stat = readStat(Number(pid));
  if (stat !== null) return stat.startedTicks !== Number(started) || hasEnded(stat);
  try {
    // Without an entry in /proc: on a system that has none, and where it hides processes of other users.
    return !process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** The environment for a process that this one starts: it says whose it is. */
export function ownedEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, [OWNER_VARIABLE]: OWNER };
}

/** The environment for a process that must outlive this one. */
export function unownedEnvironment(): NodeJS.ProcessEnv {
  const { [OWNER_VARIABLE]: _, ...env } = process.env;
  return env;
}

/** The owner of a process of the same user; null when it has none. */
export function ownerOf(pid: number): string | null {
  const environment = readSystemFile(`/proc/${pid}/environ`) ?? '';
  return new RegExp(`(?:^|\0)${OWNER_VARIABLE}=(${OWNER_PATTERN})(?:\0|$)`).exec(environment)?.[1] ?? null;
}
