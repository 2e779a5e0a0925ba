import { describe, expect, it } from 'vitest';
import { renderCapacityBadge, renderComparisonBadge, renderRunBadge } from '../../src/report/badge.ts';
import { makeCapacity } from './capacity-fixture.ts';
import { comparisons } from './comparison-fixture.ts';
import { results } from './fixture.ts';

const titleOf = (svg: string) => /<title>(.*)<\/title>/.exec(svg)?.[1];

/** The contrast of white text on a colour, by WCAG 2. */
function contrastWithWhite(colour: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((c) =>
    c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  );
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

describe('the badge', () => {
  it.each([
    ['broadcast-latency: VALID', renderRunBadge([results.valid()])],
    ['broadcast-latency: INVALID', renderRunBadge([results.invalid()])],
    ['sockbench: VALID', renderRunBadge([results.valid(), results.ack()])],
    ['broadcast-latency: REGRESSED', renderComparisonBadge(comparisons.regressed())],
    ['broadcast-latency: OK, threshold FAILED', renderComparisonBadge(comparisons.thresholds())],
    ['broadcast-latency: INVALID', renderComparisonBadge(comparisons.invalid())],
  ])('names what was measured and the verdict: %s', (title, svg) => {
    expect(titleOf(svg)).toBe(title);
    expect(svg).toContain(`role="img" aria-label="${title}"`);
  });

  it('has the answer of a search', () => {
    expect(titleOf(renderCapacityBadge(makeCapacity()))).toMatch(/^ack-roundtrip: [\d,]+\/s$/);
  });

  it('has a contrast of 4.5:1 in every colour', () => {
    const svgs = [comparisons.ok(), comparisons.regressed(), comparisons.inconclusive()].map(
      renderComparisonBadge,
    );
    const colours = new Set(
      svgs.flatMap((svg) => [...svg.matchAll(/fill="(#\w{6})"/g)].map(([, colour = '']) => colour)),
    );
    expect(colours.size).toBe(4);
    for (const colour of colours) expect(contrastWithWhite(colour)).toBeGreaterThanOrEqual(4.5);
  });
});
