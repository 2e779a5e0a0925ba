import { EXIT, type ExitCode, fail } from '../../errors.ts';
import { VERSION } from '../../package.ts';
import { maxRunMs } from '../../plan/run-length.ts';
import { calibrationEnding } from '../../report/content/calibration.ts';
import { renderEnding } from '../../report/render/ending.ts';
import { type Calibration, type CalibrationStep, setupOf } from '../../result/calibration.ts';
import { calibrationFolder, writeCalibration } from '../../result/calibration-store.ts';
import { SCHEMA_VERSION } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { viewResult } from '../../result/view.ts';
import { type CalibrationSearch, judgeCalibrationRun } from '../../stats/calibration-search.ts';
import { formatCount, formatShare } from '../../units.ts';
import { capacityOf, type MeasureOnNull, measureCalibration } from '../calibration.ts';
import { CALIBRATION_OPTIONS, type PlannedCalibration, planCalibration } from '../calibration-plan.ts';
import { type AddCommand, type Cli, writeNote } from '../cli.ts';
import { addScenarioCommand, type Flags } from '../flags.ts';
import { type Beginning, expectedRunMs, type ProgressFeed } from '../progress/feed.ts';
import { openProgress } from '../progress/open.ts';
import { type RunInProcess, withRunProcesses } from '../run-process.ts';

export const addCalibrate: AddCommand = (program, cli, finish) => {
  addScenarioCommand(program, {
    name: 'calibrate',
    description: 'measure the floor of this machine with a minimal server',
    options: CALIBRATION_OPTIONS,
    usualScenario: 'broadcast-latency',
    refused: ['profile'],
    notes: {
      paragraphs: [
        'Runs of the same plan then report their latency beside the floor. --workers auto uses the capacity of a worker.',
        'Exit codes: 0 stored, 3 the machine was disturbed and nothing was stored.',
      ],
      examples: [
        'sockbench calibrate broadcast-latency --target ws --clients 200 --rate 50/s',
        'sockbench calibrate ack-roundtrip --clients 50 --quick',
      ],
    },
  }).action(async (name: string, flags: Flags) => finish(await calibrate(cli, name, flags)));
};

/** Checks everything, the folder included, before anything starts. */
async function calibrate(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const planned = await planCalibration(name, flags);
  await requireWritable(calibrationFolder(), 'Set XDG_STATE_HOME to a folder that can be written to.');
  for (const warning of planned.warnings) writeNote(cli, `warning: ${warning}`);
  const progress = openProgress(cli, planned.shown);
  const { feed } = progress;
  const found = await feed.carryOut(
    await beginningOfCalibration(planned),
    () => withRunProcesses((run) => measureCalibration(measureOn(feed, cli, run, planned), planned)),
    (measured) => typeof measured !== 'string',
  );
  if (typeof found === 'string') {
    cli.err(`not stored: ${found}\n`);
    return EXIT.invalid;
  }
  const { floors, steps, first } = found;
  const calibration: Calibration = {
    schemaVersion: SCHEMA_VERSION,
    kind: 'calibration',
    tool: { name: 'sockbench', version: VERSION },
    calibratedAt: new Date().toISOString(),
    commandLine: [...cli.argv],
    setup: setupOf({ ...first, plan: { ...first.plan, target: planned.asked.plan.target } }),
    rateHz: planned.rateHz,
    floors,
    capacity: capacityOf(steps),
  };
  const path = await writeCalibration(calibration);
  const place = { columns: cli.outWidth, paint: cli.paint.out, page: { name: 'stored', path } };
  cli.out(renderEnding(calibrationEnding(calibration), place));
  return EXIT.passed;
}

/** The floors of one, two and the chosen number of workers, each twice where it was disturbed, and the search. */
function mostRuns({ maxSteps }: CalibrationSearch): number {
  return 6 + maxSteps;
}

async function beginningOfCalibration(planned: PlannedCalibration): Promise<Beginning> {
  const { search, searchMs, asked, floorWith } = planned;
  const { plan } = await floorWith(1);
  return {
    command: 'calibrate',
    title: `calibrating ${asked.plan.scenario}`,
    arms: [],
    runs: mostRuns(search),
    rounds: null,
    expectedMs: searchMs + 2 * expectedRunMs(plan),
    maxMs: searchMs + 6 * maxRunMs(plan),
    mayEndEarly: true,
  };
}

/** Runs plans one after the other, each in its own process, and reports a step for each. */
function measureOn(
  feed: ProgressFeed,
  cli: Cli,
  run: RunInProcess,
  { deliveriesPerMessage, search }: PlannedCalibration,
): MeasureOnNull {
  const signal = cli.listenForStop();
  const steps = mostRuns(search);
  let done = 0;
  return async (label, planned) => {
    const place = { title: label, round: null, arm: null, shardClients: null };
    const result = await feed.measure(planned.plan, place, (onProgress) =>
      run(planned, { onProgress, signal, commandLine: cli.argv, out: cli.cwd }),
    );
    if (signal.aborted) fail('INTERRUPTED', 'nothing was stored: stopped by the user', '', EXIT.invalid);
    const rateHz = planned.plan.profile[0]?.fromHz ?? 0;
    const judged = judgeCalibrationRun(viewResult(result));
    const step = { rateHz, deliveriesHz: rateHz * deliveriesPerMessage, ...judged };
    done += 1;
    feed.report({ type: 'step', step: done, steps, title: label, ...stepTexts(step) });
    return { result, step };
  };
}

const STEP_TEXTS: Readonly<Record<CalibrationStep['outcome'], string>> = {
  carried: 'carried',
  behind: 'the generator was the limit',
  server: 'the null server was the limit',
  disturbed: 'disturbed',
};

/** `20,000 deliveries/s, carried`, `generator utilization 41 %` */
function stepTexts({ deliveriesHz, outcome, utilization, detail }: CalibrationStep) {
  const load = `${formatCount(Math.round(deliveriesHz))} deliveries/s`;
  const busy = utilization === null ? [] : [`generator utilization ${formatShare(utilization)}`];
  const details = [...busy, ...(detail === '' ? [] : [detail])];
  return { outcome: `${load}, ${STEP_TEXTS[outcome]}`, detail: details.join('; ') };
}
