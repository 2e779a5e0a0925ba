import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRepeated, REPEAT_OPTIONS } from '../src/cli/repeat.ts';
import { withContext } from '../src/errors.ts';
import { PLAN_OPTIONS } from '../src/plan/options.ts';
import { REPEATED } from '../src/report/index.ts';
import { boundResult } from '../src/result/bound.ts';
import { loadFingerprint } from '../src/result/fingerprint.ts';
import type { Repeated } from '../src/result/repeated.ts';
import { type RunResult, runResultSchema } from '../src/result/run-result.ts';
import { parseThreshold } from '../src/stats/thresholds.ts';
import { resultFiles } from './shown-series.ts';

/** The arguments of one command. */
export type CommandLine = readonly string[];

/** The last value of a flag in a command line, as `--flag VALUE` or `--flag=VALUE`; null without it. */
function lastValue(line: CommandLine, flag: string): string | null {
  const at = line.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
  if (at === -1) return null;
  return line[at] === flag ? (line[at + 1] ?? '') : (line[at]?.slice(flag.length + 1) ?? '');
}

/** A command line without a flag and its value. */
function without(line: CommandLine, flag: string): CommandLine {
  return line.filter((word, at) => word !== flag && !word.startsWith(`${flag}=`) && line[at - 1] !== flag);
}

/**
 * Takes `--repeat N`, which concerns the series, out of its command lines, and repeats them round by round: the same
 * target never runs twice in a row, so that a drift of the machine affects all alike. Each round has a seed of its own.
 * Throws BAD_OPTION.
 */
export function takeRepeat(lines: readonly CommandLine[]): {
  readonly repeat: number;
  readonly commandLines: readonly CommandLine[];
} {
  const [first = []] = lines;
  const repeat = withContext('--repeat', () =>
    REPEAT_OPTIONS.repeat.parse(lastValue(first, '--repeat') ?? '1'),
  );
  if (repeat === 1) return { repeat, commandLines: lines.map((line) => without(line, '--repeat')) };
  const commandLines = Array.from({ length: repeat }, (_, round) =>
    lines.map((line) => {
      const seed = Number(lastValue(line, '--seed') ?? PLAN_OPTIONS.seed.default) + round;
      return [...without(without(line, '--repeat'), '--seed'), '--seed', String(seed)];
    }),
  ).flat();
  return { repeat, commandLines };
}

/** Equal for starts of one plan. */
function planKey({ plan }: RunResult): string {
  const { seed: _, ...load } = loadFingerprint(plan);
  return JSON.stringify([plan.target.name, plan.target.url, load]);
}

function repeatedOf(results: readonly RunResult[], repeat: number): Repeated {
  const ordered = results.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const [first] = ordered;
  const { plan, environment, startedAt = '', ownSeries } = first ?? {};
  const ends = ordered.map((result) => Date.parse(result.startedAt) + result.timing.measureMs);
  return makeRepeated(
    {
      startedAt,
      durationMs: Math.max(...ends) - Date.parse(startedAt),
      commandLine: environment?.commandLine ?? [],
      status: ordered.length === repeat ? 'complete' : 'partial',
      design: { repeat, restartsServer: plan?.target.reference != null || plan?.target.exec != null },
      starts: ordered.map((result, index) => ({
        start: index + 1,
        result: boundResult(result, repeat),
        error: null,
      })),
    },
    (plan?.thresholds ?? []).map((each) => parseThreshold(each, ownSeries)),
  );
}

/** Puts the results of a folder together, those of one plan in one document, which replaces them. */
export function gatherStarts(folder: string, repeat: number): void {
  const files = resultFiles(folder);
  const results = files.map((file) => runResultSchema.parse(JSON.parse(readFileSync(file, 'utf8'))));
  for (const starts of Map.groupBy(results, planKey).values()) {
    const document = repeatedOf(starts, repeat);
    writeFileSync(join(folder, REPEATED.fileName([document], { file: 'json' })), JSON.stringify(document));
  }
  for (const file of files) rmSync(file);
}
