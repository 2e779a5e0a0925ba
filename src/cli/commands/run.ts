import { EXIT, type ExitCode } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { aggregate } from '../../result/aggregate.ts';
import type { RunResult } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { viewResult } from '../../result/view.ts';
import { runPlan } from '../../run/run.ts';
import { judgeThreshold, type Threshold } from '../../stats/thresholds.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addCommonFlags, addRunFlags, collect } from '../flags.ts';
import { deliver, FORMAT_NAMES, parseFormats, reportName, writtenRuns } from '../output.ts';
import { type PlanFlags, planRun } from '../plan-run.ts';
import { showProgress } from '../progress.ts';

interface RunFlags extends PlanFlags {
  readonly out?: string;
  readonly format?: string;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Examples:
  sockbench run broadcast-latency --target ws --clients 200 --rate 50/s
  sockbench run room-fanout --transport polling --clients 50 --rooms 5 --rate 20/s
  sockbench run ack-roundtrip --target http://127.0.0.1:3000 --threshold 'ack.p99<50ms'`;

const USUAL_FORMATS = 'text,json,html';

export const addRun: AddCommand = (program, cli, finish) => {
  const command = program
    .command('run')
    .description('drive a server with a scenario and report what every client saw')
    .argument('<scenario>', 'name of a scenario, see list; or a file that defines one')
    .option(
      '--threshold <EXPR>',
      "fail with 99 unless it holds, 'delivery.p99<50ms'; may be repeated",
      collect,
    );
  addCommonFlags(command, {
    out: 'folder for result and reports (default: reports)',
    formats: FORMAT_NAMES,
    usual: USUAL_FORMATS,
  });
  addRunFlags(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (name: string, flags: RunFlags & Record<string, unknown>) => {
    finish(await run(cli, name, flags));
  });
};

/** Everything is checked before anything starts. */
async function run(cli: Cli, name: string, flags: RunFlags & Record<string, unknown>): Promise<ExitCode> {
  const { config: file, option, threshold, quiet = false, out, format, ...options } = flags;
  const asked = { config: file, option, threshold };
  const { scenario, plan, thresholds, warnings, config } = await planRun(name, asked, options);
  const list = parseFormats(format ?? config.format ?? USUAL_FORMATS);
  const folder = out ?? config.out ?? 'reports';
  await requireWritable(folder);
  for (const warning of warnings) {
    cli.err(`warning: ${warning}\n`);
  }

  const tell: Cli = quiet ? { ...cli, err: () => {} } : cli;
  const progress = showProgress(tell, labelOf(plan));
  const result = await runPlan(plan, scenario, {
    onProgress: (update) => progress.update(update),
    signal: cli.signal,
    commandLine: cli.argv,
  }).finally(() => progress.done());
  const pool = aggregate([viewResult(result)]);
  result.thresholds.push(...thresholds.map((each) => judgeThreshold(each, pool)));
  await deliver(cli, folder, list, writtenRuns(reportName(result), [result]), quiet);
  return exitCodeOf(result, thresholds);
}

function labelOf({ scenario, target, transport }: Plan): string {
  return `${scenario} over ${target.name}${target.protocol === 'socketio' ? ` ${transport}` : ''}`;
}

/** An invalid run proves nothing, so it comes before a threshold that failed in it. */
export function exitCodeOf(result: RunResult, thresholds: readonly Threshold[]): ExitCode {
  if (result.invalid.length > 0) return EXIT.invalid;
  if (result.thresholds.some(({ passed }) => passed === false)) return EXIT.failed;
  const judged = result.thresholds.filter(({ passed }) => passed !== null);
  return judged.length < thresholds.length ? EXIT.inconclusive : EXIT.passed;
}
