import { describe, expect, it } from 'vitest';
import { MAX_REASONS, REASON_CHARACTERS, ReasonCounts } from '../../src/measure/reason-counts.ts';
import { OTHER_REASONS } from '../../src/text.ts';

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

  it('keeps a bounded number of reasons of a bounded length, and counts all', () => {
    const counts = new ReasonCounts();
    for (let index = 0; index < 1000; index++) counts.add(`${index} ${'x'.repeat(200_000)}`);
    counts.add('0 x');
    const reasons = counts.take();
    expect(reasons.length).toBe(MAX_REASONS + 1);
    expect(reasons.at(-1)).toEqual({ reason: OTHER_REASONS, count: 1001 - MAX_REASONS });
    expect(reasons.reduce((sum, { count }) => sum + count, 0)).toBe(1001);
    expect(Math.max(...reasons.map(({ reason }) => reason.length))).toBeLessThan(REASON_CHARACTERS + 40);
    expect(reasons[0]?.reason).toMatch(/^0 x+\u2026 \(199,\d{3} more characters\)$/);
  });

  it('keeps the bound when the counts of several processes are merged', () => {
    const merged = new ReasonCounts();
    for (let worker = 0; worker < 8; worker++) {
      const counts = new ReasonCounts();
      for (let index = 0; index < 100; index++) counts.add(`${worker} ${index}`);
      merged.addAll(counts.take());
    }
    expect(merged.total).toBe(800);
    expect(merged.take().length).toBeLessThanOrEqual(MAX_REASONS + 1);
  });

  it('makes each reason one safe line', () => {
    const counts = new ReasonCounts();
    counts.add('\u001b]0;title\u0007 a\r\n::stop-commands::x');
    expect(counts.commonest).toBe('\\x1b]0;title\\x07 a\\r\\n:\\x3astop-commands:\\x3ax');
  });
});
