import type { Design, Round } from '../result/comparison.ts';
import type { RoundProgress } from '../run/rounds.ts';
import type { Progress } from '../run/run.ts';
import { formatMetric } from '../stats/metric.ts';
import { pairUp } from '../stats/pairs.ts';
import { pointsOf } from '../stats/points.ts';
import type { Cli } from './cli.ts';
import { lineOf } from './progress.ts';

/** Where a comparison is: one line that is rewritten on a terminal, and one line that stays for each round. */
export interface RoundsShown {
  update(at: RoundProgress, run: Progress): void;
  roundDone(rounds: readonly Round[]): void;
  done(): void;
}

export function showRounds(cli: Cli, design: Design, isQuiet: boolean): RoundsShown {
  const clear = () => {
    if (cli.isTty && !isQuiet) cli.err('\r\u001b[2K');
  };
  const nameOf = (arm: number) => design.arms[arm]?.name ?? '';
  return {
    update({ round, rounds, arm }, run) {
      if (!cli.isTty || isQuiet) return;
      const line = `round ${round} of ${rounds}, ${nameOf(arm)}: ${lineOf(run)}`;
      cli.err(`\r\u001b[2K${line.slice(0, cli.width - 1)}`);
    },
    roundDone(rounds) {
      clear();
      if (!isQuiet)
        cli.err(
          `round ${rounds.length} of at most ${design.looks.at(-1)?.rounds}: ${roundText(design, rounds)}\n`,
        );
    },
    done: clear,
  };
}

/** The first metric of every arm in the last round, or what spoilt it. */
function roundText(design: Design, rounds: readonly Round[]): string {
  const last = rounds.slice(-1);
  const { arms } = design;
  const [rule] = design.rules;
  if (rule === undefined) return '';
  const told = arms.slice(1).flatMap((_, index) => {
    const { pairs, excluded } = pairUp(last, index + 1);
    const [point] = pointsOf(design, rule, pairs);
    if (point === undefined)
      return excluded.flatMap(({ reasons }) =>
        reasons.map((each) => `spoilt, ${arms[each.arm]?.name}: ${each.message}`),
      );
    const base = index === 0 ? [`${arms[0]?.name} ${formatMetric(rule.unit, point.base)}`] : [];
    return [...base, `${arms[index + 1]?.name} ${formatMetric(rule.unit, point.head)}`];
  });
  return `${rule.metric} ${told.join(', ')}`;
}
