import { describe, expect, it } from 'vitest';
import { comparisonSchema } from '../../src/result/comparison.ts';
import { comparisons, makeComparison } from './comparison-fixture.ts';

describe('made-up comparisons', () => {
  it.each(Object.entries(comparisons))('pass the schema, stored and read again: %s', (_, make) => {
    const comparison = make();
    expect(comparisonSchema.parse(JSON.parse(JSON.stringify(comparison)))).toEqual(comparison);
  });

  it('have the verdict asked for', () => {
    const { judgement } = makeComparison({ verdicts: { 'delivery.p50': 'REGRESSED' } });
    expect(judgement.verdict).toBe('REGRESSED');
    expect(judgement.heads[0]?.metrics.map(({ verdict }) => verdict)).toEqual([
      'REGRESSED',
      ...Array(7).fill('OK'),
    ]);
  });
});
