import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connectsByIteration } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import type { Plan, PlannedRun } from '../plan/plan.ts';
import { connectionsPerClient } from '../plan/population-plan.ts';
import { profileMessages } from '../plan/profile.ts';
import { plural } from '../text.ts';
import { formatCount } from '../units.ts';

/** Open files of a process beside its connections: libraries, pipes, timers, and connections that wait to be closed. */
const RESERVE = 64;

/**
 * How many files a process of this run may open: Node.js raises its own limit to the hardest that is allowed, and passes it
 * on to the processes that it starts. Infinite where the system has no limit, or does not report it.
 */
export function openFilesLimit(): number {
  const text = readOwnLimit();
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function readOwnLimit(): string {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? '';
  } catch {
    return askShell();
  }
}

/** Where there is no /proc. */
function askShell(): string {
  try {
    return execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '';
  }
}

/** How many clients are connected at one time, as far as that is known beforehand. */
export interface ConnectedClients {
  readonly all: number;
  /** Those of the generator process that has the most. */
  readonly most: number;
}

/** Counts the connected clients of a plan. `spread`: the clients of each generator process. */
export function connectedClients(
  { plan, scenario, layout }: PlannedRun,
  spread: ReadonlyArray<readonly number[]>,
): ConnectedClients {
  if (!connectsByIteration(scenario)) {
    const each = spread.map(({ length }) => length);
    return { all: each.reduce((sum, count) => sum + count, 0), most: Math.max(...each) };
  }
  // How many users that leave again are there at one time, only the server decides.
  const all = layout.holds === true ? Math.ceil(profileMessages(plan.profile)) : 0;
  return { all, most: Math.ceil(all / plan.workers) };
}

/**
 * Checks that each generator process and the reference server may open as many files as clients need. Throws
 * SYSTEM_LIMIT.
 */
export function requireOpenFiles(
  plan: Pick<Plan, 'transport' | 'populations' | 'target' | 'workers'>,
  { all: clients, most }: ConnectedClients,
  limit = openFilesLimit(),
): void {
  const { target, workers } = plan;
  const perClient = connectionsPerClient(plan);
  const room = Math.max(1, Math.floor((limit - RESERVE) / perClient));
  const needed = most * perClient + RESERVE;
  if (needed > limit) {
    const more = workers * Math.ceil(most / room);
    if (most === 0) failFiles('a generator process', needed, limit, []);
    failFiles(`a generator process with ${plural(most, 'client')}`, needed, limit, [
      `give --workers ${more} or more`,
      `use at most --clients ${room * workers}`,
    ]);
  }
  const processes = target.reference?.hasNodes === true ? (target.reference.settings.processes ?? 1) : 1;
  const served = Math.ceil(clients / processes) * perClient + RESERVE;
  if (target.reference !== null && served > limit) {
    const what = processes === 1 ? 'the reference server' : 'each process of the reference server';
    failFiles(`${what}, with ${plural(clients, 'client')},`, served, limit, [
      `use at most --clients ${room * processes}`,
    ]);
  }
}

function failFiles(what: string, needed: number, limit: number, ways: readonly string[]): never {
  return fail(
    'SYSTEM_LIMIT',
    `${what} needs ${formatCount(needed)} open files, and the limit is ${formatCount(limit)}`,
    `Raise the limit (ulimit -n ${needed}; the hard limit is in /etc/security/limits.conf, LimitNOFILE of systemd or --ulimit of Docker)${ways.map((way) => `, or ${way}`).join('')}.`,
  );
}
