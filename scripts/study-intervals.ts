/**
 * Counts how often intervals of 95 % hold the true quantile: in simulated runs of servers whose latencies are correlated
 * in known ways, and with `--real FOLDER` in real runs against such servers, where the quantile of all runs stands for
 * the true one. Prints a Markdown table. Real runs that have left a result in the folder are not repeated.
 */
import { parseArgs } from 'node:util';
import { type Coverage, simulateCoverage } from './interval-study/coverage.ts';
import { autoregressive, fanOut, heavyTail, queue, stallingServer } from './interval-study/processes.ts';
import { coverageOfRuns, runAgainst, STUDIED_SERVERS } from './interval-study/real-runs.ts';

const SIMULATED = [
  [autoregressive(0), 1_000, 100],
  [heavyTail, 1_000, 100],
  [autoregressive(0.5), 1_000, 100],
  [autoregressive(0.9), 10_000, 1_000],
  [queue(0.5), 10_000, 1_000],
  [queue(0.8), 10_000, 1_000],
  [queue(0.9), 100_000, 1_000],
  [stallingServer('at random'), 1_000, 100],
  [stallingServer('at random'), 6_000, 100],
  [stallingServer('once in each second'), 1_000, 100],
  [fanOut(0, 0), 1_000, 100],
  [fanOut(0, 0.5), 1_000, 100],
  [fanOut(0.7, 0.5), 1_000, 100],
] as const;

const { values } = parseArgs({
  options: { runs: { type: 'string' }, real: { type: 'string' } },
});

/** `95.2 %`; with the share of runs that show the quantile, unless all do. */
function cell({ runs, shown, covered }: Coverage): string {
  if (shown === 0) return '-';
  const share = `${((100 * covered) / shown).toFixed(1)} %`;
  return shown === runs ? share : `${share} (shown in ${Math.floor((100 * shown) / runs)} %)`;
}

const row = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);

row(['latencies', values.real === undefined ? 'messages' : 'runs', 'p50', 'p90', 'p95', 'p99']);
row(['---', '---', '---', '---', '---', '---']);
if (values.real === undefined) {
  for (const [process, count, rateHz] of SIMULATED) {
    const coverage = simulateCoverage(process, { count, rateHz }, Number(values.runs ?? 400));
    row([process.name, count.toLocaleString('en-GB'), ...coverage.slice(0, 4).map(cell)]);
  }
} else {
  for (const kind of STUDIED_SERVERS) {
    await runAgainst(kind, Math.ceil(Number(values.runs ?? 100) / STUDIED_SERVERS.length), values.real);
    const coverage = coverageOfRuns(kind, values.real);
    row([`real server: ${kind}`, String(coverage[0]?.runs ?? 0), ...coverage.slice(0, 4).map(cell)]);
  }
}
