import { exitCodeOfRun } from '../cli/commands/run.ts';
import { deliver } from '../cli/output.ts';
import { EXIT } from '../errors.ts';
import { foreignLines } from '../foreign.ts';
import { parseFormats, RUNS } from '../report/index.ts';
import { aggregate } from '../result/aggregate.ts';
import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { judgeThreshold, parseThreshold } from '../stats/thresholds.ts';
import { artilleryGlobal } from './artillery-facts.ts';
import type { PluginSettings } from './settings.ts';

const stdio = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(foreignLines(text)),
  control: (text: string) => void process.stderr.write(text),
  isTty: false,
  width: 100,
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  listenForStop: () => new AbortController().signal,
};

/** Judges the thresholds, writes the result in all formats and sets the exit code of Artillery. */
export async function deliverResult(result: RunResult, settings: PluginSettings): Promise<void> {
  const thresholds = settings.thresholds.map((expression) => parseThreshold(expression));
  const measured = aggregate([viewResult(result)]);
  result.thresholds.push(...thresholds.map((each) => judgeThreshold(each, measured)));
  await deliver(
    stdio,
    settings.out,
    parseFormats(RUNS, settings.format),
    { kind: RUNS, document: [result] },
    false,
  );
  const exitCode = exitCodeOfRun(result, thresholds);
  const artillery = artilleryGlobal();
  if (artillery !== undefined && exitCode !== EXIT.passed) artillery.suggestedExitCode = exitCode;
}
