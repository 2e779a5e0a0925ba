import { describe, expect, it } from 'vitest';
import { ReasonCounts } from '../../src/measure/reason-counts.ts';

describe('counting reasons', () => {
  it('adds up, gives the most frequent first and starts afresh', () => {
    const counts = new ReasonCounts();
    counts.add('a');
    counts.add('b', 5);
    counts.addAll([
      { reason: 'a', count: 1 },
      { reason: 'a', count: 1 },
    ]);
    expect([counts.total, counts.commonest]).toEqual([8, 'b']);
    expect(counts.take()).toEqual([
      { reason: 'b', count: 5 },
      { reason: 'a', count: 3 },
    ]);
    expect(counts.take()).toEqual([]);
    expect([counts.total, counts.commonest]).toEqual([0, null]);
  });
});
