import { option } from '../../contract/options.ts';
import type { ExitCode } from '../../errors.ts';
import { COMPARISON } from '../../report/index.ts';
import { parseArms } from '../arms.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { carryOutComparison, exitCodeOfComparison, withComparisonShown } from '../comparison.ts';
import {
  ALPHA,
  comparisonOptions,
  planArm,
  planComparison,
  roundCount,
  TIMING_OPTIONS,
} from '../comparison-plan.ts';
import { addScenarioCommand, type Flags, readFlags, repeated } from '../flags.ts';
import { unlessLost } from '../output.ts';

const COMPARE_OPTIONS = {
  arm: repeated('SPEC', 'one side of the comparison; the first is the base'),
  rounds: option('N', '15', 'rounds, each with one run of every arm', roundCount),
};

export const addCompare: AddCommand = (program, cli, finish) => {
  addScenarioCommand(program, {
    name: 'compare',
    description: 'run servers, transports or settings in turn and compare them',
    options: { ...COMPARE_OPTIONS, ...comparisonOptions(COMPARISON.defaultFormats), ...TIMING_OPTIONS },
    notes: {
      paragraphs: [
        'An arm is a name, a target and flags of run; each may be omitted.',
        'Exit codes: 0 a verdict for every arm, 99 threshold failed, 4 inconclusive, 3 invalid.',
      ],
      examples: [
        'sockbench compare broadcast-latency --arm ws --arm socketio --clients 100',
        "sockbench compare ack-roundtrip --arm 'push: socketio' --arm 'poll: socketio --transport polling'",
        `sockbench compare room-fanout --target http://127.0.0.1:3000 --arm "old: --exec 'node old.js'" --arm "new: --exec 'node new.js'"`,
      ],
    },
  }).action(async (name: string, flags: Flags) => finish(await compare(cli, name, flags)));
};

async function compare(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const { arm: specs, rounds } = readFlags(COMPARE_OPTIONS, flags);
  const [base, ...heads] = await Promise.all(parseArms(specs).map((arm) => planArm(name, arm, flags)));
  if (base === undefined) throw new Error('parseArms returned no arm');
  const parts = {
    command: 'compare' as const,
    arms: [base, ...heads] as const,
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
