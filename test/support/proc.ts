import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Names what tests that read /proc lack here; null when they can run. */
export const NO_PROC = existsSync('/proc/self/stat') ? null : 'the /proc file system of Linux';

/** Returns the pids of running processes whose command line contains all of `words`. */
export function findProcesses(...words: string[]): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .filter((pid) => {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.every((word) => args.some((arg) => arg.includes(word)));
      } catch {
        return false;
      }
    });
}

/** Whether a process runs. One that has ended and was not waited for yet has an empty command line. */
export function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}
