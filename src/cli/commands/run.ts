import { option } from '../../contract/options.ts';
import { EXIT, type ExitCode, fail } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { maxRunMs } from '../../plan/run-length.ts';
import { clientsOfShard, shardText } from '../../plan/shard.ts';
import { parseFormats, RUNS } from '../../report/index.ts';
import type { RunResult } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { forecastRun } from '../../run/forecast.ts';
import { type RunHooks, runPlan } from '../../run/run.ts';
import { planThresholds } from '../../stats/expectation.ts';
import { addGrowth } from '../../stats/growth.ts';
import { judgeRunThresholds, type Threshold } from '../../stats/thresholds.ts';
import { parseDurationMs } from '../../units.ts';
import { findFloor, whyNoFloor } from '../calibrations.ts';
import { CheckpointFile, findCheckpoints } from '../checkpoint-file.ts';
import { type AddCommand, type Cli, writeNote } from '../cli.ts';
import { DASHBOARD_OPTIONS, withDashboard } from '../dashboard/dashboard.ts';
import { addScenarioCommand, type Flags, outputOptions, readFlags, repeated } from '../flags.ts';
import { requirePage } from '../open-page.ts';
import { deliver, unlessLost } from '../output.ts';
import { readSource } from '../plan-run.ts';
import { expectedRunMs, type ProgressFeed } from '../progress/feed.ts';
import { isSilent, openProgress, PROGRESS_OPTION } from '../progress/open.ts';
import { REPEAT_OPTIONS, repeatRun, requireRepeatable } from '../repeat.ts';
import { runInProcess } from '../run-process.ts';
import { type HostedRun, hostRun, SHARD_OPTIONS } from '../shards.ts';
import { shortRunText } from '../short-run.ts';

const MIN_CHECKPOINT_MS = 1000;
/** No run is longer. */
const MAX_CHECKPOINT_MS = 24 * 3600e3;

function parseCheckpointMs(text: string): number {
  const everyMs = parseDurationMs(text);
  if (everyMs >= MIN_CHECKPOINT_MS && everyMs <= MAX_CHECKPOINT_MS) return everyMs;
  return fail('BAD_OPTION', `"${text}" is not a time from 1s to 24h`, 'Write it like 1m.');
}

const RUN_OPTIONS = {
  threshold: repeated('EXPR', "fail unless it is met, 'delivery.p99<50ms'"),
  ...outputOptions(RUNS, 'reports'),
  progress: PROGRESS_OPTION,
  checkpoint: option(
    'TIME',
    '1m',
    'keep what was measured so often, for a run that is killed',
    parseCheckpointMs,
  ),
  ...REPEAT_OPTIONS,
  ...SHARD_OPTIONS,
  ...DASHBOARD_OPTIONS,
};

export const addRun: AddCommand = (program, cli, finish) => {
  addScenarioCommand(program, {
    name: 'run',
    description: 'load a server and report what every client received',
    options: RUN_OPTIONS,
    notes: {
      paragraphs: ['Exit codes: 0 passed, 99 threshold failed, 4 threshold inconclusive, 3 invalid.'],
      examples: [
        'sockbench run broadcast-latency --target ws --clients 200 --rate 50/s',
        'sockbench run room-fanout --transport polling --clients 50 --rooms 5',
        "sockbench run ack-roundtrip --target ws --threshold 'ack.p99<50ms'",
      ],
    },
  }).action(async (name: string, flags: Flags) => finish(await measureRun(cli, name, flags)));
};

