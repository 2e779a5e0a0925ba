import { describe, expect, it } from 'vitest';
import { renderComparisonText } from '../../src/report/content/comparison-text.ts';
import { plain } from '../../src/report/plain.ts';
import { comparisons, makeComparison } from './comparison-fixture.ts';

/** Without design and environment, which are the same in all. */
const findings = (text: string) => text.slice(0, text.indexOf('\n\ndesign\n'));

describe('text of a comparison', () => {
  it('says what regressed, by how much and how sure, then everything else', () => {
    expect(renderComparisonText(comparisons.regressed())).toMatchInlineSnapshot(`
      "REGRESSED: delivery.p50 of head is 1.40 times that of base (1.33 to 1.48), 1.68 ms instead of 1.2 ms; lost 10 instead of 0; 5 pairs, by ratios equal builds are called REGRESSED in at most 2 % of comparisons
      advice: mend the head, or tolerate more where it is meant: --metric delivery.p50:GROWTH

      head against base: 5 valid pairs
      metric                 verdict      base     head  ratio  interval      tolerated                     detectable      p
      delivery.p50           REGRESSED  1.2 ms  1.68 ms   1.40  1.33 to 1.48  10 % or 200 us                     +20 %  0.031
      fanout_last.p95        OK           4 ms  4.04 ms   1.01  0.97 to 1.04  15 % or 500 us                     +30 %      1
      lost                   REGRESSED       0       10      -  -             none where the base has none           -      -
      - told, not judged by:
      delivery.p99           ok           7 ms  7.07 ms   1.01  0.97 to 1.04  25 % or 1 ms                       +50 %      1
      traffic_per_delivery   ok          105 B    106 B   1.01  0.97 to 1.04  1 %                                 +2 %      1
      requests_per_delivery  ok           0.55    0.556   1.01  0.97 to 1.04  1 %                                 +2 %      1
      server_cpu             ok           23 %   23.2 %   1.01  0.97 to 1.04  10 %                               +20 %      1
      sent                   ok          100/s    101/s   1.01  0.97 to 1.04  1 %                                 +2 %      1
      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      ratio of each round
                           1                                                   1.48
      delivery.p50         |             :                               3 2
                                                                   [------x-------]
      fanout_last.p95      o2oo                :
                       [-----x---]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds

      design
      base          exec=node base.js
      head          exec=node head.js
      load          5 clients, 25/s for 1s (constant), 64 B text, 1 worker, official driver, seed 1
      rounds        5 of at most 10; judged by the first 5
      looks         after 5 at 0.6 % and after 10 at 1.4 % false alarms by ratios, 2 % in all; the first decided
      order         of the arms anew in each round, seed 1
      invalid       with more than 20 % of the pairs spoilt
      command line  gate broadcast-latency --target socketio
      started       2026-03-04T05:06:07.891Z, took 123s, sockbench 0.1.0

      environment
      Node              v24.11.0, V8 13.6.233.10-node.28
      socket.io         4.8.4
      socket.io-client  4.8.4
      ws                8.23.0
      commit            0123456789abcdef0123456789abcdef01234567
      CPU               2 x Example CPU @ 2.50GHz, governor -
      bound to          server on CPU 0, generator on CPU 1
      CPU limit         none
      memory            8192 MiB
      system            linux x64, kernel 6.1.0
      CPU steal         0.100 % at most in a run
      CPU pressure      12.0 % at most in a run
      throttled         0ms at most in a run
      "
    `);
  });

  it('says what improved', () => {
    expect(findings(renderComparisonText(comparisons.improved()))).toMatchInlineSnapshot(`
      "IMPROVED: delivery.p50 of head is 0.60 times that of base (0.55 to 0.66), 720 us instead of 1.2 ms; 5 pairs, by ratios equal builds are called IMPROVED in at most 2 % of comparisons

      head against base: 5 valid pairs
      metric                 verdict     base     head  ratio  interval      tolerated                     detectable      p
      delivery.p50           IMPROVED  1.2 ms   720 us   0.60  0.55 to 0.66  10 % or 200 us                     +20 %  0.031
      fanout_last.p95        OK          4 ms  4.04 ms   1.01  0.97 to 1.04  15 % or 500 us                     +30 %      1
      lost                   OK             0        0      -  -             none where the base has none           -      -
      - told, not judged by:
      delivery.p99           ok          7 ms  7.07 ms   1.01  0.97 to 1.04  25 % or 1 ms                       +50 %      1
      traffic_per_delivery   ok         105 B    106 B   1.01  0.97 to 1.04  1 %                                 +2 %      1
      requests_per_delivery  ok          0.55    0.556   1.01  0.97 to 1.04  1 %                                 +2 %      1
      server_cpu             ok          23 %   23.2 %   1.01  0.97 to 1.04  10 %                               +20 %      1
      sent                   ok         100/s    101/s   1.01  0.97 to 1.04  1 %                                 +2 %      1
      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      ratio of each round
                       0.55                                            1       1.15
      delivery.p50           22o                                       |      :
                       [------x-------]
      fanout_last.p95                                                  32         :
                                                                    [---x-]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds"
    `);
  });

  it('says of what is fine how much worse it may be, and what would have been noticed', () => {
    expect(findings(renderComparisonText(comparisons.ok()))).toMatchInlineSnapshot(`
      "OK: head is not worse than base by delivery.p50 and fanout_last.p95, nothing lost in either; 5 pairs; growth of fanout_last.p95 by 30 % or more would have been noticed in nine of ten comparisons

      head against base: 5 valid pairs
      metric                 verdict    base     head  ratio  interval      tolerated                     detectable  p
      delivery.p50           OK       1.2 ms  1.21 ms   1.01  0.97 to 1.04  10 % or 200 us                     +20 %  1
      fanout_last.p95        OK         4 ms  4.04 ms   1.01  0.97 to 1.04  15 % or 500 us                     +30 %  1
      lost                   OK            0        0      -  -             none where the base has none           -  -
      - told, not judged by:
      delivery.p99           ok         7 ms  7.07 ms   1.01  0.97 to 1.04  25 % or 1 ms                       +50 %  1
      traffic_per_delivery   ok        105 B    106 B   1.01  0.97 to 1.04  1 %                                 +2 %  1
      requests_per_delivery  ok         0.55    0.556   1.01  0.97 to 1.04  1 %                                 +2 %  1
      server_cpu             ok         23 %   23.2 %   1.01  0.97 to 1.04  10 %                               +20 %  1
      sent                   ok        100/s    101/s   1.01  0.97 to 1.04  1 %                                 +2 %  1
      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      ratio of each round
                       0.97       1                                            1.15
      delivery.p50                o2   oo                          :
                       [-------------x---------]
      fanout_last.p95             o2   oo                                         :
                       [-------------x---------]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds"
    `);
  });

  it('says what would help where nothing can be told', () => {
    expect(findings(renderComparisonText(comparisons.inconclusive()))).toMatchInlineSnapshot(`
      "INCONCLUSIVE: whether head is worse than base cannot be told: delivery.p50 of head is 1.08 times that of base (0.92 to 1.27), 1.3 ms instead of 1.2 ms, tolerated 10 % more; 5 pairs; only growth of delivery.p50 by 20 % or more would have been noticed in nine of ten comparisons
      advice: to be able to tell delivery.p50: more rounds (--rounds 20), a quieter machine

      head against base: 5 valid pairs
      metric                 verdict         base     head  ratio  interval      tolerated                     detectable  p
      delivery.p50           INCONCLUSIVE  1.2 ms   1.3 ms   1.08  0.92 to 1.27  10 % or 200 us                     +20 %  1
      fanout_last.p95        OK              4 ms  4.04 ms   1.01  0.97 to 1.04  15 % or 500 us                     +30 %  1
      lost                   OK                 0        0      -  -             none where the base has none           -  -
      - told, not judged by:
      delivery.p99           ok              7 ms  7.07 ms   1.01  0.97 to 1.04  25 % or 1 ms                       +50 %  1
      traffic_per_delivery   ok             105 B    106 B   1.01  0.97 to 1.04  1 %                                 +2 %  1
      requests_per_delivery  ok              0.55    0.556   1.01  0.97 to 1.04  1 %                                 +2 %  1
      server_cpu             ok              23 %   23.2 %   1.01  0.97 to 1.04  10 %                               +20 %  1
      sent                   ok             100/s    101/s   1.01  0.97 to 1.04  1 %                                 +2 %  1
      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      ratio of each round
                       0.92           1                                        1.27
      delivery.p50                    |            3 oo :
                       [----------------------------x-----------------------------]
      fanout_last.p95                 o2 2                      :
                                 [------x----]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds"
    `);
  });

  it('says why nothing can be said, and what to do about it', () => {
    expect(findings(renderComparisonText(comparisons.invalid()))).toMatchInlineSnapshot(`
      "INVALID: nothing can be said of head against base: 3 of 5 pairs were excluded: the server exited with code 1
      advice: a server did not hold out: look at its last lines, and run it alone with 'sockbench run' until that is valid

      head against base: 2 valid pairs, 3 more spoilt
      metric                 verdict  base  head  ratio  interval  tolerated                     detectable  p
      delivery.p50           INVALID     -     -      -  -         10 % or 200 us                         -  -
      fanout_last.p95        INVALID     -     -      -  -         15 % or 500 us                         -  -
      lost                   INVALID     -     -      -  -         none where the base has none           -  -
      - told, not judged by:
      delivery.p99           -           -     -      -  -         25 % or 1 ms                           -  -
      traffic_per_delivery   -           -     -      -  -         1 %                                    -  -
      requests_per_delivery  -           -     -      -  -         1 %                                    -  -
      server_cpu             -           -     -      -  -         10 %                                   -  -
      sent                   -           -     -      -  -         1 %                                    -  -

      excluded
      - rounds 1, 2 and 3: head: server_died: the server exited with code 1"
    `);
  });

  it('has a section for each head, and a ranking', () => {
    expect(findings(renderComparisonText(comparisons.several()))).toMatchInlineSnapshot(`
      "REGRESSED: against ws: socketio, socketio polling REGRESSED
      REGRESSED: socketio is slower than ws: delivery.p50 of socketio is 1.40 times that of ws (1.33 to 1.48), 1.68 ms instead of 1.2 ms; 5 pairs, by ratios equal arms are called REGRESSED in at most 2 % of comparisons
      REGRESSED: socketio polling is slower than ws: delivery.p50 of socketio polling is 1.40 times that of ws (1.33 to 1.48), 1.68 ms instead of 1.2 ms; 5 pairs, by ratios equal arms are called REGRESSED in at most 2 % of comparisons

      socketio against ws: 5 valid pairs
      metric                 verdict           ws  socketio  ratio  interval      tolerated                     detectable      p
      delivery.p50           REGRESSED     1.2 ms   1.68 ms   1.40  1.33 to 1.48  10 % or 200 us                     +20 %  0.031
      fanout_last.p95        INCONCLUSIVE    4 ms   4.32 ms   1.08  0.92 to 1.27  15 % or 500 us                     +30 %      1
      lost                   OK                 0         0      -  -             none where the base has none           -      -
      - told, not judged by:
      delivery.p99           ok              7 ms   7.07 ms   1.01  0.97 to 1.04  25 % or 1 ms                       +50 %      1
      traffic_per_delivery   ok             105 B     106 B   1.01  0.97 to 1.04  1 %                                 +2 %      1
      requests_per_delivery  ok              0.55     0.556   1.01  0.97 to 1.04  1 %                                 +2 %      1
      server_cpu             ok              23 %    23.2 %   1.01  0.97 to 1.04  10 %                               +20 %      1
      sent                   ok             100/s     101/s   1.01  0.97 to 1.04  1 %                                 +2 %      1
      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      ratio of each round
                       0.92      1                                             1.48
      delivery.p50               |           :                            3 2
                                                                     [-----x------]
      fanout_last.p95            |        3 2      :
                       [-------------------x-------------------]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds

      socketio polling against ws: 5 valid pairs
      metric                 verdict           ws  socketio polling  ratio  interval      tolerated                     detectable      p
      delivery.p50           REGRESSED     1.2 ms           1.68 ms   1.40  1.33 to 1.48  10 % or 200 us                     +20 %  0.031
      fanout_last.p95        INCONCLUSIVE    4 ms           4.32 ms   1.08  0.92 to 1.27  15 % or 500 us                     +30 %      1
      lost                   OK                 0                 0      -  -             none where the base has none           -      -
      - told, not judged by:
      delivery.p99           ok              7 ms           7.07 ms   1.01  0.97 to 1.04  25 % or 1 ms                       +50 %      1
      traffic_per_delivery   ok             105 B             106 B   1.01  0.97 to 1.04  1 %                                 +2 %      1
      requests_per_delivery  ok              0.55             0.556   1.01  0.97 to 1.04  1 %                                 +2 %      1
      server_cpu             ok              23 %            23.2 %   1.01  0.97 to 1.04  10 %                               +20 %      1
      sent                   ok             100/s             101/s   1.01  0.97 to 1.04  1 %                                 +2 %      1
      - either bound of an interval is wrong in at most 3.13 % of comparisons
      - detectable: what would have been called REGRESSED in nine of ten comparisons
      - p: how often chance alone shows as much beyond what is tolerated

      ratio of each round
                       0.92      1                                             1.48
      delivery.p50               |           :                           2oo o
                                                                     [-----x------]
      fanout_last.p95            |       2oo o     :
                       [-------------------x-------------------]
      - o: a round, or a digit for several; |: no difference; ":": tolerated up to here; [-x-]: estimate and bounds

      ranking
      - by delivery.p50: 1. ws (1.2 ms); 2. socketio (1.5 ms); 3. socketio polling (1.8 ms)
      - every difference between two of them is real"
    `);
  });

  it('begins with PARTIAL where it ended early, and with what is told, not judged by, after that', () => {
    expect(renderComparisonText(comparisons.partial()).split('\n').slice(0, 4)).toMatchInlineSnapshot(`
      [
        "PARTIAL, INCONCLUSIVE: whether head is worse than base cannot be told: delivery.p50 of head is 1.08 times that of base (0.92 to 1.27), 1.3 ms instead of 1.2 ms, tolerated 10 % more; 5 pairs; only growth of delivery.p50 by 20 % or more would have been noticed in nine of ten comparisons",
        "note: ended by the user after round 5",
        "advice: it was cut short: let it end",
        "",
      ]
    `);
    expect(renderComparisonText(comparisons.warned()).split('\n').slice(0, 2)).toMatchInlineSnapshot(`
      [
        "OK: head is not worse than base by delivery.p50 and fanout_last.p95, nothing lost in either; 5 pairs; growth of fanout_last.p95 by 30 % or more would have been noticed in nine of ten comparisons; but delivery.p99, which is told only, is 1.40 times that of base",
        "told, not judged by: delivery.p99 of head is 1.40 times that of base (1.33 to 1.48), 9.8 ms instead of 7 ms",
      ]
    `);
  });

  it('counts the thresholds that failed in its first line and lists all of them', () => {
    const [first, ...rest] = renderComparisonText(comparisons.thresholds()).split('\n');
    expect(first).toMatch(/; thresholds: 1 FAILED, 1 not judged of 3$/);
    expect(rest.slice(0, 3)).toEqual([
      'passed: lost==0 (0)',
      'FAILED: delivery.p50<1ms (1.2 ms)',
      'not judged: delivery.p99<50ms (too few samples)',
    ]);
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
    const text = renderComparisonText({
      ...early,
      status: 'partial',
      rounds: [],
      judgement: { ...early.judgement, verdict: 'INCONCLUSIVE', rounds: 0, heads },
    });
    expect(text.split('\n')[0]).toBe(
      'PARTIAL, INCONCLUSIVE: whether head is worse than base cannot be told: 0 rounds of the 5 that it takes; 0 pairs',
    );
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('keeps to its lines whatever names it is given', () => {
    const hostile = renderComparisonText(comparisons.hostile());
    for (const line of hostile.split('\n')) expect(line).toBe(plain(line));
    expect(hostile.split('\n').filter((line) => line.startsWith('delivery.p50'))).toHaveLength(2);
  });
});
