import { describe, expect, it } from 'vitest';
import { renderGithubSummary } from '../../src/report/ci/github.ts';
import { metricTable } from '../../src/report/content/comparison-metrics.ts';
import { excludedTexts, rankingTexts, turnsText } from '../../src/report/content/comparison-notes.ts';
import { comparisonSeverity } from '../../src/report/content/comparison-verdict.ts';
import { displayWidth, plain } from '../../src/report/plain.ts';
import type { Comparison } from '../../src/result/comparison.ts';
import { comparisons, drift, makeComparison, overload } from './comparison-fixture.ts';
import { excludedBy, firstHead, outcome } from './comparison-parts.ts';
import { HOSTILE } from './fixture.ts';
import { comparisonMarkdown, comparisonText } from './renderings.ts';

/** The text up to the design, which is the same for all made-up comparisons. */
const results = (comparison: Comparison) => comparisonText(comparison).split('\n\nDesign')[0] ?? '';

describe('text of a comparison', () => {
  it('begins with the verdict and holds everything', () => {
    expect(comparisonText(comparisons.regressed())).toMatchInlineSnapshot(`
      "REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; lost 0 -> 10; 5 pairs
      next: fix the head, or tolerate more: --metric delivery.p50:GROWTH

      head vs base: 5 valid pairs

      Metrics
      metric                  verdict     base   head  ratio  interval   tolerated       MDE      p
      delivery.p50 ms         REGRESSED   1.21   1.71   1.40  1.33-1.48  10 %, 200 µs  +20 %  0.031
      fanout_last.p95 ms      OK          4.03   4.10   1.01  0.97-1.04  15 %, 500 µs  +30 %      1
      lost                    REGRESSED      0     10      -  -          0                 -      -
      informational (not gating)
      delivery.p99 ms         ok          7.06   7.18   1.01  0.97-1.04  25 %, 1 ms    +50 %      1
      traffic_per_delivery B  ok           106    108   1.01  0.97-1.04  1 %            +2 %      1
      requests_per_delivery   ok         0.554  0.564   1.01  0.97-1.04  1 %            +2 %      1
      server_cpu %            ok          23.2   23.6   1.01  0.97-1.04  10 %          +20 %      1
      sent/s                  ok           101    103   1.01  0.97-1.04  1 %            +2 %      1
      - interval: each bound is wrong in at most 3.13 % of comparisons
      - ratio: estimated from the ratio of each round, not from the medians
      - MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons
      - p: probability of a result at least as extreme if the growth is within the tolerance

      Ratio of each round
                           1                                                   1.48
      delivery.p50         |             :                               3 2
                                                                   [------x-------]
      fanout_last.p95      o2oo                :
                       [-----x---]
      - o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval

      Design
      base          exec=node base.js
      head          exec=node head.js
      load          5 clients, 25/s for 1s (constant), 64 B text, 1 worker, official driver, seed 1
      rounds        5 of at most 10; the first 5 were judged
      looks         after 5 at alpha 0.6 % and after 10 at alpha 1.4 %; the first decided
      false alarms  equal builds are reported as REGRESSED by ratio in at most 2 % of comparisons
      order         arms in random order in each round, seed 1
      excluded      INVALID when more than 20 % of the pairs are excluded
      command line  sockbench gate broadcast-latency --target socketio
      started       2026-03-04T05:06:07.891Z, took 123s, sockbench 0.1.0

      Environment
      Node              v24.11.0, V8 13.6.233.10-node.28
      socket.io-client  4.8.4
      commit            0123456789abcdef0123456789abcdef01234567
      CPU               2 x Example CPU @ 2.50GHz, governor -
      pinned to         server on CPU 0, generator on CPU 1
      CPU limit         none
      memory            8192 MiB
      system            linux x64, kernel 6.1.0
      CPU steal         at most 0.100 % in a run
      CPU pressure      at most 12.0 % in a run
      throttled         at most 0ms in a run
      "
    `);
  });

  it('of a gate that passed', () => {
    expect(results(comparisons.ok())).toMatchInlineSnapshot(`
      "OK: no regression in delivery.p50, fanout_last.p95, lost; 5 pairs

      head vs base: 5 valid pairs

      Metrics
      metric                  verdict   base   head  ratio  interval   tolerated       MDE  p
      delivery.p50 ms         OK        1.21   1.23   1.01  0.97-1.04  10 %, 200 µs  +20 %  1
      fanout_last.p95 ms      OK        4.03   4.10   1.01  0.97-1.04  15 %, 500 µs  +30 %  1
      lost                    OK           0      0      -  -          0                 -  -
      informational (not gating)
      delivery.p99 ms         ok        7.06   7.18   1.01  0.97-1.04  25 %, 1 ms    +50 %  1
      traffic_per_delivery B  ok         106    108   1.01  0.97-1.04  1 %            +2 %  1
      requests_per_delivery   ok       0.554  0.564   1.01  0.97-1.04  1 %            +2 %  1
      server_cpu %            ok        23.2   23.6   1.01  0.97-1.04  10 %          +20 %  1
      sent/s                  ok         101    103   1.01  0.97-1.04  1 %            +2 %  1
      - interval: each bound is wrong in at most 3.13 % of comparisons
      - ratio: estimated from the ratio of each round, not from the medians
      - MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons
      - p: probability of a result at least as extreme if the growth is within the tolerance

      Ratio of each round
                       0.97       1                                            1.15
      delivery.p50                o2   oo                          :
                       [-------------x---------]
      fanout_last.p95             o2   oo                                         :
                       [-------------x---------]
      - o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval"
    `);
  });

  it('states what would help where a metric is inconclusive', () => {
    expect(results(comparisons.inconclusive())).toMatchInlineSnapshot(`
      "INCONCLUSIVE: delivery.p50 1.08x (0.92-1.27), 1.21 ms -> 1.32 ms; 5 pairs
      next: to decide delivery.p50: use more rounds (--rounds 20), or a quieter machine

      head vs base: 5 valid pairs

      Metrics
      metric                  verdict        base   head  ratio  interval   tolerated       MDE  p
      delivery.p50 ms         INCONCLUSIVE   1.21   1.32   1.08  0.92-1.27  10 %, 200 µs  +20 %  1
      fanout_last.p95 ms      OK             4.03   4.10   1.01  0.97-1.04  15 %, 500 µs  +30 %  1
      lost                    OK                0      0      -  -          0                 -  -
      informational (not gating)
      delivery.p99 ms         ok             7.06   7.18   1.01  0.97-1.04  25 %, 1 ms    +50 %  1
      traffic_per_delivery B  ok              106    108   1.01  0.97-1.04  1 %            +2 %  1
      requests_per_delivery   ok            0.554  0.564   1.01  0.97-1.04  1 %            +2 %  1
      server_cpu %            ok             23.2   23.6   1.01  0.97-1.04  10 %          +20 %  1
      sent/s                  ok              101    103   1.01  0.97-1.04  1 %            +2 %  1
      - interval: each bound is wrong in at most 3.13 % of comparisons
      - ratio: estimated from the ratio of each round, not from the medians
      - MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons
      - p: probability of a result at least as extreme if the growth is within the tolerance

      Ratio of each round
                       0.92           1                                        1.27
      delivery.p50                    |            3 oo :
                       [----------------------------x-----------------------------]
      fanout_last.p95                 o2 2                      :
                                 [------x----]
      - o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval"
    `);
  });

  it('states why a comparison is invalid and what to do', () => {
    expect(results(comparisons.invalid())).toMatchInlineSnapshot(`
      "INVALID: 3 of 5 pairs were excluded: the server exited with code 1
      next: check the last output of the server, and run it alone with 'sockbench run' until that run is valid

      head vs base: 2 valid pairs, 3 excluded

      Metrics
      metric                 verdict  base  head  ratio  interval  tolerated     MDE  p
      delivery.p50           INVALID     -     -      -  -         10 %, 200 µs    -  -
      fanout_last.p95        INVALID     -     -      -  -         15 %, 500 µs    -  -
      lost                   INVALID     -     -      -  -         0               -  -
      informational (not gating)
      delivery.p99           -           -     -      -  -         25 %, 1 ms      -  -
      traffic_per_delivery   -           -     -      -  -         1 %             -  -
      requests_per_delivery  -           -     -      -  -         1 %             -  -
      server_cpu             -           -     -      -  -         10 %            -  -
      sent                   -           -     -      -  -         1 %             -  -

      Excluded pairs
      - rounds 1, 2 and 3: head: server_died: the server exited with code 1"
    `);
  });

  it('has a section for each head, and a ranking', () => {
    expect(results(comparisons.several())).toMatchInlineSnapshot(`
      "REGRESSED vs ws: socketio, socketio polling REGRESSED
      REGRESSED: socketio vs ws: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; 5 pairs
      REGRESSED: socketio polling vs ws: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.70 ms; 5 pairs

      socketio vs ws: 5 valid pairs

      Metrics
      metric                  verdict          ws  socketio  ratio  interval   tolerated       MDE      p
      delivery.p50 ms         REGRESSED      1.21      1.71   1.40  1.33-1.48  10 %, 200 µs  +20 %  0.031
      fanout_last.p95 ms      INCONCLUSIVE   4.03      4.39   1.08  0.92-1.27  15 %, 500 µs  +30 %      1
      lost                    OK                0         0      -  -          0                 -      -
      informational (not gating)
      delivery.p99 ms         ok             7.06      7.18   1.01  0.97-1.04  25 %, 1 ms    +50 %      1
      traffic_per_delivery B  ok              106       108   1.01  0.97-1.04  1 %            +2 %      1
      requests_per_delivery   ok            0.554     0.564   1.01  0.97-1.04  1 %            +2 %      1
      server_cpu %            ok             23.2      23.6   1.01  0.97-1.04  10 %          +20 %      1
      sent/s                  ok              101       103   1.01  0.97-1.04  1 %            +2 %      1
      - interval: each bound is wrong in at most 3.13 % of comparisons
      - ratio: estimated from the ratio of each round, not from the medians
      - MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons
      - p: probability of a result at least as extreme if the growth is within the tolerance

      Ratio of each round
                       0.92      1                                             1.48
      delivery.p50               |           :                            3 2
                                                                     [-----x------]
      fanout_last.p95            |        3 2      :
                       [-------------------x-------------------]
      - o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval

      socketio polling vs ws: 5 valid pairs

      Metrics
                                                   socketio
      metric                  verdict          ws   polling  ratio  interval   tolerated       MDE      p
      delivery.p50 ms         REGRESSED      1.21      1.70   1.40  1.33-1.48  10 %, 200 µs  +20 %  0.031
      fanout_last.p95 ms      INCONCLUSIVE   4.03      4.37   1.08  0.92-1.27  15 %, 500 µs  +30 %      1
      lost                    OK                0         0      -  -          0                 -      -
      informational (not gating)
      delivery.p99 ms         ok             7.06      7.16   1.01  0.97-1.04  25 %, 1 ms    +50 %      1
      traffic_per_delivery B  ok              106       107   1.01  0.97-1.04  1 %            +2 %      1
      requests_per_delivery   ok            0.554     0.562   1.01  0.97-1.04  1 %            +2 %      1
      server_cpu %            ok             23.2      23.5   1.01  0.97-1.04  10 %          +20 %      1
      sent/s                  ok              101       102   1.01  0.97-1.04  1 %            +2 %      1
      - interval: each bound is wrong in at most 3.13 % of comparisons
      - MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons
      - p: probability of a result at least as extreme if the growth is within the tolerance

      Ratio of each round
                       0.92      1                                             1.48
      delivery.p50               |           :                           2oo o
                                                                     [-----x------]
      fanout_last.p95            |       2oo o     :
                       [-------------------x-------------------]
      - o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval

      Ranking
      - by delivery.p50: 1. ws (1.20 ms); 2. socketio (1.50 ms); 3. socketio polling (1.80 ms)
      - the order is significant: all pairs of arms tested together at alpha 2 %"
    `);
  });

  it('lists thresholds below a first line that counts those that failed', () => {
    expect(comparisonText(comparisons.thresholds()).split('\n').slice(0, 4)).toMatchInlineSnapshot(`
      [
        "OK: no regression in delivery.p50, fanout_last.p95, lost; 5 pairs; thresholds: 1 FAILED, 1 not judged of 3",
        "passed: lost==0: 0",
        "FAILED: delivery.p50<1ms: 1.2 ms",
        "not judged: delivery.p99<50ms: too few samples",
      ]
    `);
  });

  it('shows no number where there is none, even without a single round', () => {
    const invalid = comparisons.invalid();
    const early = makeComparison({ verdicts: { 'delivery.p50': 'INCONCLUSIVE' } });
    const heads = invalid.judgement.heads.map((pair) => ({
      ...pair,
      verdict: 'INCONCLUSIVE' as const,
      invalid: [],
      pairs: 0,
      excluded: [],
      metrics: pair.metrics.map((metric) => ({ ...metric, verdict: 'INCONCLUSIVE' as const })),
    }));
    const judgement = { ...early.judgement, verdict: 'INCONCLUSIVE' as const, rounds: 0, heads };
    const text = comparisonText({ ...early, status: 'partial', rounds: [], judgement });
    expect(text.split('\n')[0]).toBe('PARTIAL, INCONCLUSIVE: 0 of 5 required rounds; 0 pairs');
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('keeps to its lines whatever names it is given, and its tables fit a terminal', () => {
    const hostile = comparisonText(comparisons.hostile());
    for (const line of hostile.split('\n')) expect(line).toBe(plain(line));
    expect(hostile.split('\n').filter((line) => line.startsWith('delivery.p50'))).toHaveLength(2);
    for (const name of ['ok', 'regressed', 'inconclusive', 'several', 'excluded'] as const) {
      const [, table = ''] = /\n\nMetrics\n(.*?)\n- /s.exec(comparisonText(comparisons[name]())) ?? [];
      expect(table).toContain('delivery.p50');
      for (const line of table.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(100);
    }
  });
});

describe('Markdown of a comparison', () => {
  it('holds everything', () => {
    expect(comparisonMarkdown(comparisons.regressed())).toMatchInlineSnapshot(`
      "**REGRESSED: delivery.p50 1.40x (1.33-1.48), 1.21 ms -> 1.71 ms; lost 0 -> 10; 5 pairs**

      - next: fix the head, or tolerate more: --metric delivery.p50:GROWTH

      ### head vs base: 5 valid pairs

      #### Metrics

      | metric | verdict | base | head | ratio | interval | tolerated | MDE | p |
      | --- | --- | ---: | ---: | ---: | --- | --- | ---: | ---: |
      | delivery.p50 ms | REGRESSED | 1.21 | 1.71 | 1.40 | 1.33-1.48 | 10 %, 200 µs | +20 % | 0.031 |
      | fanout_last.p95 ms | OK | 4.03 | 4.10 | 1.01 | 0.97-1.04 | 15 %, 500 µs | +30 % | 1 |
      | lost | REGRESSED | 0 | 10 | - | - | 0 | - | - |
      | informational (not gating) |  |  |  |  |  |  |  |  |
      | delivery.p99 ms | ok | 7.06 | 7.18 | 1.01 | 0.97-1.04 | 25 %, 1 ms | +50 % | 1 |
      | traffic_per_delivery B | ok | 106 | 108 | 1.01 | 0.97-1.04 | 1 % | +2 % | 1 |
      | requests_per_delivery | ok | 0.554 | 0.564 | 1.01 | 0.97-1.04 | 1 % | +2 % | 1 |
      | server_cpu % | ok | 23.2 | 23.6 | 1.01 | 0.97-1.04 | 10 % | +20 % | 1 |
      | sent/s | ok | 101 | 103 | 1.01 | 0.97-1.04 | 1 % | +2 % | 1 |

      - interval: each bound is wrong in at most 3.13 % of comparisons
      - ratio: estimated from the ratio of each round, not from the medians
      - MDE: minimum detectable effect, reported as REGRESSED in nine of ten comparisons
      - p: probability of a result at least as extreme if the growth is within the tolerance

      <details><summary>Ratio of each round</summary>

      \`\`\`text
                           1                                                   1.48
      delivery.p50         |             :                               3 2
                                                                   [------x-------]
      fanout_last.p95      o2oo                :
                       [-----x---]
      - o: a round, or a digit for several; |: no change; ":": tolerance; [-x-]: estimate and interval
      \`\`\`

      </details>

      <details><summary>Design and environment</summary>

      #### Design

      | | |
      | --- | --- |
      | base | exec=node base.js |
      | head | exec=node head.js |
      | load | 5 clients, 25/s for 1s (constant), 64 B text, 1 worker, official driver, seed 1 |
      | rounds | 5 of at most 10; the first 5 were judged |
      | looks | after 5 at alpha 0.6 % and after 10 at alpha 1.4 %; the first decided |
      | false alarms | equal builds are reported as REGRESSED by ratio in at most 2 % of comparisons |
      | order | arms in random order in each round, seed 1 |
      | excluded | INVALID when more than 20 % of the pairs are excluded |
      | command line | sockbench gate broadcast-latency --target socketio |
      | started | 2026-03-04T05:06:07.891Z, took 123s, sockbench 0.1.0 |

      #### Environment

      | | |
      | --- | --- |
      | Node | v24.11.0, V8 13.6.233.10-node.28 |
      | socket.io-client | 4.8.4 |
      | commit | 0123456789abcdef0123456789abcdef01234567 |
      | CPU | 2 x Example CPU @ 2.50GHz, governor - |
      | pinned to | server on CPU 0, generator on CPU 1 |
      | CPU limit | none |
      | memory | 8192 MiB |
      | system | linux x64, kernel 6.1.0 |
      | CPU steal | at most 0.100 % in a run |
      | CPU pressure | at most 12.0 % in a run |
      | throttled | at most 0ms in a run |

      </details>
      "
    `);
  });

  it('has a heading for each head, and the ranking', () => {
    const headings = comparisonMarkdown(comparisons.several())
      .split('\n')
      .filter((line) => line.startsWith('### '));
    expect(headings).toEqual([
      '### socketio vs ws: 5 valid pairs',
      '### socketio polling vs ws: 5 valid pairs',
      '### Ranking',
    ]);
  });

  it('keeps every row of a table to its columns whatever names it is given', () => {
    const tables = comparisonMarkdown(comparisons.hostile())
      .split('\n\n')
      .map((block) => block.split('\n').filter((line) => line.startsWith('|')))
      .filter((lines) => lines.length > 0);
    expect(tables).toHaveLength(3);
    for (const lines of tables) {
      const widths = lines.map((line) => line.split(/(?<!\\)\|/).length);
      expect(new Set(widths).size).toBe(1);
    }
  });

  it('lets no tag through', () => {
    const markdown = comparisonMarkdown(comparisons.hostile()).replaceAll(/<\/?(details|summary)>/g, '');
    expect(HOSTILE).toContain('<');
    expect(markdown).not.toContain('<');
  });
});

describe('the table of metrics', () => {
  it('has no verdict but INCONCLUSIVE when the comparison ended before its first look', () => {
    const comparison = structuredClone(comparisons.regressed());
    comparison.judgement.rounds = 4;
    comparison.judgement.verdict = 'INCONCLUSIVE';
    const pair = firstHead(comparison);
    pair.verdict = 'INCONCLUSIVE';
    const verdicts = metricTable(comparison, pair).rows.map(([, verdict]) => verdict);
    expect(new Set(verdicts)).toEqual(new Set(['INCONCLUSIVE', undefined, 'inconclusive']));
    expect(comparisonText(comparison)).not.toContain('REGRESSED  ');
  });

  it('tolerates a share of a count only where the base has some', () => {
    const comparison = structuredClone(comparisons.ok());
    const lost = outcome(comparison, 'lost');
    const tolerated = () =>
      metricTable(comparison, firstHead(comparison)).rows.find(([name]) => name === 'lost')?.[6];
    expect(tolerated()).toBe('0');
    lost.base = 8;
    expect(tolerated()).toBe('25 %');
  });

  it('has the smallest detectable fall of a rate with its sign', () => {
    const comparison = structuredClone(comparisons.ok());
    outcome(comparison, 'sent').detectable = 0.96;
    const { rows } = metricTable(comparison, firstHead(comparison));
    expect(rows.find(([name]) => name === 'sent/s')?.[7]).toBe('-4 %');
  });

  it('claims no error rates where the base was not measured in turn', () => {
    for (const verdict of ['REGRESSED', 'IMPROVED', 'OK'] as const) {
      const comparison = makeComparison({
        baseline: 'main/rounds.json',
        verdicts: { 'delivery.p50': verdict },
      });
      const text = comparisonText(comparison) + renderGithubSummary(comparison);
      expect(text).not.toMatch(/at most \S+ % of comparisons|false alarms|at alpha/);
      expect(text.split('\n')[0]).toContain('; 5 pairs with a stored base');
      expect(text.split('\n')[1]).toMatch(/^the base was measured at another time/);
    }
  });
});

describe('circumstances', () => {
  const note = (comparison: Comparison) => comparisonText(comparison).split('\n')[1];

  it('are overloaded servers, whatever the verdict', () => {
    expect(note(overload(comparisons.ok(), [0, 3]))).toBe(
      'SERVER OVERLOADED in 3 of 5 rounds of head: latencies include a growing queue; reduce the load (--rate, --clients)',
    );
    expect(note(comparisons.overloaded())).toMatch(
      /^SERVER OVERLOADED in 5 of 5 rounds of base and 3 of 5 rounds of head: /,
    );
  });

  it('are rounds whose latency drifted', () => {
    const both = drift(comparisons.ok(), [2, 5], -0.123);
    expect(note(both)).toBe(
      'latency drifted within 2 of 5 rounds of base (median -12.3 %) and 5 of 5 rounds of head (median -12.3 %)',
    );
    expect(both.judgement).toEqual(comparisons.ok().judgement);
  });

  it('are the notes of the comparison, first of all', () => {
    const notes = [{ code: 'loads_differ' as const, message: 'the loads differ' }];
    expect(note({ ...comparisons.several(), notes })).toBe('note: the loads differ');
  });

  /** The comparison with these commands, base first; null for a server that runs already. */
  function started(comparison: Comparison, execs: ReadonlyArray<string | null>): Comparison {
    const arms = comparison.design.arms.map((arm, index) => ({
      ...arm,
      plan: { ...arm.plan, target: { ...arm.plan.target, exec: execs[index] ?? null } },
    }));
    return { ...comparison, design: { ...comparison.design, arms } };
  }

  it('are fresh processes only where the servers were started', () => {
    const ok = comparisons.ok();
    expect(turnsText(started(ok, ['node a.js', 'node b.js']))).toBe(
      'base and head ran in turn in every round. Every run had fresh processes.',
    );
    expect(turnsText(started(ok, ['node a.js', null]))).toBe(
      'base and head ran in turn in every round. The server of head ran already: only the load was started anew.',
    );
    expect(turnsText(started(ok, []))).toContain('The servers of base and head ran already: ');
    expect(turnsText(started(comparisons.stored(), ['node a.js', 'node a.js']))).toBe(
      'base is stored: it was measured at another time. Every run had fresh processes.',
    );
  });
});

describe('excluded pairs', () => {
  it('are listed once for each arm and code', () => {
    const comparison = excludedBy('send_lag');
    expect(excludedTexts(comparison, firstHead(comparison))).toEqual([
      'rounds 1, 2 and 4: head: send_lag: for example: it was bad',
    ]);
  });
});

describe('the ranking', () => {
  it('names the arms that do not differ significantly, and at which level the order is', () => {
    const comparison = comparisons.several();
    const places = [
      { arm: 0, rank: 1, value: 1e6, beats: [2] },
      { arm: 1, rank: 1, value: 1.1e6, beats: [] },
      { arm: 2, rank: 2, value: null, beats: [] },
    ];
    const judgement = { ...comparison.judgement, ranking: { metric: 'delivery.p50', places, minRounds: 5 } };
    expect(rankingTexts({ ...comparison, judgement })).toEqual([
      'by delivery.p50: 1. ws (1.00 ms), socketio (1.10 ms); 2. socketio polling',
      'ws and socketio do not differ significantly',
      'socketio and socketio polling do not differ significantly',
      'all pairs of arms tested together at alpha 2 %',
    ]);
    expect(rankingTexts(comparison).at(-1)).toBe(
      'the order is significant: all pairs of arms tested together at alpha 2 %',
    );
    expect(rankingTexts(comparisons.ok())).toEqual([]);
    const short = { ...judgement, rounds: 4 };
    expect(rankingTexts({ ...comparison, judgement: short })).toEqual([
      'by delivery.p50: 1. ws (1.00 ms), socketio (1.10 ms); 2. socketio polling',
      'sorted by estimates: 4 rounds are too few for a significant ranking of 3 arms; the minimum is 5',
    ]);
  });
});

describe('the severity', () => {
  it.each([
    ['ok', 'good'],
    ['improved', 'good'],
    ['inconclusive', 'warning'],
    ['partial', 'warning'],
    ['regressed', 'bad'],
    ['invalid', 'bad'],
    ['thresholds', 'bad'],
    ['overloaded', 'warning'],
  ] as const)('of %s is %s', (name, severity) => {
    expect(comparisonSeverity(comparisons[name]())).toBe(severity);
  });
});
