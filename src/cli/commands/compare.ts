import { option } from '../../contract/options.ts';
import { type ExitCode, fail } from '../../errors.ts';
import { COMPARISON } from '../../report/index.ts';
import type { Factor } from '../../result/effects.ts';
import { parseArms } from '../arms.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { carryOutComparison, exitCodeOfComparison, withComparisonShown } from '../comparison.ts';
import {
  ALPHA,
  type ArmPlan,
  comparisonOptions,
  planArm,
  planComparison,
  roundCount,
  TIMING_OPTIONS,
} from '../comparison-plan.ts';
import { parseFactors, planCombinations } from '../factors.ts';
import { addScenarioCommand, type Flags, type FlagValues, readFlags, repeated } from '../flags.ts';
import { unlessLost } from '../output.ts';
import { ROUNDS_REPEAT, refuseRepeat } from '../repeat.ts';
import { resolveScenario } from '../resolve.ts';

const COMPARE_OPTIONS = {
  arm: repeated('SPEC', 'one side of the comparison; the first is the base'),
  vary: repeated(
    'NAME=VALUES',
    'a flag of run and its values, separated by commas; every combination is an arm',
  ),
  rounds: option('N', '15', 'rounds, each with one run of every arm', roundCount),
};

export const addCompare: AddCommand = (program, cli, finish) => {
  const command = addScenarioCommand(program, {
    name: 'compare',
    description: 'run servers, transports or settings in turn and compare them',
    options: { ...COMPARE_OPTIONS, ...comparisonOptions(COMPARISON.defaultFormats), ...TIMING_OPTIONS },
    notes: {
      paragraphs: [
        'An arm is a name, a target and flags of run; each may be omitted. Give --arm or --vary.',
        'Exit codes: 0 a verdict for every arm, 99 threshold failed, 4 inconclusive, 3 invalid.',
      ],
      examples: [
        'sockbench compare broadcast-latency --arm ws --arm socketio --clients 100',
        'sockbench compare broadcast-latency --vary transport=websocket,polling --vary payload=64B,4KiB',
        `sockbench compare room-fanout --target http://127.0.0.1:3000 --arm "old: --exec 'node old.js'" --arm "new: --exec 'node new.js'"`,
      ],
    },
  });
  refuseRepeat(command, ROUNDS_REPEAT, '--rounds');
  command.action(async (name: string, flags: Flags) => finish(await compare(cli, name, flags)));
};

async function compare(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const { arm, vary, rounds } = readFlags(COMPARE_OPTIONS, flags);
  const { factors, arms } = await planArms(name, { arm, vary }, flags);
  const [base, ...heads] = arms;
  if (base === undefined) throw new Error('there is no arm');
  const parts = {
    command: 'compare' as const,
    arms: [base, ...heads] as const,
    factors,
    looks: [{ rounds, alpha: ALPHA }],
    baseline: null,
    notes: [],
  };
  const planned = await planComparison(parts, flags, COMPARISON.defaultFormats);
  // A difference between two servers is not a failure.
  const { comparison, delivery } = await withComparisonShown(cli, planned, (shown) =>
    carryOutComparison(cli, planned, shown),
  );
  return unlessLost(delivery, exitCodeOfComparison(comparison, []));
}

/** Plans the arms of --arm, or all combinations of --vary. Throws a SockbenchError. */
async function planArms(
  name: string,
  { arm: specs, vary }: Pick<FlagValues<typeof COMPARE_OPTIONS>, 'arm' | 'vary'>,
  flags: Flags,
): Promise<{ factors: readonly Factor[]; arms: readonly ArmPlan[] }> {
  if (vary.length === 0) {
    return { factors: [], arms: await Promise.all(parseArms(specs).map((arm) => planArm(name, arm, flags))) };
  }
  if (specs.length > 0) {
    fail(
      'BAD_FACTOR',
      '--vary and --arm are given; the arms are either the combinations of --vary or those of --arm',
      'Vary what the arms differ in, as in --vary target=ws,socketio, or give each combination as --arm.',
    );
  }
  const { scenario } = await resolveScenario(name);
  const combinations = parseFactors(vary, scenario, flags);
  return { factors: combinations.factors, arms: await planCombinations(name, combinations, flags) };
}
