import { EXIT, type ExitCode, fail } from '../../errors.ts';
import { variedText } from '../../report/content/capacity-verdict.ts';
import { CAPACITY, parseFormats } from '../../report/index.ts';
import type { CapacityAnswer } from '../../result/capacity.ts';
import { requireWritable } from '../../result/store.ts';
import { type PlannedSearch, planSearch, SEARCH_OPTIONS } from '../capacity-plan.ts';
import { searchCapacity } from '../capacity-search.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addScenarioCommand, type Flags, outputOptions, readFlags } from '../flags.ts';
import { deliver } from '../output.ts';
import { progressCli, timeText } from '../progress.ts';

const CAPACITY_OUTPUT = outputOptions(CAPACITY, 'reports');

export const addCapacity: AddCommand = (program, cli, finish) => {
  const command = addScenarioCommand(
    program,
    'capacity',
    'find the highest rate, or number of clients, at which a server meets an objective',
    { ...SEARCH_OPTIONS, ...CAPACITY_OUTPUT },
    `
Examples:
  sockbench capacity broadcast-latency --target ws --clients 50 --objective 'fanout_last.p95<50ms'
  sockbench capacity ack-roundtrip --clients 50 --objective 'ack.p95<20ms' --from 200/s --to 20000/s --duration 5s
  sockbench capacity room-fanout --vary clients --rate 20/s --objective 'fanout_last.p95<100ms' --from 20 --to 2000`,
  );
  command.addOption(command.createOption('--threshold <EXPR>').hideHelp().argParser(refuseThreshold));
  command.action(async (name: string, flags: Flags) => finish(await capacity(cli, name, flags)));
};

function refuseThreshold(expression: string): never {
  return fail(
    'BAD_SEARCH',
    `--threshold "${expression}": a search judges objectives, not thresholds`,
    `Give --objective '${expression}'.`,
  );
}

/** Checks everything before the first run. */
async function capacity(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const search = await planSearch(name, flags);
  const { out, format, quiet } = readFlags(CAPACITY_OUTPUT, { out: search.out, ...flags });
  const formats = parseFormats(CAPACITY, format);
  await requireWritable(out);
  for (const warning of search.warnings) cli.err(`warning: ${warning}\n`);
  const shown = progressCli(cli, quiet);
  shown.err(`${searchPlanText(search)}\n`);
  const found = await searchCapacity(shown, search);
  await deliver(cli, out, formats, { kind: CAPACITY, document: found }, quiet);
  return exitCodeOfSearch(found.answer);
}

function searchPlanText({ design: { vary, from, to }, maxSteps, maxMs }: PlannedSearch): string {
  return `searching from ${variedText(vary, from)} to ${variedText(vary, to)}: at most ${maxSteps} runs, about ${timeText(maxMs)} in all; Ctrl-C stops and reports what was measured`;
}

/** The exit code is 3 only when no run gave an answer. */
export function exitCodeOfSearch({ kind, value }: CapacityAnswer): ExitCode {
  switch (kind) {
    case 'found':
    case 'at_least':
      return EXIT.passed;
    case 'below_start':
      return EXIT.failed;
    case 'unstable':
      return EXIT.inconclusive;
    case 'inconclusive':
      return EXIT.invalid;
    case 'interrupted':
      return value === null ? EXIT.invalid : EXIT.inconclusive;
  }
}
