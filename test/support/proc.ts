import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Why tests that read /proc cannot run here; null when they can. */
export const NO_PROC = existsSync('/proc/self/stat') ? null : 'the /proc file system of Linux';

/** Pids of the processes whose command line holds all of `words`; those that have ended are not among them. */
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