/** Checks everything before anything starts. */
async function measureRun(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const { threshold } = readFlags({ threshold: RUN_OPTIONS.threshold }, flags);
  const source = await readSource(name, flags);
  const { config, planWith, withinLimit } = source;
  const planned = await withinLimit(planWith);
  const given = { ofConfig: config.threshold, asked: threshold };
  const head = forecastRun(planned);
  const { thresholds, warnings } = planThresholds(given, planned.scenario, { head, base: null, runs: 1 });
  const plan = { ...planned.plan, thresholds: thresholds.map(({ expression }) => expression) };
  const asked = readFlags(RUN_OPTIONS, { out: config.out, format: config.format, ...flags });
  const short = shortRunText(planned, head, thresholds);
  if (asked.repeat > 1) {
    requireRepeatable(flags);
    const shown = { warnings: [...source.warnings, ...warnings], hint: short, asked };
    return await repeatRun(cli, runLabel(plan), { planned: { ...planned, plan }, thresholds, ...shown });
  }
  const formats = parseFormats(RUNS, asked.format);
  requirePage(asked.open, formats);
  if (asked.shard !== null && flags['checkpoint'] !== undefined)
    fail(
      'NO_CHECKPOINT',
      '--checkpoint: a shard keeps none, because only a merge has the whole run',
      'Remove it.',
    );
  await requireWritable(asked.out);
  const left = (await findCheckpoints(asked.out)).map(
    (path) => `a run that was killed left ${path}; sockbench report renders it`,
  );
  for (const warning of [...source.warnings, ...warnings, ...left]) writeNote(cli, `warning: ${warning}`);
  const file = new CheckpointFile(asked.out, (problem) =>
    writeNote(
      cli,
      `warning: a checkpoint could not be written, so that a kill would lose the run: ${problem}`,
    ),
  );
  const hosted = await hostRun(cli, { ...planned, plan }, flags);
  const { feed, note } = openProgress(cli, asked);
  if (short !== null) note(short);
  return await withDashboard(cli, asked.dashboard, feed, async (dashboard) => {
    const measured = await measureHosted(cli, hosted, feed, {
      onStarted: dashboard.watch,
      out: asked.out,
      checkpoint: { everyMs: asked.checkpoint, keep: file.keep },
    });
    await file.note(measured);
    const result = addGrowth(measured);
    await reportFloor(cli, note, result, source.warnings);
    // A threshold is about the whole run, which only a merge of its shards has.
    const judged = result.shard === null ? thresholds : [];
    result.thresholds.push(...judgeRunThresholds(result, judged));
    const rendering = { kind: RUNS, document: [result] };
    const delivery = await deliver(cli, asked.out, formats, rendering, {
      quiet: isSilent(asked),
      verbose: asked.verbose,
      open: asked.open,
    });
    if (delivery === 'kept') await file.remove();
    await dashboard.finish(rendering);
    return unlessLost(delivery, exitCodeOfRun(result, judged));
  });
}

/** `broadcast-latency over socketio polling` */
function runLabel({ scenario, target, transport }: Plan): string {
  return `${scenario} over ${target.name}${target.protocol === 'socketio' ? ` ${transport}` : ''}`;
}

/** Carries out a run and reports its progress. */
async function measureHosted(
  cli: Cli,
  { planned, host }: HostedRun,
  feed: ProgressFeed,
  own: Pick<RunHooks, 'onStarted' | 'out' | 'checkpoint'>,
): Promise<RunResult> {
  const { plan } = planned;
  const part = host.shard === null ? '' : `shard ${shardText(host.shard.shard)} of `;
  const label = `${part}${runLabel(plan)}`;
  const beginning = { command: 'run', title: label, arms: [], runs: 1, rounds: null, mayEndEarly: false };
  const times = { expectedMs: expectedRunMs(plan), maxMs: maxRunMs(plan) };
  const hooks = { signal: cli.listenForStop(), commandLine: cli.argv, ...own };
  const shardClients = host.shard === null ? null : clientsOfShard(host.shard.shard, plan.clients).length;
  const place = { title: label, round: null, arm: null, shardClients };
  // A namespace of the network is that of a whole process.
  const carryOut = plan.network?.via === 'netem' ? runInProcess : runPlan;
  const measure = () =>
    feed.measure(plan, place, (onProgress) => carryOut(planned, { ...hooks, onProgress }, host));
  const isWhole = ({ status }: RunResult) => status === 'complete';
  return await feed.carryOut({ ...beginning, ...times }, measure, isWhole);
}

/**
 * Adds the floor of this machine to a result, where it was calibrated; says how to do that where it was not. `shown` are
 * warnings that are not repeated.
 */
async function reportFloor(
  cli: Cli,
  note: (line: string) => void,
  result: RunResult,
  shown: readonly string[],
): Promise<void> {
  const { floor, problems } = await findFloor(result);
  for (const problem of problems.filter((each) => !shown.includes(each)))
    writeNote(cli, `warning: ${problem}`);
  result.floor = floor;
  const canHaveOne = result.shard === null && result.rate.intended > 0 && whyNoFloor(result.plan) === null;
  if (floor !== null || problems.length > 0 || !canHaveOne) return;
  note('this plan is not calibrated; sockbench calibrate measures the floor');
}

/** An invalid run proves nothing, so it comes before a threshold that failed in it. */
export function exitCodeOfRun(result: RunResult, thresholds: readonly Threshold[]): ExitCode {
  if (result.invalid.length > 0) return EXIT.invalid;
  if (result.thresholds.some(({ passed }) => passed === false)) return EXIT.failed;
  const judged = result.thresholds.filter(({ passed }) => passed !== null);
  return judged.length < thresholds.length ? EXIT.inconclusive : EXIT.passed;
}
