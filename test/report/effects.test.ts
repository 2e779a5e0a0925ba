import { describe, expect, it } from 'vitest';
import { renderComparisonCsv } from '../../src/report/comparison-csv.ts';
import { effectChart } from '../../src/report/content/comparison-effect-chart.ts';
import { comparisonEnding } from '../../src/report/content/comparison-ending.ts';
import { COMPARISON } from '../../src/report/index.ts';
import { renderEnding } from '../../src/report/render/ending.ts';
import { type Comparison, comparisonSchema } from '../../src/result/comparison.ts';
import { factorialComparison, TWO_FACTORS } from './effects-fixture.ts';
import { HOSTILE } from './fixture.ts';

const comparison = factorialComparison();
const interacting = factorialComparison({
  times: ([transport = 0, payload = 0]) => 2.1 ** transport * 1.2 ** payload * 1.5 ** (transport * payload),
});
const THREE = [...TWO_FACTORS, { name: 'clients', levels: ['10', '100', '1000'] }];

function endingOf(of: Comparison): string {
  return renderEnding(comparisonEnding(of), { columns: 80, paint: (_, text) => text, page: null });
}

function rendered(of: Comparison, name: string): string {
  return COMPARISON.formats.find((format) => format.name === name)?.render(of) ?? '';
}

describe('the end of a comparison over factors', () => {
  it('has the effects on one metric, and a sentence for main effects and one for interactions', () => {
    expect(
      endingOf(comparison),
    ).toBe(`transport=websocket,polling x payload=64B,4KiB, broadcast-latency, 3 clients,
20/s for 1s, 10 rounds

effect on delivery p50  ratio  95 % CI    from ms  to ms
websocket -> polling     2.17  2.04-2.26     1.17   2.43
64B -> 4KiB              1.19  1.12-1.26     1.55   1.76
polling at 64B -> 4KiB   0.99  0.86-1.14    2.18x  2.17x
values: medians of 10 rounds, geometric means over the other factor
ratio: estimated from the rounds; all 3 intervals hold simultaneously at 95 %

delivery p50, 95 % CI: polling takes 2.17x as long as websocket (2.04-2.26);
payload 4KiB takes 1.19x as long as 64B (1.12-1.26)
no significant interaction: polling takes 2.18x as long as websocket at 64B,
2.17x at 4KiB (ratio 0.99, 0.86-1.14)
`);
  });

  it('names the largest interaction that is significant', () => {
    const [, sentence] = comparisonEnding(interacting).conclusion;
    expect(sentence).toBe(
      'interaction: polling takes 2.18x as long as websocket at 64B, 3.25x at 4KiB (ratio 1.48, 1.29-1.71)',
    );
  });

  it('says what is excluded, what is missing and what to do', () => {
    const few = comparisonEnding(factorialComparison({ rounds: 4 }));
    expect(few.conclusion[0]).toMatch(
      /^delivery p50, too few rounds for intervals: polling takes 2\.\d\dx as long/,
    );
    expect(few.advice).toEqual(['for intervals: use more rounds (--rounds 15)']);
    const excluded = comparisonEnding(factorialComparison({ invalidRounds: [3] }));
    expect(excluded.facts).toEqual([['excluded', '1 of 10 rounds: send_lag']]);
    const invalid = comparisonEnding(factorialComparison({ invalidRounds: [1, 2, 3] }));
    expect([invalid.table, invalid.severity]).toEqual([null, 'bad']);
    expect(invalid.conclusion).toEqual([
      'INVALID: 3 of 10 rounds were excluded (limit 20 % of 10): send_lag 3x; for example: sends were late by 12 ms',
    ]);
    const partial = comparisonEnding(factorialComparison({ rounds: 3, planned: 8 }));
    expect(partial.conclusion).toEqual(['PARTIAL, INCONCLUSIVE: 3 of 8 required rounds']);
  });

  it('fits a terminal with three factors', () => {
    const lines = endingOf(factorialComparison({ factors: THREE }))
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(lines).toContainEqual(expect.stringMatching(/^4KiB at clients=10 -> 1000 /));
  });
});

