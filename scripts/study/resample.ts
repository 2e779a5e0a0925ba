import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import { FULL_ROUNDS, QUICK_ROUNDS } from '../../src/cli/commands/gate.ts';
import { ALPHA, MAX_INVALID_SHARE } from '../../src/cli/comparison-plan.ts';
import type { Design } from '../../src/result/comparison.ts';
import { planLooks } from '../../src/stats/correction.ts';
import { verdictOf } from '../../src/stats/judge.ts';
import { judgeObserved } from '../../src/stats/judge-metrics.ts';
import type { Observed, Point } from '../../src/stats/pairs.ts';
import type { GateRecord } from './gates.ts';

/** All metrics of one pair of rounds. */
type PairPoints = ReadonlyMap<string, Point>;

/** The pairs of all gates, each with its metrics kept together. */
function pairsOf(gates: readonly GateRecord[]): PairPoints[] {
  return gates.flatMap(({ metrics }) => {
    const rounds = new Set(metrics.flatMap(({ points }) => points.map(({ round }) => round)));
    return [...rounds].map((round) => {
      const ofRound = metrics.flatMap(({ metric, points }) =>
        points.filter((point) => point.round === round).map((point) => [metric, point] as const),
      );
      return new Map(ofRound);
    });
  });
}

/** A metric in some rounds, without its value over all of them, which decides nothing. */
function withoutMerged(rule: Observed['rule'], points: readonly Point[]): Observed {
  return { rule, points, base: null, head: null };
}

/** A gate as its first `rounds` rounds are judged at `alpha`. */
function judgedAfter(gate: GateRecord, { rounds, alpha }: Design['looks'][number]): GateRecord {
  const observed = gate.metrics.map((metric) =>
    withoutMerged(
      metric,
      metric.points.filter(({ round }) => round <= rounds),
    ),
  );
  const valid = Math.max(...observed.map(({ points }) => points.length));
  const excluded = rounds - valid;
  const metrics = judgeObserved(observed, alpha);
  const verdict = excluded > MAX_INVALID_SHARE * rounds ? 'INVALID' : verdictOf(metrics);
  return {
    ...gate,
    durationMs: (gate.durationMs * rounds) / gate.rounds,
    rounds,
    excluded,
    metrics,
    verdict,
  };
}

/** A gate with --quick: the first rounds of a whole one, which runs them in the same way. */
export function quickGate(gate: GateRecord): GateRecord {
  return judgedAfter(gate, { rounds: QUICK_ROUNDS, alpha: ALPHA });
}

/** A gate as it is judged today, which may have ended it at an earlier look. INVALID is what its runs were. */
export function rejudged(gate: GateRecord): GateRecord {
  if (gate.verdict === 'INVALID') return gate;
  const looks = planLooks(FULL_ROUNDS, ALPHA).filter(({ rounds }) => rounds <= gate.rounds);
  const judged = looks.map((look) => judgedAfter(gate, look));
  return (
    judged.find(({ verdict }) => verdict !== 'INCONCLUSIVE' && verdict !== 'INVALID') ?? judged.at(-1) ?? gate
  );
}

/**
 * Counts the verdicts of `count` gates that are made of pairs drawn with replacement from those that were run. It is an
 * extrapolation, which cannot show anything that those pairs do not hold.
 */
export function resampleGates(gates: readonly GateRecord[], count: number): ReadonlyMap<string, number> {
  const pairs = pairsOf(gates);
  const rules = (gates[0]?.metrics ?? []).filter(({ gating, kind }) => gating && kind === 'ratio');
  const generator = mersenne(1);
  const verdicts = new Map<string, number>();
  if (pairs.length === 0) return verdicts;
  const looks = planLooks(FULL_ROUNDS, ALPHA);
  for (let gate = 0; gate < count; gate++) {
    const drawn = Array.from(
      { length: looks.at(-1)?.rounds ?? 0 },
      () => pairs[uniformInt(generator, 0, pairs.length - 1)] ?? new Map(),
    );
    const verdict = resampledVerdict(drawn, rules, looks);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  return verdicts;
}

function resampledVerdict(
  drawn: readonly PairPoints[],
  rules: readonly Observed['rule'][],
  looks: ReturnType<typeof planLooks>,
): string {
  for (const { rounds, alpha } of looks) {
    const seen = drawn.slice(0, rounds);
    const observed = rules.map((rule) =>
      withoutMerged(
        rule,
        seen.map((pair) => pair.get(rule.metric)).filter((point) => point !== undefined),
      ),
    );
    const verdict = verdictOf(judgeObserved(observed, alpha));
    if (verdict !== 'INCONCLUSIVE') return verdict;
  }
  return 'INCONCLUSIVE';
}
