import { spawnSync } from 'node:child_process';
import { exitCodeOfRun } from '../cli/commands/run.ts';
import { deliver } from '../cli/output.ts';
import { paintFor } from '../colour.ts';
import { EXIT } from '../errors.ts';
import { foreignLines } from '../foreign.ts';
import { type Format, parseFormats, RUNS } from '../report/index.ts';
import { printedLines } from '../result/printed-result.ts';
import type { RunResult } from '../result/run-result.ts';
import { fileNameOf } from '../result/store.ts';
import { judgeRunThresholds, parseThreshold } from '../stats/thresholds.ts';
import { artilleryGlobal } from './artillery-facts.ts';
import type { PluginSettings } from './settings.ts';

const stdio = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(foreignLines(text)),
  control: (text: string) => void process.stderr.write(text),
  screen: null,
  width: 100,
  outWidth: process.stdout.columns ?? 80,
  paint: {
    out: paintFor(process.stdout.isTTY === true, process.env),
    control: paintFor(process.stderr.isTTY === true, process.env),
  },
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  listenForStop: () => new AbortController().signal,
  removeLeftovers: async () => [],
};

const SHOWN = { quiet: false, verbose: false, open: false };

/** Checks thresholds and formats before anything is measured. Throws BAD_THRESHOLD or UNKNOWN_FORMAT. */
export function requireDeliverable({ thresholds, format }: PluginSettings): void {
  for (const expression of thresholds) parseThreshold(expression);
  parseFormats(RUNS, format);
}

/** Judges the thresholds, writes the result in all formats and sets the exit code of Artillery. */
export async function deliverResult(result: RunResult, settings: PluginSettings): Promise<void> {
  const thresholds = settings.thresholds.map((expression) => parseThreshold(expression));
  result.thresholds.push(...judgeRunThresholds(result, thresholds));
  const formats = parseFormats(RUNS, settings.format);
  await deliver(stdio, settings.out, formats, { kind: RUNS, document: [result] }, SHOWN);
  const container = process.env['WORKER_ID'];
  if (settings.print || container !== undefined) {
    process.stdout.write(printedLines(fileNameOf(container ?? 'local'), JSON.stringify(result)));
  }
  if (container !== undefined) uploadBesideRun(result, formats, container);
  const exitCode = exitCodeOfRun(result, thresholds);
  const artillery = artilleryGlobal();
  if (artillery !== undefined && exitCode !== EXIT.passed) artillery.suggestedExitCode = exitCode;
}

const UPLOAD_WITHIN_MS = 30_000;

/**
 * Uploads the files of a result to where a container of Artillery uploads its log. The image of Artillery has the command
 * `aws`, and its task the permission. What fails is in the printed lines all the same.
 */
function uploadBesideRun(
  result: RunResult,
  formats: ReadonlyArray<Format<readonly RunResult[]>>,
  container: string,
): void {
  const bucket = process.env['ARTILLERY_S3_BUCKET'];
  const testRunId = artilleryGlobal()?.testRunId;
  if (bucket === undefined || testRunId === undefined) return;
  for (const format of [
    ...formats.filter(({ name }) => name !== 'json'),
    ...RUNS.formats.filter(({ name }) => name === 'json'),
  ]) {
    const name = fileNameOf('sockbench', container);
    const place = `s3://${bucket}/test-runs/${testRunId}/${name}.${format.file}`;
    const { status, error, stderr } = spawnSync('aws', ['s3', 'cp', '-', place], {
      input: format.render([result]),
      encoding: 'utf8',
      timeout: UPLOAD_WITHIN_MS,
    });
    const problem = error?.message ?? (status === 0 ? null : stderr.trim());
    stdio.err(
      problem === null ? `uploaded ${place}\n` : `warning: ${place} could not be uploaded: ${problem}\n`,
    );
  }
}
