import type { ExitCode } from '../../errors.ts';
import { parseFormats, RUNS } from '../../report/index.ts';
import { boundResult } from '../../result/bound.ts';
import { readAs } from '../../result/documents.ts';
import { withDropped } from '../../result/dropped.ts';
import { ShardMerge } from '../../result/merge/shard-merge.ts';
import type { RunResult } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { judgeRun } from '../../run/validity/judge.ts';
import { judgeRunThresholds, parseThreshold } from '../../stats/thresholds.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addOptions, type Flags, outputOptions, readFlags, repeated } from '../flags.ts';
import { addNotes } from '../help-notes.ts';
import { requirePage } from '../open-page.ts';
import { deliver, unlessLost } from '../output.ts';
import { exitCodeOfRun } from './run.ts';

const MERGE_OPTIONS = {
  threshold: repeated('EXPR', "fail unless it is met, 'delivery.p99<50ms'"),
  ...outputOptions(RUNS, 'reports'),
};

export const addMerge: AddCommand = (program, cli, finish) => {
  const command = program
    .command('merge')
    .description('add the results of all shards of a run together without loss')
    .argument('<result.json...>', "the result of each shard, as 'run --shard' wrote it");
  addOptions(command, MERGE_OPTIONS);
  addNotes(command, {
    paragraphs: ['Exit codes: 0 passed, 99 threshold failed, 4 threshold inconclusive, 3 invalid.'],
    examples: [
      'sockbench merge shards/*.json',
      "sockbench merge shards/*.json --threshold 'delivery.p99<50ms' --out reports",
    ],
  }).action(async (paths: readonly string[], flags: Flags) => finish(await mergeShards(cli, paths, flags)));
};

async function mergeShards(cli: Cli, paths: readonly string[], flags: Flags): Promise<ExitCode> {
  const { threshold: asked, out, format, quiet, verbose, open } = readFlags(MERGE_OPTIONS, flags);
  const formats = parseFormats(RUNS, format);
  requirePage(open, formats);
  const merge = new ShardMerge();
  // One after the other: the text of a document takes more memory than the document.
  for (const path of paths) merge.add(path, await readAs('run', path));
  const merged = merge.result();
  // Those of the shards were judged on their parts.
  const expressions = [...new Set([...merged.plan.thresholds, ...asked])];
  const thresholds = expressions.map((each) => parseThreshold(each, merged.ownSeries));
  await requireWritable(out);
  const plan = { ...merged.plan, thresholds: expressions };
  const result: RunResult = judgeRun(boundResult(withDropped({ ...merged, plan })), []);
  result.thresholds.push(...judgeRunThresholds(result, thresholds));
  const delivery = await deliver(
    cli,
    out,
    formats,
    { kind: RUNS, document: [result] },
    { quiet, verbose, open },
  );
  return unlessLost(delivery, exitCodeOfRun(result, thresholds));
}
