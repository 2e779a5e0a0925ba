import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { flagOf, integer, option } from '../contract/options.ts';
import { EXIT, type ExitCode, fail, SockbenchError, sentencesOf } from '../errors.ts';
import { VERSION } from '../package.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { maxRunMs } from '../plan/run-length.ts';
import { repeatedReport } from '../report/content/repeated.ts';
import { parseFormats, REPEATED } from '../report/index.ts';
import { boundResult } from '../result/bound.ts';
import { findingOfError } from '../result/findings.ts';
import { MAX_STARTS, type Repeated, type RepeatedStart } from '../result/repeated.ts';
import { type RunResult, SCHEMA_VERSION } from '../result/run-result.ts';
import { jsonPieces, requireWritable, writeAtomically } from '../result/store.ts';
import { addGrowth } from '../stats/growth.ts';
import { isSettledInvalid, summarizeStarts } from '../stats/repeated.ts';
import { STARTS_CONFIDENCE } from '../stats/starts.ts';
import { judgeRunThresholds, type Threshold } from '../stats/thresholds.ts';
import { findFloor } from './calibrations.ts';
import { type Cli, writeNote } from './cli.ts';
import { withDashboard } from './dashboard/dashboard.ts';
import type { Flags } from './flags.ts';
import { requirePage } from './open-page.ts';
import { deliver, type OutputFlags, unlessLost } from './output.ts';
import { expectedRunMs, type ProgressFeed } from './progress/feed.ts';
import { isSilent, openProgress, type ProgressFlags } from './progress/open.ts';
import { startStep } from './progress/outcomes.ts';
import { timeText } from './progress/texts.ts';
import { type RunInProcess, withRunProcesses, withSeedOfRun } from './run-process.ts';

/** Flags of `run` for a repeated one. */
export const REPEAT_OPTIONS = {
  repeat: option('N', '1', 'fresh starts; reports show their medians', integer(1, MAX_STARTS)),
} as const;

/** Flags of one run that a repeated run does not support, and why. */
const REFUSED_WITH_REPEAT: Readonly<Record<string, string>> = {
  shard: 'the shards of a run meet once',
  rendezvous: 'the shards of a run meet once',
  startAt: 'the shards of a run meet once',
  checkpoint: 'it keeps every start when that ends',
};

/** Throws BAD_REPEAT for flags that a repeated run does not support. */
export function requireRepeatable(flags: Flags): void {
  for (const [name, reason] of Object.entries(REFUSED_WITH_REPEAT)) {
    if (flags[name] === undefined) continue;
    const flag = flagOf(name);
    fail('BAD_REPEAT', `--repeat does not support ${flag}: ${reason}`, `Remove --repeat or ${flag}.`);
  }
}

/** Why a comparison and a gate have no `--repeat`. */
export const ROUNDS_REPEAT = 'every round of a comparison starts each arm anew';

/** Refuses `--repeat` for a command that repeats runs in its own way, and names the flag for that. */
export function refuseRepeat(command: Command, reason: string, flag: string): void {
  const refuse = () => fail('BAD_REPEAT', `--repeat: ${reason}`, `Give ${flag} N.`);
  command.addOption(command.createOption('--repeat <N>').hideHelp().argParser(refuse));
}

/** A run that may start, and how often. */
export interface RepeatedPlan {
  readonly planned: PlannedRun;
  readonly thresholds: readonly Threshold[];
  /** Sentences to show before the first start, and one of progress. */
  readonly warnings: readonly string[];
  readonly hint: string | null;
  readonly asked: ProgressFlags &
    Pick<OutputFlags, 'verbose' | 'open'> & {
      readonly repeat: number;
      readonly out: string;
      readonly format: string;
      readonly dashboard: number | null;
    };
}

/** What is known of a repeated run before its figures. */
type Started = Pick<Repeated, 'startedAt' | 'durationMs' | 'commandLine' | 'status' | 'starts'> & {
  readonly design: Omit<Repeated['design'], 'confidence'>;
};

/** Makes the document of a repeated run from its starts. */
export function makeRepeated({ starts, ...started }: Started, thresholds: readonly Threshold[]): Repeated {
  const design = { ...started.design, confidence: STARTS_CONFIDENCE };
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'repeated',
    tool: { name: 'sockbench', version: VERSION },
    ...started,
    design,
    starts,
    ...summarizeStarts(design, starts, thresholds),
  };
}

