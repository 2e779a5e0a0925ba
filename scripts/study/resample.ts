import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import { ALPHA } from '../../src/cli/comparison-plan.ts';
import { planLooks } from '../../src/stats/correction.ts';
import { judgeObserved } from '../../src/stats/judge-metrics.ts';
import type { Observed } from '../../src/stats/pairs.ts';
import type { GateRecord } from './gates.ts';

type Point = Observed['points'][number];

/** All metrics of one pair of rounds. */
type PairPoints = ReadonlyMap<string, Point>;

const ROUNDS = 30;

/** The pairs of all gates, each with its metrics kept together. */
function pairsOf(gates: readonly GateRecord[]): PairPoints[] {
  return gates.flatMap(({ metrics }) => {
    const rounds = new Set(metrics.flatMap(({ points }) => points.map(({ round }) => round)));
    return [...rounds].map((round) => {
      const found = metrics.map(
        ({ metric, points }) => [metric, points.find((point) => point.round === round)] as const,
      );
      return new Map(found.filter((entry): entry is [string, Point] => entry[1] !== undefined));
    });
  });
}

/**
 * What further gates would say if their pairs came from the same distribution as those that were run: as many as
 * asked for, each of pairs drawn with replacement, looked at twice as a gate does. An extrapolation: it
 * cannot show what those pairs have not seen.
 */
export function resampleGates(gates: readonly GateRecord[], count: number): ReadonlyMap<string, number> {
  const pairs = pairsOf(gates);
  const rules = (gates[0]?.metrics ?? []).filter(({ gating, kind }) => gating && kind === 'ratio');
  const generator = mersenne(1);
  const verdicts = new Map<string, number>();
  if (pairs.length === 0) return verdicts;
  for (let gate = 0; gate < count; gate++) {
    const drawn = Array.from({ length: ROUNDS }, () => pairs[uniformInt(generator, 0, pairs.length - 1)]);
    const verdict = verdictOf(
      drawn.filter((pair) => pair !== undefined),
      rules,
    );
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  return verdicts;
}

function verdictOf(drawn: readonly PairPoints[], rules: readonly Observed['rule'][]): string {
  for (const { rounds, alpha } of planLooks(ROUNDS, ALPHA)) {
    const seen = drawn.slice(0, rounds);
    const observed = rules.map((rule) => ({
      rule,
      points: seen.map((pair) => pair.get(rule.metric)).filter((point) => point !== undefined),
      base: null,
      head: null,
    }));
    const outcomes = judgeObserved(observed, alpha).map(({ verdict }) => verdict);
    const found = ['REGRESSED', 'INCONCLUSIVE', 'IMPROVED'].find((verdict) =>
      outcomes.some((each) => each === verdict),
    );
    if (found !== 'INCONCLUSIVE') return found ?? 'OK';
  }
  return 'INCONCLUSIVE';
}
