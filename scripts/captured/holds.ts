/** Ways to hold up a generator process while it receives. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Holds up the process; returns what ends it. */
export type Hold = (receiver: number) => Promise<() => void>;

const STOPPED_AFTER_MS = 2000;
const STOPPED_MS = 300;

const none: Hold = async () => () => {};

const stopped: Hold = async (receiver) => {
  await sleep(STOPPED_AFTER_MS);
  process.kill(receiver, 'SIGSTOP');
  await sleep(STOPPED_MS);
  process.kill(receiver, 'SIGCONT');
  return () => {};
};

/** Keeps the CPUs of the process busy for some milliseconds of each period. */
function neighbour(busyMs: number, periodMs: number): Hold {
  return async (receiver) => {
    const status = readFileSync(`/proc/${receiver}/status`, 'utf8');
    const cpus = /Cpus_allowed_list:\s+(\S+)/.exec(status)?.[1] ?? '0';
    const busy = `setInterval(() => { const end = performance.now() + ${busyMs}; while (performance.now() < end); }, ${periodMs})`;
    const child = spawn('taskset', ['-c', cpus, process.execPath, '-e', busy], { stdio: 'ignore' });
    return () => child.kill();
  };
}

/** By the name that `--held` takes. */
export const WAYS_TO_HOLD: Readonly<Record<string, Hold>> = {
  none,
  /** Stopped for 300 ms. */
  stopped,
  /** A neighbour on its CPU, busy for 5 of 20 ms. */
  neighbour: neighbour(5, 20),
};
