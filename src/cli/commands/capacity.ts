import { EXIT, type ExitCode, SockbenchError } from '../../errors.ts';
import { valueText } from '../../report/content/capacity-words.ts';
import type { CapacityAnswer } from '../../result/capacity.ts';
import { requireWritable } from '../../result/store.ts';
import { formatDurationMs } from '../../units.ts';
import { CAPACITY_FORMAT_NAMES, parseCapacityFormats, writtenCapacity } from '../capacity-output.ts';
import { type PlannedSearch, planSearch, type SearchFlags } from '../capacity-plan.ts';
import { searchCapacity } from '../capacity-search.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addCommonFlags, addRunFlags, collect } from '../flags.ts';
import { deliver } from '../output.ts';
import type { PlanFlags } from '../plan-run.ts';

interface CapacityFlags extends PlanFlags, SearchFlags {
  readonly out?: string;
  readonly format?: string;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Examples:
  sockbench capacity broadcast-latency --target ws --clients 50 --objective 'fanout_last.p95<50ms'
  sockbench capacity ack-roundtrip --clients 50 --objective 'ack.p95<20ms' --from 200/s --to 20000/s --duration 5s
  sockbench capacity room-fanout --vary clients --rate 20/s --objective 'fanout_last.p95<100ms' --from 20 --to 2000`;

const USUAL_FORMATS = 'text,json,html';

export const addCapacity: AddCommand = (program, cli, finish) => {
  const command = program
    .command('capacity')
    .description('find the highest rate, or number of clients, at which a server keeps an objective')
    .argument('<scenario>', 'name of a scenario, see list; or a file that defines one')
    .option('--objective <EXPR>', "what has to hold, 'fanout_last.p95<50ms'; may be repeated", collect)
    .option('--lost <AMOUNT>', 'messages that may be lost, and as many fail, 5 or 0.1%', '0')
    .option('--vary <rate|clients>', 'what is looked for', 'rate')
    .option('--from <VALUE>', 'where the search begins (default: 50/s, or 10 clients)')
    .option('--to <VALUE>', 'where it gives up (default: 100000/s, or 100000 clients)')
    .option('--repeats <N>', 'fresh runs that confirm; four of five must pass', '5')
    .option('--longest-step <TIME>', 'a step is made longer where a quantile needs it, up to this', '5m');
  addCommonFlags(command, {
    out: 'folder for the search and its reports (default: reports)',
    formats: CAPACITY_FORMAT_NAMES,
    usual: USUAL_FORMATS,
  });
  command.addOption(command.createOption('--threshold <EXPR>').hideHelp().argParser(refuseThreshold));
  addRunFlags(command);
  command.addHelpText('after', EXAMPLES);
  command.action(async (name: string, flags: CapacityFlags & Record<string, unknown>) => {
    finish(await capacity(cli, name, flags));
  });
};

function refuseThreshold(expression: string): never {
  throw new SockbenchError({
    code: 'BAD_SEARCH',
    message: `--threshold "${expression}": a threshold is judged once; a search looks for where an objective begins to fail`,
    hint: `Give --objective '${expression}'.`,
  });
}

/** Everything is checked before anything starts. */
async function capacity(
  cli: Cli,
  name: string,
  flags: CapacityFlags & Record<string, unknown>,
): Promise<ExitCode> {
  const { config, option, out, format, quiet = false, ...others } = flags;
  const { objective = [], lost, vary, from, to, repeats, longestStep, ...options } = others;
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const asked: SearchFlags = { objective, lost, vary, repeats, longestStep, ...range };
  const search = await planSearch(name, { config, option }, asked, options);
  const list = parseCapacityFormats(format ?? USUAL_FORMATS);
  const folder = out ?? search.out ?? 'reports';
  await requireWritable(folder);
  for (const warning of search.warnings) cli.err(`warning: ${warning}\n`);
  const tell: Cli = quiet ? { ...cli, isTty: false, err: () => {} } : cli;
  tell.err(`${beginning(search)}\n`);
  const found = await searchCapacity(tell, search);
  await deliver(cli, folder, list, writtenCapacity(found), quiet);
  return exitCodeOf(found.answer);
}

function beginning({ design, maxSteps, maxMs }: PlannedSearch): string {
  const { vary, from, to } = design;
  const minutes = maxMs < 120_000 ? formatDurationMs(maxMs) : `${Math.ceil(maxMs / 60_000)} minutes`;
  return `looking from ${valueText(vary, from)} to ${valueText(vary, to)}: at most ${maxSteps} runs, about ${minutes} in all; Ctrl-C ends it and keeps what was measured`;
}

/** 3 only when nothing could be said at all. */
export function exitCodeOf({ kind, value }: CapacityAnswer): ExitCode {
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
    case 'open':
      return value === null ? EXIT.invalid : EXIT.inconclusive;
  }
}
