/** Several runs beside each other: what the chores that compare have in common. A loop over the command line. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SOCKBENCH = join(import.meta.dirname, '..', 'bin', 'sockbench.js');

/** An invalid run: its row says so, and the others are still worth having. */
const INVALID = 3;

function sockbench(args: readonly string[], stdout: 'inherit' | 'ignore'): number {
  return (
    spawnSync(process.execPath, [SOCKBENCH, ...args], { stdio: ['ignore', stdout, 'inherit'] }).status ?? 1
  );
}

/**
 * Runs `sockbench run` with each of the command lines, one after the other, into a new folder in `reports/` whose
 * name begins with `folderPrefix`; prints one table of all runs and writes one page. Returns the exit code: that
 * of the first run that failed, after which no other is begun; a run that is merely invalid has not failed.
 */
export function runSideBySide(folderPrefix: string, commandLines: ReadonlyArray<readonly string[]>): number {
  mkdirSync('reports', { recursive: true });
  const folder = mkdtempSync(join('reports', folderPrefix));
  for (const commandLine of commandLines) {
    process.stderr.write(`sockbench run ${commandLine.join(' ')}\n`);
    const args = ['run', ...commandLine, '--format', 'json', '--out', folder, '--quiet'];
    const status = sockbench(args, 'ignore');
    if (status !== 0 && status !== INVALID) return status;
  }
  const paths = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(folder, file));
  const status = sockbench(['report', ...paths, '--format', 'table'], 'inherit');
  return status || sockbench(['report', ...paths, '--format', 'html', '--out', folder], 'inherit');
}
