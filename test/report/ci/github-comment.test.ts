import { describe, expect, it } from 'vitest';
import { renderGithubComment } from '../../../src/report/ci/github-comment.ts';
import { comparisons, EVERY_CHARACTER, makeComparison } from '../comparison-fixture.ts';

const linesOf = (markdown: string) => markdown.trimEnd().split('\n');

describe('the comment on a pull request', () => {
  it.each(Object.entries(comparisons))('has at most 15 lines: %s', (_, make) => {
    const lines = linesOf(renderGithubComment(make()));
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(lines[0]).toMatch(/^(?:❌|⚠️|✅) \*\*.+\*\*$/);
  });

  it('has the verdict, the gating metrics, the most severe first, and what to do', () => {
    expect(renderGithubComment(comparisons.regressed())).toMatchInlineSnapshot(`
      "❌ **REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; lost 0 -> 10; 5 pairs**

      | metric | verdict | base | head | ratio | interval |
      | --- | --- | ---: | ---: | ---: | --- |
      | delivery.p50 | REGRESSED | 1.21 ms | 1.71 ms | 1.40 | 1.33-1.48 |
      | lost | REGRESSED | 0 | 10 |  |  |
      | fanout_last.p95 | OK | 4.03 ms | 4.10 ms | 1.01 | 0.97-1.04 |

      - next: fix the head, or tolerate more: --metric delivery.p50:GROWTH
      "
    `);
  });

  it('has counts that are 0 in both arms in one row', () => {
    const comparison = comparisons.ok();
    const heads = comparison.judgement.heads.map((pair) => ({
      ...pair,
      metrics: pair.metrics.flatMap((metric) =>
        metric.metric === 'lost'
          ? [metric, { ...metric, metric: 'duplicated' }, { ...metric, metric: 'failed' }]
          : [metric],
      ),
    }));
    const lines = linesOf(
      renderGithubComment({ ...comparison, judgement: { ...comparison.judgement, heads } }),
    );
    expect(lines.filter((line) => line.includes('lost'))).toEqual([
      expect.stringMatching(/^✅/) as unknown,
      '| lost, duplicated, failed | OK | 0 | 0 |  |  |',
    ]);
  });

  it('counts rows, thresholds and advice that have no room', () => {
    const arms = ['base', 'a', 'b', 'c', 'd', 'e'];
    const thresholds = Array.from({ length: 9 }, (_, arm) => ({
      arm: 1,
      expression: `lost<${arm}`,
      passed: false,
      actual: 10,
      lower: null,
      upper: null,
      detail: '10',
    }));
    const lines = linesOf(
      renderGithubComment(makeComparison({ command: 'compare', arms, rounds: 1, thresholds })),
    );
    expect(lines).toHaveLength(15);
    expect(lines[10]).toBe('| and 9 more rows |  |  |  |  |  |');
    expect(lines.at(-1)).toBe('- 7 more in the report');
  });

  it('is Markdown whatever an arm is called', () => {
    const lines = linesOf(
      renderGithubComment(makeComparison({ command: 'compare', rounds: 1, arms: ['base', EVERY_CHARACTER] })),
    );
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(lines.join('\n')).not.toContain('<');
  });
});
