import { EXIT, type ExitCode } from '../../errors.ts';
import type { Comparison } from '../../result/comparison.ts';
import { parseArms } from '../arms.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { carryOut } from '../comparing.ts';
import { addComparisonFlags, type ComparisonFlags, wholeNumber } from '../comparison-flags.ts';
import { looksOf, planArm, prepare } from '../comparison-plan.ts';
import { collect } from '../flags.ts';

const EXAMPLES = `
An arm is what it differs in: a name, a target, flags of run; each may be left out.
Exit codes: 0 told apart or not worse, 4 INCONCLUSIVE, 3 INVALID, 99 a threshold failed.

Examples:
  sockbench compare broadcast-latency --arm ws --arm socketio --clients 100 --rate 50/s
  sockbench compare ack-roundtrip --arm 'push: socketio' --arm 'poll: socketio --transport polling' --rounds 20
  sockbench compare room-fanout --target http://127.0.0.1:3000 --arm "old: --exec 'node old.js'" --arm "new: --exec 'node new.js'"`;

const FORMATS = 'text,json,html';

interface CompareFlags extends ComparisonFlags {
  readonly arm?: readonly string[];
}

export const addCompare: AddCommand = (program, cli, finish) => {
  const command = program
    .command('compare')
    .description(
      'run two or more servers, transports or settings in turn, round by round, and say what differs',
    )
    .argument('<scenario>', 'name of a scenario, see list; or a file that defines one')
    .option('--arm <SPEC>', 'one side; the first is what the others are compared with', collect);
  addComparisonFlags(command, 'rounds, each with one run of every arm (default: 15)', FORMATS);
  command.addHelpText('after', EXAMPLES);
  command.action(async (scenario: string, flags: CompareFlags) => {
    finish(await compare(cli, scenario, flags));
  });
};

async function compare(cli: Cli, scenario: string, flags: CompareFlags): Promise<ExitCode> {
  const { arm: specs = [], ...rest } = flags;
  const specified = parseArms(specs);
  const [base, ...heads] = await Promise.all(specified.map((arm) => planArm(scenario, arm, rest)));
  if (base === undefined) throw new Error('no arms');
  const rounds = wholeNumber('rounds', rest, 15, [2, 500]);
  const prepared = await prepare(rest, FORMATS, {
    command: 'compare',
    arms: [base, ...heads],
    looks: looksOf(rounds, false),
    baseline: null,
    notes: [],
  });
  const comparison = await carryOut(cli, prepared);
  return exitCodeOf(comparison);
}

/** A difference between two servers is no failure. */
function exitCodeOf({ judgement: { verdict }, thresholds }: Comparison): ExitCode {
  if (verdict === 'INVALID') return EXIT.invalid;
  if (thresholds.some(({ passed }) => passed === false)) return EXIT.failed;
  const isUnsure = verdict === 'INCONCLUSIVE' || thresholds.some(({ passed }) => passed === null);
  return isUnsure ? EXIT.inconclusive : EXIT.passed;
}
