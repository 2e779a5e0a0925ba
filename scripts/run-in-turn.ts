import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { type Dashboard, withDashboard } from '../src/cli/dashboard/dashboard.ts';
import { ProgressFeed } from '../src/cli/progress/feed.ts';
import { progressView } from '../src/cli/progress/open.ts';
import { screenOf } from '../src/cli/progress/screen.ts';
import { STOP_SIGNALS } from '../src/cli/stop.ts';
import { paintFor } from '../src/colour.ts';
import { foreignLines } from '../src/foreign.ts';
import { runReport } from '../src/report/content/run.ts';
import { RUNS } from '../src/report/index.ts';
import { type ProgressEvent, type ProgressOf, progressSchema } from '../src/result/progress.ts';
import { formatCount, formatNs, formatNumber } from '../src/units.ts';
import type { SeriesDashboard } from './shown-series.ts';

/** Expected time of a run before the first one is over, in milliseconds. */
const USUAL_RUN_MS = 8000;

/**
 * Carries out command lines of `run` one after the other, with one progress of all on stderr. Returns null when every run
 * has ended with an exit code after which `goesOn`, else the code of the last one. A signal is passed on to the run, which
 * reports what it measured and is the last one.
 */
export async function runInTurn(
  commandLines: ReadonlyArray<readonly string[]>,
  goesOn: (exitCode: number) => boolean,
  { port, results }: SeriesDashboard,
): Promise<number | null> {
  const { feed, write, close } = openFeed();
  const runs = commandLines.length;
  const expectedMs = runs * USUAL_RUN_MS;
  const bounds = { runs, rounds: null, expectedMs, maxMs: expectedMs, mayEndEarly: false };
  const carryOut = async (dashboard: Dashboard) => {
    const firstP50Ns = new Map<string, number>();
    for (const [index, commandLine] of commandLines.entries()) {
      const follow = followRun(feed, index + 1, runs, firstP50Ns);
      const { exitCode, isStopped } = await runOnce(commandLine, follow, write);
      if (isStopped || !goesOn(exitCode)) return exitCode;
      dashboard.showReport(() => runReport(results()));
    }
    return null;
  };
  const title = `${runs} runs; ratios are to the first valid run of the same scenario`;
  const beginning = { command: 'bench', title, arms: [], ...bounds };
  return await withDashboard({ err: (text) => write(text.trimEnd()) }, port, feed, async (dashboard) => {
    const work = () => carryOut(dashboard);
    const failed = await feed.carryOut(beginning, work, (exitCode) => exitCode === null);
    if (failed === null) await dashboard.finish({ kind: RUNS, document: results() });
    return failed;
  }).finally(close);
}

function openFeed() {
  const { stderr, env } = process;
  const screen = screenOf(stderr, env);
  const control = (text: string) => {
    if (screen === null) stderr.write(text);
    else screen.above(() => void stderr.write(text));
  };
  const write = (line: string) => control(foreignLines(`${line}\n`));
  const paint = paintFor(stderr.isTTY === true, env);
  const feed = new ProgressFeed();
  feed.subscribe(progressView({ screen, control, paint: { out: paint, control: paint } }, 'auto', write));
  const close = () => screen?.clear();
  process.once('exit', close);
  return { feed, write, close };
}

/**
 * Hands on the events of one of several runs, and reports its figures as a step when it is over. `firstP50Ns` has those
 * of the first valid run of each scenario.
 */
function followRun(feed: ProgressFeed, run: number, runs: number, firstP50Ns: Map<string, number>) {
  let started: ProgressOf<'run'> | null = null;
  let figures: ProgressOf<'second'> | null = null;
  return (event: ProgressEvent) => {
    if (!('run' in event)) return;
    const { atMs: _, ...rest } = event;
    feed.report({ ...rest, run });
    if (event.type === 'run') started = event;
    if (event.type === 'second') figures = event;
    if (event.type !== 'run-end' || started === null || event.error !== null) return;
    const { title, scenario } = started;
    const isValid = event.invalid.length === 0;
    const p50Ns = figures?.latency?.p50Ns ?? null;
    const first = firstP50Ns.get(scenario);
    if (isValid && first === undefined && p50Ns !== null) firstP50Ns.set(scenario, p50Ns);
    const ratio = isValid && first !== undefined && p50Ns !== null ? p50Ns / first : null;
    const detail = figures === null ? '' : figuresText(figures, ratio);
    feed.report({
      type: 'step',
      step: run,
      steps: runs,
      title,
      outcome: isValid ? 'done' : 'INVALID',
      detail,
    });
  };
}

/** `p50 1.31 ms (1.36x), p99 4.2 ms, 7 lost` */
function figuresText({ latency, lost }: ProgressOf<'second'>, ratio: number | null): string {
  if (latency === null) return '';
  const times = ratio === null ? '' : ` (${formatNumber(ratio)}x)`;
  const losses = lost === 0 ? '' : `, ${formatCount(lost)} lost`;
  return `p50 ${formatNs(latency.p50Ns)}${times}, p99 ${formatNs(latency.p99Ns)}${losses}`;
}

/** The event in a line; null for a line that is none, such as a warning. */
function eventOf(line: string): ProgressEvent | null {
  if (!line.startsWith('{"type":')) return null;
  try {
    return progressSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** Runs sockbench once. What it writes beside its events is handed to `write`. */
async function runOnce(
  commandLine: readonly string[],
  follow: (event: ProgressEvent) => void,
  write: (line: string) => void,
): Promise<{ readonly exitCode: number; readonly isStopped: boolean }> {
  const child = spawn(process.execPath, [...commandLine, '--progress', 'json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let isStopped = false;
  const stop = (signal: NodeJS.Signals) => {
    isStopped = true;
    child.kill(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  createInterface({ input: child.stderr }).on('line', (line) => {
    const event = eventOf(line);
    if (event === null) write(line);
    else follow(event);
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
  for (const signal of STOP_SIGNALS) process.off(signal, stop);
  return { exitCode, isStopped };
}