/** Carries out a run several times, each with a new server and new generator processes, and reports all together. */
export async function repeatRun(cli: Cli, title: string, repeated: RepeatedPlan): Promise<ExitCode> {
  const { planned, warnings, hint, asked } = repeated;
  const formats = parseFormats(REPEATED, asked.format);
  requirePage(asked.open, formats);
  await requireWritable(asked.out);
  for (const warning of warnings) writeNote(cli, `warning: ${warning}`);
  const { feed, note } = openProgress(cli, asked);
  if (hint !== null) note(hint);
  return await withDashboard(cli, asked.dashboard, feed, async (dashboard) => {
    const maxMs = asked.repeat * maxRunMs(planned.plan);
    const beginning = {
      command: 'run',
      title: `${title}: ${asked.repeat} starts; at most about ${timeText(maxMs)}`,
      arms: [],
      runs: asked.repeat,
      rounds: null,
      expectedMs: asked.repeat * expectedRunMs(planned.plan),
      maxMs,
      mayEndEarly: false,
    };
    const onStart = (soFar: () => Repeated) => dashboard.showReport(() => repeatedReport([soFar()]));
    const work = () => withRunProcesses((run) => carryOutStarts(cli, feed, run, repeated, onStart));
    const document = await feed.carryOut(beginning, work, ({ status }) => status === 'complete');
    const rendering = { kind: REPEATED, document: [document] };
    const { verbose, open } = asked;
    const delivery = await deliver(cli, asked.out, formats, rendering, {
      quiet: isSilent(asked),
      verbose,
      open,
    });
    if (delivery === 'kept') await rm(soFarPath(asked.out, document), { force: true }).catch(() => {});
    await dashboard.finish(rendering);
    return unlessLost(delivery, exitCodeOfRepeated(document));
  });
}

async function carryOutStarts(
  cli: Cli,
  feed: ProgressFeed,
  run: RunInProcess,
  { planned, thresholds, asked: { repeat, out } }: RepeatedPlan,
  onStart: (soFar: () => Repeated) => void,
): Promise<Repeated> {
  const startedAt = new Date();
  const startMs = performance.now();
  const starts: RepeatedStart[] = [];
  const signal = cli.listenForStop();
  const { target } = planned.plan;
  const design = { repeat, restartsServer: target.reference !== null || target.exec !== null };
  const soFar = () => {
    const status = starts.length === repeat && !signal.aborted ? 'complete' : 'partial';
    const times = { startedAt: startedAt.toISOString(), durationMs: performance.now() - startMs };
    return makeRepeated(
      { ...times, commandLine: [...cli.argv], status, design, starts: [...starts] },
      thresholds,
    );
  };
  while (starts.length < repeat && !signal.aborted && !isSettledInvalid(starts, repeat)) {
    const start = starts.length + 1;
    const measured = await carryOutStart(cli, feed, run, { planned, repeat, out }, start);
    // A start that was stopped before it measured anything is none.
    if (measured.result === null && signal.aborted) break;
    measured.result?.thresholds.push(...judgeRunThresholds(measured.result, thresholds));
    starts.push(measured);
    await keepSoFar(out, soFar());
    feed.report(startStep(measured, repeat));
    onStart(soFar);
  }
  return soFar();
}

/** How the name of the document of a repeated run ends while it goes on. */
const SO_FAR = 'so-far.json';

/** Writes what was measured so far, for a run that is killed. The folder may be full; the end says so. */
async function keepSoFar(out: string, document: Repeated): Promise<void> {
  await writeAtomically(soFarPath(out, document), jsonPieces(document)).catch(() => {});
}

function soFarPath(out: string, document: Repeated): string {
  return join(out, REPEATED.fileName([document], { file: SO_FAR }));
}

/**
 * Each start has the schedule of the plan with a seed of its own, so that random arrivals differ between starts too.
 * Throws as a run does when the first start measured nothing.
 */
async function carryOutStart(
  cli: Cli,
  feed: ProgressFeed,
  run: RunInProcess,
  { planned, repeat, out }: { readonly planned: PlannedRun; readonly repeat: number; readonly out: string },
  start: number,
): Promise<RepeatedStart> {
  const ofStart = withSeedOfRun(planned, start - 1);
  const place = { title: `start ${start} of ${repeat}`, round: null, arm: null, shardClients: null };
  const hooks = { signal: cli.listenForStop(), commandLine: cli.argv, out };
  try {
    const measured = await feed.measure(ofStart.plan, place, (onProgress) =>
      run(ofStart, { ...hooks, onProgress }),
    );
    const result: RunResult = addGrowth(boundResult(measured, repeat));
    result.floor = (await findFloor(result)).floor;
    return { start, result, error: null };
  } catch (error) {
    if (!(error instanceof SockbenchError) || start === 1) throw error;
    return {
      start,
      result: null,
      error: findingOfError({ code: error.code, message: sentencesOf(error) }),
    };
  }
}

/** An invalid repeated run proves nothing; one that was stopped early is inconclusive where it is not failed. */
export function exitCodeOfRepeated({ invalid, thresholds, status }: Repeated): ExitCode {
  if (invalid.length > 0) return EXIT.invalid;
  if (thresholds.some(({ passed }) => passed === false)) return EXIT.failed;
  const isUnsure = status === 'partial' || thresholds.some(({ passed }) => passed === null);
  return isUnsure ? EXIT.inconclusive : EXIT.passed;
}
