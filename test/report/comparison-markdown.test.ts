import { describe, expect, it } from 'vitest';
import { renderComparisonMarkdown } from '../../src/report/content/comparison-markdown.ts';
import { comparisons } from './comparison-fixture.ts';
import { HOSTILE } from './fixture.ts';

describe('Markdown of a comparison', () => {
  it('holds everything', () => {
    expect(renderComparisonMarkdown(comparisons.regressed())).toMatchInlineSnapshot(`
      "**REGRESSED: delivery.p50 of head is 1.40 times that of base (1.33 to 1.48), 1.68 ms instead of 1.2 ms; lost 10 instead of 0; 5 pairs, by ratios equal builds are called REGRESSED in at most 2 % of comparisons**

      - advice: mend the head, or tolerate more where it is meant: --metric delivery.p50:GROWTH

      ### head against base: 5 valid pairs

      | metric | verdict | base | head | ratio | interval | tolerated | detectable | p |
      | --- | --- | ---: | ---: | ---: | --- | --- | ---: | ---: |
      | delivery.p50 | REGRESSED | 1.2 ms | 1.68 ms | 1.40 | 1.33 to 1.48 | 10 % or 200 us | +20 % | 0.031 |
      | fanout_last.p95 | OK | 4 ms | 4.04 ms | 1.01 | 0.97 to 1.04 | 15 % or 500 us | +30 % | 1 |
      | lost | REGRESSED | 0 | 10 | - | - | none where the base has none | - | - |

      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      <details><summary>Told, not judged by</summary>

      | metric | verdict | base | head | ratio | interval | tolerated | detectable | p |
      | --- | --- | ---: | ---: | ---: | --- | --- | ---: | ---: |
      | delivery.p99 | ok | 7 ms | 7.07 ms | 1.01 | 0.97 to 1.04 | 25 % or 1 ms | +50 % | 1 |
      | traffic_per_delivery | ok | 105 B | 106 B | 1.01 | 0.97 to 1.04 | 1 % | +2 % | 1 |
      | requests_per_delivery | ok | 0.55 | 0.556 | 1.01 | 0.97 to 1.04 | 1 % | +2 % | 1 |
      | server_cpu | ok | 23 % | 23.2 % | 1.01 | 0.97 to 1.04 | 10 % | +20 % | 1 |
      | sent | ok | 100/s | 101/s | 1.01 | 0.97 to 1.04 | 1 % | +2 % | 1 |

      </details>

      <details><summary>Ratio of each round</summary>

      \`\`\`text
                           1                                                   1.48
      delivery.p50         |             :                               3 2
                                                                   [------x-------]
      fanout_last.p95      o2oo                :
                       [-----x---]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds
      \`\`\`

      </details>

      <details><summary>Design</summary>

      | | |
      | --- | --- |
      | base | exec=node base.js |
      | head | exec=node head.js |
      | load | 5 clients, 25/s for 1s (constant), 64 B text, 1 worker, official driver, seed 1 |
      | rounds | 5 of at most 10; judged by the first 5 |
      | looks | after 5 at 0.6 % and after 10 at 1.4 % false alarms by ratios, 2 % in all; the first decided |
      | order | of the arms anew in each round, seed 1 |
      | invalid | with more than 20 % of the pairs spoilt |
      | command line | gate broadcast-latency --target socketio |
      | started | 2026-03-04T05:06:07.891Z, took 123s, sockbench 0.1.0 |

      </details>

      <details><summary>Environment</summary>

      | | |
      | --- | --- |
      | Node | v24.11.0, V8 13.6.233.10-node.28 |
      | socket.io | 4.8.4 |
      | socket.io-client | 4.8.4 |
      | ws | 8.23.0 |
      | commit | 0123456789abcdef0123456789abcdef01234567 |
      | CPU | 2 x Example CPU @ 2.50GHz, governor - |
      | bound to | server on CPU 0, generator on CPU 1 |
      | CPU limit | none |
      | memory | 8192 MiB |
      | system | linux x64, kernel 6.1.0 |
      | CPU steal | 0.100 % at most in a run |
      | CPU pressure | 12.0 % at most in a run |
      | throttled | 0ms at most in a run |

      </details>
      "
    `);
  });

  it('has a heading for each head, and the ranking', () => {
    const headings = renderComparisonMarkdown(comparisons.several())
      .split('\n')
      .filter((line) => line.startsWith('### '));
    expect(headings).toEqual([
      '### socketio against ws: 5 valid pairs',
      '### socketio polling against ws: 5 valid pairs',
      '### Ranking',
    ]);
  });

  it('keeps every row of a table to its columns, whatever names it is given', () => {
    const tables = renderComparisonMarkdown(comparisons.hostile())
      .split('\n\n')
      .map((block) => block.split('\n').filter((line) => line.startsWith('|')))
      .filter((lines) => lines.length > 0);
    expect(tables).toHaveLength(4);
    for (const lines of tables) {
      const widths = lines.map((line) => line.split(/(?<!\\)\|/).length);
      expect(new Set(widths).size).toBe(1);
    }
  });

  it('lets no tag through', () => {
    const markdown = renderComparisonMarkdown(comparisons.hostile()).replaceAll(
      /<\/?(details|summary)>/g,
      '',
    );
    expect(HOSTILE).toContain('<');
    expect(markdown).not.toContain('<');
  });
});