describe('every format of a comparison over factors', () => {
  it('has the effects: text, Markdown, page, JSON and CSV', () => {
    expect(rendered(comparison, 'text')).toMatch(/^delivery p50, 95 % CI: polling takes 2\.17x/);
    expect(rendered(comparison, 'text')).toContain('Effects on server CPU/delivery\n');
    expect(rendered(comparison, 'md')).toContain('| websocket -> polling | 2.17 | 2.04-2.26 | 1.17 | 2.43 |');
    expect(rendered(comparison, 'html')).toContain('<h1');
    const again = comparisonSchema.parse(JSON.parse(rendered(comparison, 'json')));
    expect(endingOf(again)).toBe(endingOf(comparison));
  });

  it('has rows of effects in CSV, those of an interaction with ratios for values', () => {
    const [header = '', ...rows] = renderComparisonCsv(interacting).trimEnd().split('\n');
    const cells = rows.map((row) => {
      const values = row.split(',');
      return Object.fromEntries(header.split(',').map((name, index) => [name, values[index]]));
    });
    const effects = cells.filter(({ metric, contrast }) => metric === 'delivery.p50' && contrast !== 'arm');
    expect(
      effects.map(({ contrast, base, head, unit, verdict }) => [contrast, base, head, unit, verdict]),
    ).toEqual([
      ['main effect', 'transport=websocket', 'transport=polling', 'ms', ''],
      ['main effect', 'payload=64B', 'payload=4KiB', 'ms', ''],
      [
        'interaction',
        'transport=polling vs websocket at payload=64B',
        'transport=polling vs websocket at payload=4KiB',
        'ratio',
        '',
      ],
    ]);
    expect(Number(effects[2]?.['head_value'])).toBeCloseTo(3.25, 2);
    expect(cells.filter(({ contrast }) => contrast === 'arm').map(({ base }) => base)).toContain(
      'websocket 64B',
    );
  });

  it('survives hostile names of factors and levels', () => {
    const hostile = factorialComparison({
      factors: [
        { name: HOSTILE, levels: [HOSTILE, `${HOSTILE}2`] },
        { name: 'payload', levels: ['64B', '4KiB'] },
      ],
    });
    for (const { name, render } of COMPARISON.formats) {
      const text = render(hostile);
      if (name === 'html' || name === 'badge') expect(text).not.toContain('<img src=x');
      expect(text).not.toContain('\u001b[31m');
    }
    expect(endingOf(hostile)).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe('the chart of effects', () => {
  const chartOf = (of: Comparison) => {
    const [metric] = of.judgement.effects?.metrics ?? [];
    return metric === undefined ? null : effectChart(of, metric);
  };

  it('has a panel for each level of the first factor, with the same axis, and a thin line for each round', () => {
    const chart = chartOf(comparison);
    expect(chart?.panels.map(({ title }) => title)).toEqual(['websocket', 'polling']);
    expect(new Set(chart?.panels.map(({ y }) => JSON.stringify(y.range))).size).toBe(1);
    for (const { dots, links, x } of chart?.panels ?? []) {
      expect(x.labels).toEqual([
        { at: 0, text: '64B' },
        { at: 1, text: '4KiB' },
      ]);
      expect(dots).toHaveLength(2);
      expect(links.map(({ style }) => style)).toEqual([...Array.from({ length: 10 }, () => 'thin'), 'solid']);
    }
  });

  it('has the factor with the most levels along the axis, and a line for each level of a third', () => {
    const chart = chartOf(factorialComparison({ factors: THREE }));
    expect(chart?.panels.map(({ title }) => title)).toEqual(['websocket', 'polling']);
    expect(chart?.keys.map(({ text }) => text)).toEqual(['64B', '4KiB']);
    expect(chart?.panels[0]?.x.labels?.map(({ text }) => text)).toEqual(['10', '100', '1000']);
    expect(chart?.panels[0]?.dots).toHaveLength(6);
  });
});
