import { EXIT, type ExitCode, fail } from '../../errors.ts';
import { VERSION } from '../../package.ts';
import { calibrationReport } from '../../report/content/calibration.ts';
import { renderText } from '../../report/render/text.ts';
import { type Calibration, type CalibrationStep, setupOf } from '../../result/calibration.ts';
import { calibrationFolder, writeCalibration } from '../../result/calibration-store.ts';
import { SCHEMA_VERSION } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { viewResult } from '../../result/view.ts';
import { judgeCalibrationRun } from '../../stats/calibration-search.ts';
import { formatCount, formatPercent } from '../../units.ts';
import { capacityOf, type MeasureOnNull, measureCalibration } from '../calibration.ts';
import { CALIBRATION_OPTIONS, type PlannedCalibration, planCalibration } from '../calibration-plan.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addScenarioCommand, type Flags } from '../flags.ts';
import { progressCli, showProgress } from '../progress.ts';
import { runInProcess } from '../run-process.ts';

export const addCalibrate: AddCommand = (program, cli, finish) => {
  addScenarioCommand(
    program,
    'calibrate',
    'measure the floor of this machine for a plan, with a server that does almost nothing, and store it',
    CALIBRATION_OPTIONS,
    `
Runs of the same plan then report their latency beside the floor, and --workers auto uses the capacity of a worker.
Exit codes: 0 stored, 3 the machine was disturbed and nothing was stored.

Examples:
  sockbench calibrate broadcast-latency --target ws --clients 200 --rate 50/s
  sockbench calibrate ack-roundtrip --clients 50 --quick`,
    'broadcast-latency',
  ).action(async (name: string, flags: Flags) => finish(await calibrate(cli, name, flags)));
};

/** Checks everything, the folder included, before anything starts. */
async function calibrate(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const planned = await planCalibration(name, flags);
  await requireWritable(calibrationFolder(), 'Set XDG_STATE_HOME to a folder that can be written to.');
  for (const warning of planned.warnings) cli.err(`warning: ${warning}\n`);
  const shown = progressCli(cli, planned.isQuiet);
  const measure = measureOn(shown, cli, planned);
  const found = await measureCalibration(measure, planned);
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
  cli.out(renderText(calibrationReport(calibration)));
  shown.err(`wrote ${path}\n`);
  return EXIT.passed;
}

/** Runs plans one after the other, each in its own process, and shows a line for each. */
function measureOn(shown: Cli, cli: Cli, { deliveriesPerMessage }: PlannedCalibration): MeasureOnNull {
  const signal = cli.listenForStop();
  return async (label, planned) => {
    const progress = shown.isTty ? showProgress(shown, label) : null;
    const hooks = { onProgress: progress?.update ?? (() => {}), signal, commandLine: cli.argv };
    const result = await runInProcess(planned, hooks).finally(() => progress?.done());
    if (signal.aborted) fail('INTERRUPTED', 'nothing was stored: stopped by the user', '', EXIT.invalid);
    const rateHz = planned.plan.profile[0]?.fromHz ?? 0;
    const judged = judgeCalibrationRun(viewResult(result));
    const step = { rateHz, deliveriesHz: rateHz * deliveriesPerMessage, ...judged };
    shown.err(`${label}: ${stepText(step)}\n`);
    return { result, step };
  };
}

const STEP_TEXTS: Readonly<Record<CalibrationStep['outcome'], string>> = {
  carried: 'carried',
  behind: 'the generator was the limit',
  server: 'the null server was the limit',
  disturbed: 'disturbed',
};

/** `20,000 deliveries/s: carried, generator utilization 41 %` */
function stepText({ deliveriesHz, outcome, utilization, detail }: CalibrationStep): string {
  const load = `${formatCount(Math.round(deliveriesHz))} deliveries/s`;
  const busy = utilization === null ? '' : `, generator utilization ${formatPercent(utilization)}`;
  return `${load}: ${STEP_TEXTS[outcome]}${busy}${detail === '' ? '' : `; ${detail}`}`;
}
