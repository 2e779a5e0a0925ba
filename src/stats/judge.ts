import type { Design, Judgement, PairOutcome, Round, Verdict } from '../result/comparison.ts';
import { differences, environmentFingerprint } from '../result/fingerprint.ts';
import type { Finding } from '../result/schema.ts';
import { formatPercent, plural } from '../units.ts';
import { judgeMetrics } from './judge-metrics.ts';
import { type Pairing, pairUp } from './pairs.ts';
import { rankArms } from './ranking.ts';

/**
 * All that a comparison says, from its design and rounds alone. The rules are those of docs/comparing.md:
 *
 * - INVALID when an arm failed by itself (its server died, or nothing could be measured), when more than
 *   `maxInvalidShare` of the pairs were spoilt, or when a stored base was measured elsewhere;
 * - else REGRESSED when a gating metric is, INCONCLUSIVE when one is, IMPROVED when one is, else OK.
 *
 * A comparison that ended between two looks is judged as at the one before.
 */
export function judge(design: Design, rounds: readonly Round[]): Judgement {
  const look = lookAfter(design, rounds.length);
  const judged = rounds.slice(0, design.looks[look]?.rounds ?? rounds.length);
  const heads = design.arms.slice(1).map((_, index) => judgeHead(design, rounds, judged, index + 1, look));
  return {
    verdict: gravest(heads.map(({ verdict }) => verdict)),
    look,
    rounds: judged.length,
    heads,
    ranking: design.arms.length > 2 ? rankArms(design, judged) : null,
  };
}

/** Whether more rounds could still change what is said, and are part of the design. */
export function goesOn(design: Design, rounds: readonly Round[]): boolean {
  const { looks, arms, maxInvalidShare } = design;
  const atMost = looks.at(-1)?.rounds ?? 0;
  if (rounds.length >= atMost) return false;
  const heads = arms.slice(1).map((_, index) => pairUp(rounds, index + 1));
  if (heads.some(({ spoilt, faults }) => faults.length > 0 || spoilt.length > maxInvalidShare * atMost))
    return false;
  if (!looks.some((look) => look.rounds === rounds.length)) return true;
  return judge(design, rounds).heads.some(
    ({ verdict, invalid }) => verdict === 'INCONCLUSIVE' || invalid.length > 0,
  );
}

/** The last look that was reached, the first when none was. */
function lookAfter({ looks }: Design, rounds: number): number {
  return Math.max(
    0,
    looks.findLastIndex((look) => look.rounds <= rounds),
  );
}

function judgeHead(
  design: Design,
  all: readonly Round[],
  judged: readonly Round[],
  head: number,
  look: number,
): PairOutcome {
  const pairing = pairUp(judged, head);
  const invalid = whyInvalid(design, pairing, pairUp(all, head));
  const metrics = judgeMetrics(design, pairing.pairs, look);
  const gating = metrics.filter((metric) => metric.gating).map(({ verdict }) => verdict);
  const isEarly = all.length < (design.looks[look]?.rounds ?? 0);
  return {
    head,
    verdict: verdictOf(invalid, isEarly, gating),
    invalid,
    pairs: pairing.pairs.length,
    spoilt: pairing.spoilt,
    metrics,
  };
}

function verdictOf(invalid: readonly Finding[], isEarly: boolean, gating: readonly Verdict[]): Verdict {
  if (invalid.length > 0) return 'INVALID';
  if (isEarly) return 'INCONCLUSIVE';
  return gravest(gating);
}

const GRAVEST_FIRST: readonly Verdict[] = ['INVALID', 'REGRESSED', 'INCONCLUSIVE', 'IMPROVED', 'OK'];

function gravest(verdicts: readonly Verdict[]): Verdict {
  return GRAVEST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'INCONCLUSIVE';
}

/** A fault of an arm counts in whatever round it came; pairs that were spoilt by noise only as part of a look. */
function whyInvalid(design: Design, judged: Pairing, all: Pairing): Finding[] {
  const invalid: Finding[] = all.faults.map(({ code, message, arm, round }) => ({
    code,
    message: `${design.arms[arm]?.name ?? 'an arm'}, round ${round}: ${message}`,
  }));
  const counted = judged.pairs.length + judged.spoilt.length;
  if (judged.spoilt.length > design.maxInvalidShare * counted) {
    const limit = formatPercent(design.maxInvalidShare);
    const reasons = judged.spoilt.flatMap((pair) => pair.reasons);
    const codes = Map.groupBy(reasons, ({ code }) => code);
    const told = [...codes].map(([code, each]) => `${code} ${each.length}x, such as ${each[0]?.message}`);
    invalid.push({
      code: 'spoilt_pairs',
      message: `${judged.spoilt.length} of ${plural(counted, 'pair')} were spoilt, limit ${limit}: ${told.join('; ')}`,
    });
  }
  return [...invalid, ...environmentChanged(design, judged)];
}

/** A stored base says nothing about another machine. */
function environmentChanged({ baseline }: Design, { pairs }: Pairing): Finding[] {
  const [first] = pairs;
  if (baseline === null || first === undefined) return [];
  return differences(
    environmentFingerprint(first.base.result),
    environmentFingerprint(first.head.result),
  ).map(({ field, baseline: then, now }) => ({
    code: 'environment_changed',
    message: `${field}: the baseline has ${then}, this machine ${now}`,
  }));
}
