import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { separatePort } from '../src/cli/dashboard/dashboard.ts';
import { type RunResult, runResultSchema } from '../src/result/run-result.ts';

/** The dashboard of a series of runs: its port, null for none, and the results so far. */
export interface SeriesDashboard {
  readonly port: number | null;
  readonly results: () => RunResult[];
}

/** The stored results in a folder, in the order of their names. */
export function resultFiles(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.map((file) => join(folder, file));
}

export function readResults(folder: string): RunResult[] {
  return resultFiles(folder).map((file) => runResultSchema.parse(JSON.parse(readFileSync(file, 'utf8'))));
}

/** Takes `--dashboard[=PORT]`, which concerns the series, out of the command lines of its runs. */
export function takeDashboard(lines: ReadonlyArray<readonly string[]>): {
  readonly port: number | null;
  readonly commandLines: ReadonlyArray<readonly string[]>;
} {
  const flag = /^--dashboard=(\d+)$/;
  const separated = lines.map((line) => separatePort(line));
  const [port] = separated.flat().flatMap((word) => flag.exec(word)?.[1] ?? []);
  const commandLines = separated.map((line) => line.filter((word) => !flag.test(word)));
  return { port: port === undefined ? null : Number(port), commandLines };
}
