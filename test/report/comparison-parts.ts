import type { Comparison, MetricOutcome, PairOutcome } from '../../src/result/comparison.ts';
import type { FindingCode } from '../../src/result/findings.ts';
import { comparisons } from './comparison-fixture.ts';

/** The first head of a comparison. */
export function firstHead(comparison: Comparison): PairOutcome {
  const [pair] = comparison.judgement.heads;
  if (pair === undefined) throw new Error('no head');
  return pair;
}

/** A metric of the first head. */
export function outcome(comparison: Comparison, name: string): MetricOutcome {
  const metric = firstHead(comparison).metrics.find((each) => each.metric === name);
  if (metric === undefined) throw new Error(`no ${name}`);
  return metric;
}

/** A comparison whose head is INVALID because this finding excluded three pairs. */
export function excludedBy(code: FindingCode): Comparison {
  const comparison = comparisons.invalid();
  const heads = comparison.judgement.heads.map((pair) => ({
    ...pair,
    invalid: [],
    excluded: [1, 2, 4].map((round) => ({
      round,
      reasons: [{ arm: 1, code, message: `it was ${round === 4 ? 'worse' : 'bad'}` }],
    })),
  }));
  return { ...comparison, judgement: { ...comparison.judgement, heads } };
}
