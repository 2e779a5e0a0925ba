import { describe, expect, it } from 'vitest';
import { resultFacts } from '../../src/report/content/run-facts.ts';
import { processBlocks } from '../../src/report/content/run-tables.ts';
import {
  overallVerdict,
  runSeverity,
  validityWord,
  verdict,
  verdictNotes,
} from '../../src/report/content/run-verdict.ts';
import { displayWidth, plain } from '../../src/report/plain.ts';
import type { Finding } from '../../src/result/findings.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { HOSTILE, results } from './fixture.ts';
import { runMarkdown, runText, summaryText } from './renderings.ts';

const head = (text: string, lines: number) => text.split('\n').slice(0, lines).join('\n');

describe('text of one result', () => {
  it('begins with the verdict and fits everything on a screen', () => {
    expect(runText(results.valid())).toMatchInlineSnapshot(`
      "VALID

      broadcast-latency on socketio websocket
      20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      Latency
      target                 p50 ms   p95 ms   p99 ms  p99.9 ms  max ms  slowest p50 ms  slowest p99 ms
      socketio websocket       1.21     2.23     3.95         -    15.5            2.38            13.4
        95 % interval     1.17-1.25  2.1-2.4  2.8-8.5                         2.34-2.43           11-15
      - p99.9 needs 3,688 broadcasts; this run has 1,000

      Delivery
      target              sent/s  expected  delivered  late  lost  duplicates  out of order  unexpected
      socketio websocket     100    20,000     20,000     0     0           0             0           0

      Cost
                          server CPU/  generator CPU/      bytes/      generator  uncertainty
      target              delivery µs     delivery µs  delivery B  utilization %       p99 µs
      socketio websocket          117            89.0         105           17.8         98.9
        95 % interval                                                                  70-220

      Run
      rate           100/s sent of 100/s intended (1,000 of 1,000 messages)
      clients        20 of 20 connected
      samples        1,000 broadcasts
      receive times  by the generator, sockets of the driver
      warm-up        3s, stable

      Every series
                                                                                  p99.9           mean
      series                count     p50 µs     p90 µs      p95 µs       p99 µs     µs  max µs     µs
      delivery             20,000      1,210      1,930       2,230        3,950      -  15,500  1,340
        95 % interval              1170-1250  1850-2020   2100-2400    2800-8500
      delivery_actual      20,000      1,190      1,910       2,210        3,930      -  15,400  1,320
        95 % interval              1150-1230  1830-2000   2000-2400    2800-8500
      fanout_first          1,000        633        775         814          897      -   1,090    634
        95 % interval                624-642    760-790     800-840      860-990
      fanout_median         1,000      1,180      1,340       1,380        1,520      -   1,610  1,190
        95 % interval              1170-1200  1320-1360   1370-1410    1480-1600
      fanout_last           1,000      2,380      7,040       9,180       13,400      -  15,500  3,330
        95 % interval              2340-2430  6300-7600  8200-10100  11000-15000
      fanout_skew           1,000      1,750      6,440       8,460       12,700      -  15,000  2,690
        95 % interval              1710-1790  5700-6900   7600-9600  10000-15000
      send_lag              1,000       1.49       1.89        1.94         1.98      -    1.99   1.50
        95 % interval              1.46-1.53  1.88-1.91   1.93-1.96    1.98-1.99
      connect                  20      5,050          -           -            -      -  11,300  5,420
        95 % interval              4400-6000
      receive_uncertainty  20,000       30.2       48.2        55.7         98.9      -     386   33.6
        95 % interval              29.4-31.1      46-51       52-60       70-220
      - a dash: too few independent samples for an interval (p50 6, p90 36, p95 72, p99 368, p99.9 3,688); all receivers of one broadcast count as one sample, and correlated samples as fewer

      Processes
                    CPU     event-loop   without   delay   delay    GC  GC max   RSS  buffered
      process         %  utilization %  pacing %  p99 ms  max ms    ms      ms   MiB       MiB
      server       23.3           23.3      23.3   0.798    3.40  16.2    2.00  96.5         0
      generator 1  17.8           27.8      17.8   0.751    3.78  27.0    2.00  96.5         0
      "
    `);
  });

  it('shows a dash for a quantile without enough samples and states how many it needs', () => {
    expect(head(runText(results.fewSamples()), 11)).toMatchInlineSnapshot(`
      "VALID

      broadcast-latency on socketio websocket
      20 clients, 10/s for 3s (constant), 64 B text, 1 worker, official driver, seed 1

      Latency
      target               p50 ms  p95 ms  p99 ms  p99.9 ms  max ms  slowest p50 ms  slowest p99 ms
      socketio websocket     1.16       -       -         -    10.3            2.42               -
        95 % interval     1.0-1.5                                           2.2-2.6
      - p95 needs 72 broadcasts; this run has 30
      - p99 needs 368 broadcasts; this run has 30"
    `);
  });

  it('counts requests instead of broadcasts for acknowledgements', () => {
    expect(head(runText(results.ack()), 9)).toMatchInlineSnapshot(`
      "VALID

      ack-roundtrip on socketio websocket
      20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      Latency
      target                 p50 ms     p95 ms   p99 ms  p99.9 ms  max ms
      socketio websocket      0.595       1.12     3.35         -    6.93
        95 % interval     0.57-0.62  1.05-1.24  1.5-5.5"
    `);
  });

  it('shows what is known of a run that recorded nothing', () => {
    expect(runText(results.empty())).toMatchInlineSnapshot(`
      "PARTIAL, INVALID: the server exited with code 1
      next: check the last output of the server, and run it alone with 'sockbench run' until that run is valid

      broadcast-latency on socketio websocket
      20 clients, 1/s for 1s (constant), 64 B text, 1 worker, official driver, seed 1

      Latency
      target              validity
      socketio websocket  INVALID, partial

      Delivery
      target              sent/s  expected  delivered  late  lost  duplicates  out of order  unexpected
      socketio websocket       0         0          0     0     0           0             0           0

      Run
      rate           0/s sent of 0/s intended (0 of 0 messages)
      clients        20 of 20 connected
      samples        0 broadcasts
      receive times  by the generator, sockets of the driver
      warm-up        3s, stable
      "
    `);
  });

  it('reports losses, overload and thresholds', () => {
    const overloaded = runText(results.overloaded());
    expect(overloaded).toMatch(
      /expected {2}delivered {2}late {2}lost .*\n\S+ \S+ +100 +20,000 +19,960 +0 +40 /,
    );
    expect(overloaded).toContain('1,000 broadcasts; 40 not received by all');
    expect(runText(results.thresholds()).split('\n').slice(0, 4)).toEqual([
      'VALID',
      'passed: lost==0: 0',
      'FAILED: delivery.p50<1ms: 1.2 ms',
      'not judged: delivery.p99<50ms: too few samples',
    ]);
  });

  it('shows the intended rate where it was not held, and what a dead generator process leaves unknown', () => {
    const valid = results.valid();
    expect(runText(valid)).not.toMatch(/intended\/s|unknown/);
    const text = runText({
      ...valid,
      rate: {
        ...valid.rate,
        sent: 801,
        achievedHz: 80.1,
        unsent: [{ reason: 'sender dropped', count: 199 }],
      },
      ledger: { ...valid.ledger, delivered: 19_000, unknown: 1000 },
    });
    expect(text).toMatch(/sent\/s {2}intended\/s .* unknown/);
    expect(text).toContain('80.1/s sent of 100/s intended (801 of 1,000 messages); 199 sender dropped');
  });

  it('reports how clients and the warm-up fared', () => {
    const valid = results.valid();
    const text = runText({
      ...valid,
      clients: {
        planned: 20,
        connected: 19,
        failures: [{ reason: 'timeout', count: 1 }],
        dropped: [{ reason: 'ping timeout', count: 2 }],
        closed: [{ reason: '1000', count: 3 }],
      },
      warmup: {
        durationMs: 10_000,
        stable: false,
        endedBy: 'maximum',
        windowMs: 1000,
        windowMediansNs: [1e6, 2e6, 3e6, null],
      },
    });
    expect(text).toContain(
      '19 of 20 connected; failed: 1 timeout; dropped: 2 ping timeout; closed by the scenario: 1000 (3)',
    );
    expect(text).toContain('10s, did not stabilize: ended by its maximum (last medians 2.00 ms, 3.00 ms, -)');
  });

  it('keeps to its lines and to the terminal whatever names it is given', () => {
    const hostile = runText(results.hostile());
    const tame = runText({ ...results.hostile(), plan: results.valid().plan });
    expect(hostile.split('\n').length).toBeGreaterThanOrEqual(tame.split('\n').length);
    for (const line of hostile.split('\n')) expect(line).toBe(plain(line));
    for (const make of [results.valid, results.polling, results.fewSamples, results.cluster]) {
      const tables = runText(make())
        .split('\n')
        .filter((line) => !line.startsWith('-'));
      for (const line of tables) expect(displayWidth(line)).toBeLessThanOrEqual(100);
    }
  });
});

describe('text of several results', () => {
  it('has a section for each scenario and one row for each result', () => {
    const all = [results.valid(), results.polling(), results.ws(), results.ack(), results.invalid()];
    expect(runText(...all)).toMatchInlineSnapshot(`
      "4 VALID, 1 INVALID of 5 results
      socketio websocket, broadcast-latency (2): INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms

      broadcast-latency
      20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      Latency
                                                             p99.9   max    slowest  slowest
      target                     p50 ms     p95 ms   p99 ms     ms    ms     p50 ms   p99 ms  validity
      socketio websocket           1.21       2.23     3.95      -  15.5       2.38     13.4  valid
        95 % interval         1.17-1.25    2.1-2.4  2.8-8.5               2.34-2.43    11-15
      socketio polling             3.41       6.31     11.8      -  61.7       6.81     36.3  valid
        95 % interval         3.32-3.52    5.9-6.8     8-25                 6.6-7.0    31-47
      ws                          0.401      0.734     1.21      -  6.65      0.803     4.31  valid
        95 % interval         0.39-0.42  0.69-0.79  0.9-2.9               0.78-0.82  3.8-4.9
      socketio websocket (2)       1.21       2.20     4.02      -  15.5       2.41     12.4  INVALID
        95 % interval         1.17-1.25    2.1-2.4  2.8-9.1               2.36-2.45    11-15
      - p99.9 needs 3,688 broadcasts; runs with a dash have 1,000

      Delivery
                                                                                   out of
      target                  sent/s  expected  delivered  late  lost  duplicates   order  unexpected
      socketio websocket         100    20,000     20,000     0     0           0       0           0
      socketio polling           100    20,000     20,000     0     0           0       0           0
      ws                         100    20,000     20,000     0     0           0       0           0
      socketio websocket (2)     100    20,000     19,993     0     7           0       0           0

      Cost
                                server  generator
                                  CPU/       CPU/    bytes/             empty    generator
                              delivery   delivery  delivery  requests/  polls  utilization  uncertainty
      target                        µs         µs         B   delivery      %            %       p99 µs
      socketio websocket           117       89.0       105          0      -         17.8         98.9
        95 % interval                                                                            70-220
      socketio polling             114       88.3       355      0.550   25.0         17.7          295
        95 % interval                                                                           200-610
      ws                           113       91.3       105          0      -         18.3         30.4
        95 % interval                                                                             23-73
      socketio websocket (2)       115       89.5       105          0      -         17.9          100
        95 % interval                                                                            70-230

      ack-roundtrip on socketio websocket
      20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      Latency
      target                 p50 ms     p95 ms   p99 ms  p99.9 ms  max ms
      socketio websocket      0.595       1.12     3.35         -    6.93
        95 % interval     0.57-0.62  1.05-1.24  1.5-5.5
      - p99.9 needs 3,688 requests; this run has 1,000

      Delivery
      target              sent/s  expected  delivered  late  lost  duplicates  out of order  unexpected
      socketio websocket     100     1,000      1,000     0     0           0             0           0

      Cost
                          server CPU/  generator CPU/      bytes/      generator  uncertainty
      target              delivery ms     delivery ms  delivery B  utilization %       p99 µs
      socketio websocket         2.33            1.78         200           17.8         83.8
        95 % interval                                                                  30-140
      "
    `);
  });
});

describe('the table of npm run bench', () => {
  it('has one row for each result, grouped by scenario', () => {
    const all = [results.valid(), results.ws(), results.overloaded(), results.ack()];
    expect(summaryText(...all)).toMatchInlineSnapshot(`
      "4 VALID, 1 SERVER OVERLOADED of 4 results
      socketio websocket, broadcast-latency (2): VALID, SERVER OVERLOADED: latency grew from 5 ms to 900 ms; 40 messages lost at the deadline

      Summary
                                                                                                   bytes/
                                                    slowest  slowest                server CPU/  delivery
      target                     p50 ms   p99 ms     p50 ms   p99 ms  sent/s  lost  delivery µs         B
      broadcast-latency
      socketio websocket           1.21     3.95       2.38     13.4     100     0          117       105
        95 % interval         1.17-1.25  2.8-8.5  2.34-2.43    11-15
      ws                          0.401     1.21      0.803     4.31     100     0          113       105
        95 % interval         0.39-0.42  0.9-2.9  0.78-0.82  3.8-4.9
      socketio websocket (2)       90.6      259        177      848     100    40          115       105
        95 % interval             88-94  200-610    173-182  780-990
      ack-roundtrip
      socketio websocket          0.595     3.35          -        -     100     0        2,330       200
        95 % interval         0.57-0.62  1.5-5.5
      "
    `);
  });
});

describe('Markdown', () => {
  it('of one result holds everything', () => {
    expect(runMarkdown(results.valid())).toMatchInlineSnapshot(`
      "**VALID**

      ### broadcast-latency on socketio websocket

      20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      #### Latency

      | target | p50 ms | p95 ms | p99 ms | p99.9 ms | max ms | slowest p50 ms | slowest p99 ms |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | 1.21<br><sub>1.17-1.25</sub> | 2.23<br><sub>2.1-2.4</sub> | 3.95<br><sub>2.8-8.5</sub> | - | 15.5 | 2.38<br><sub>2.34-2.43</sub> | 13.4<br><sub>11-15</sub> |

      - below a figure: its 95 % interval
      - p99.9 needs 3,688 broadcasts; this run has 1,000

      #### Delivery

      | target | sent/s | expected | delivered | late | lost | duplicates | out of order | unexpected |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | 100 | 20,000 | 20,000 | 0 | 0 | 0 | 0 | 0 |

      #### Cost

      | target | server CPU/delivery µs | generator CPU/delivery µs | bytes/delivery B | generator utilization % | uncertainty p99 µs |
      | --- | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | 117 | 89.0 | 105 | 17.8 | 98.9<br><sub>70-220</sub> |

      - below a figure: its 95 % interval

      #### Run

      | | |
      | --- | --- |
      | rate | 100/s sent of 100/s intended (1,000 of 1,000 messages) |
      | clients | 20 of 20 connected |
      | samples | 1,000 broadcasts |
      | receive times | by the generator, sockets of the driver |
      | warm-up | 3s, stable |

      <details><summary>Every series</summary>

      | series | count | p50 µs | p90 µs | p95 µs | p99 µs | p99.9 µs | max µs | mean µs | meaning |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
      | delivery | 20,000 | 1,210<br><sub>1170-1250</sub> | 1,930<br><sub>1850-2020</sub> | 2,230<br><sub>2100-2400</sub> | 3,950<br><sub>2800-8500</sub> | - | 15,500 | 1,340 | intended send to receipt, per receiver |
      | delivery_actual | 20,000 | 1,190<br><sub>1150-1230</sub> | 1,910<br><sub>1830-2000</sub> | 2,210<br><sub>2000-2400</sub> | 3,930<br><sub>2800-8500</sub> | - | 15,400 | 1,320 | actual send to receipt, per receiver |
      | fanout_first | 1,000 | 633<br><sub>624-642</sub> | 775<br><sub>760-790</sub> | 814<br><sub>800-840</sub> | 897<br><sub>860-990</sub> | - | 1,090 | 634 | intended send to the first receiver, per broadcast |
      | fanout_median | 1,000 | 1,180<br><sub>1170-1200</sub> | 1,340<br><sub>1320-1360</sub> | 1,380<br><sub>1370-1410</sub> | 1,520<br><sub>1480-1600</sub> | - | 1,610 | 1,190 | intended send to the median receiver, per broadcast |
      | fanout_last | 1,000 | 2,380<br><sub>2340-2430</sub> | 7,040<br><sub>6300-7600</sub> | 9,180<br><sub>8200-10100</sub> | 13,400<br><sub>11000-15000</sub> | - | 15,500 | 3,330 | intended send to the last receiver reached, per broadcast |
      | fanout_skew | 1,000 | 1,750<br><sub>1710-1790</sub> | 6,440<br><sub>5700-6900</sub> | 8,460<br><sub>7600-9600</sub> | 12,700<br><sub>10000-15000</sub> | - | 15,000 | 2,690 | first receiver to last receiver reached, per broadcast |
      | send_lag | 1,000 | 1.49<br><sub>1.46-1.53</sub> | 1.89<br><sub>1.88-1.91</sub> | 1.94<br><sub>1.93-1.96</sub> | 1.98<br><sub>1.98-1.99</sub> | - | 1.99 | 1.50 | intended to actual send: how late the generator was |
      | connect | 20 | 5,050<br><sub>4400-6000</sub> | - | - | - | - | 11,300 | 5,420 | start of connecting to ready for use, per connection |
      | receive_uncertainty | 20,000 | 30.2<br><sub>29.4-31.1</sub> | 48.2<br><sub>46-51</sub> | 55.7<br><sub>52-60</sub> | 98.9<br><sub>70-220</sub> | - | 386 | 33.6 | upper bound on the error of a receive time, per message |

      - below a figure: its 95 % interval
      - a dash: too few independent samples for an interval (p50 6, p90 36, p95 72, p99 368, p99.9 3,688); all receivers of one broadcast count as one sample, and correlated samples as fewer

      </details>

      <details><summary>Processes</summary>

      | process | CPU % | event-loop utilization % | without pacing % | delay p99 ms | delay max ms | GC ms | GC max ms | RSS MiB | buffered MiB |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | server | 23.3 | 23.3 | 23.3 | 0.798 | 3.40 | 16.2 | 2.00 | 96.5 | 0 |
      | generator 1 | 17.8 | 27.8 | 17.8 | 0.751 | 3.78 | 27.0 | 2.00 | 96.5 | 0 |

      </details>

      <details><summary>Plan and environment</summary>

      #### Plan

      | | |
      | --- | --- |
      | scenario | broadcast-latency |
      | publishers | 1 |
      | excludeSender | false |
      | target | socketio |
      | protocol | socketio |
      | url | - |
      | command | - |
      | transport | websocket |
      | driver | official |
      | clients | 20 |
      | workers | 1, pinned where possible |
      | rate | 100/s for 10s, constant |
      | payload | 64 B text |
      | duration | 10s |
      | warm-up | 2s to 10s |
      | drain | at most 5s |
      | late after | 1s |
      | connecting | 500/s, timeout 10s |
      | seed | 1 |
      | thresholds | - |

      #### Environment

      | | |
      | --- | --- |
      | started | 2026-03-04T05:06:07.891Z |
      | took | start 350ms, connect 420ms, warm-up 3s, measure 10s, drain 12ms, collect 30ms |
      | command line | sockbench run broadcast-latency --target socketio |
      | sockbench | 0.1.0 |
      | Node | v24.11.0, V8 13.6.233.10-node.28 |
      | socket.io-client | 4.8.4 |
      | commit | 0123456789abcdef0123456789abcdef01234567 |
      | CPU | 2 x Example CPU @ 2.50GHz, governor - |
      | pinned to | server on CPU 0, generator on CPU 1 |
      | CPU limit | none |
      | memory | 8192 MiB |
      | system | linux x64, kernel 6.1.0 |
      | CPU steal | 0.100 % |
      | throttled | 0ms |
      | CPU pressure | 12.0 % |
      | snapshot cost | at most 0.42 ms |

      </details>
      "
    `);
  });

  it('of several results holds the verdicts and the main tables', () => {
    expect(runMarkdown(results.valid(), results.invalid())).toMatchInlineSnapshot(`
      "**1 VALID, 1 INVALID of 2 results**

      - socketio websocket, broadcast-latency (2): INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms

      ### broadcast-latency

      20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      #### Latency

      | target | p50 ms | p95 ms | p99 ms | p99.9 ms | max ms | slowest p50 ms | slowest p99 ms | validity |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
      | socketio websocket | 1.21<br><sub>1.17-1.25</sub> | 2.23<br><sub>2.1-2.4</sub> | 3.95<br><sub>2.8-8.5</sub> | - | 15.5 | 2.38<br><sub>2.34-2.43</sub> | 13.4<br><sub>11-15</sub> | valid |
      | socketio websocket (2) | 1.21<br><sub>1.17-1.25</sub> | 2.20<br><sub>2.1-2.4</sub> | 4.02<br><sub>2.8-9.1</sub> | - | 15.5 | 2.41<br><sub>2.36-2.45</sub> | 12.4<br><sub>11-15</sub> | INVALID |

      - below a figure: its 95 % interval
      - p99.9 needs 3,688 broadcasts; runs with a dash have 1,000

      #### Delivery

      | target | sent/s | expected | delivered | late | lost | duplicates | out of order | unexpected |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | 100 | 20,000 | 20,000 | 0 | 0 | 0 | 0 | 0 |
      | socketio websocket (2) | 100 | 20,000 | 19,993 | 0 | 7 | 0 | 0 | 0 |

      #### Cost

      | target | server CPU/delivery µs | generator CPU/delivery µs | bytes/delivery B | generator utilization % | uncertainty p99 µs |
      | --- | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | 117 | 89.0 | 105 | 17.8 | 98.9<br><sub>70-220</sub> |
      | socketio websocket (2) | 115 | 89.5 | 105 | 17.9 | 100<br><sub>70-230</sub> |

      - below a figure: its 95 % interval
      "
    `);
  });

  it('keeps every row of a table to its columns whatever names it is given', () => {
    const tables = runMarkdown(results.hostile())
      .split('\n\n')
      .map((block) => block.split('\n').filter((line) => line.startsWith('|')))
      .filter((lines) => lines.length > 0);
    expect(tables.length).toBeGreaterThan(5);
    for (const lines of tables) {
      const widths = lines.map((line) => line.split(/(?<!\\)\|/).length);
      expect(new Set(widths).size).toBe(1);
    }
  });

  it('lets no tag through', () => {
    const markdown = runMarkdown(results.hostile()).replaceAll(/<\/?(details|summary|sub|br)>/g, '');
    expect(HOSTILE).toContain('<');
    expect(markdown).not.toContain('<');
  });
});

describe('the verdict of a run', () => {
  const findings: Finding[] = [
    { code: 'server_overloaded', message: 'slow' },
    { code: 'unexpected_deliveries', message: '3 messages' },
  ];

  it.each<[string, RunResult]>([
    ['VALID', results.valid()],
    ['INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms', results.invalid()],
    [
      'VALID, SERVER OVERLOADED: latency grew from 5 ms to 900 ms; 40 messages lost at the deadline',
      results.overloaded(),
    ],
    ['VALID, SERVER OVERLOADED: slow, UNEXPECTED DELIVERIES: 3 messages', { ...results.valid(), findings }],
    ['PARTIAL, VALID', results.partial()],
    ['PARTIAL, INVALID: the server exited with code 1', results.empty()],
  ])('is %s', (text, result) => {
    expect(verdict(result)).toBe(text);
    expect(overallVerdict([result])).toBe(text);
  });

  it('lets no control character through', () => {
    const hostile = results.hostile();
    expect(hostile.invalid.some(({ message }) => message !== plain(message))).toBe(true);
    expect(verdict(hostile)).toBe(plain(verdict(hostile)));
  });

  it('fits into a column as one word', () => {
    const words = [results.valid(), results.invalid(), results.partial(), results.empty()].map(validityWord);
    expect(words).toEqual(['valid', 'INVALID', 'valid, partial', 'INVALID, partial']);
  });

  it('counts when there are several results', () => {
    expect(overallVerdict([results.valid(), results.ws()])).toBe('VALID: 2 results');
    expect(overallVerdict([results.valid(), results.overloaded(), results.empty()])).toBe(
      '2 VALID, 1 INVALID, 1 SERVER OVERLOADED, 1 PARTIAL of 3 results',
    );
  });

  it('is as severe as the worst of the results', () => {
    const all = [results.valid(), results.overloaded(), results.thresholds(), results.invalid()];
    expect(all.map((result) => runSeverity([result]))).toEqual(['good', 'warning', 'warning', 'bad']);
    expect(runSeverity(all)).toBe('bad');
    expect(runSeverity(all.slice(0, 2))).toBe('warning');
  });
});

describe('the notes below the verdict', () => {
  it('of one result are its thresholds and what to do about its findings', () => {
    expect(verdictNotes([results.thresholds()])).toEqual([
      'passed: lost==0: 0',
      'FAILED: delivery.p50<1ms: 1.2 ms',
      'not judged: delivery.p99<50ms: too few samples',
    ]);
    expect(verdictNotes([results.overloaded()])).toEqual(['next: reduce the load (--rate, --clients)']);
    expect(verdictNotes([results.invalid()])).toEqual([
      'next: add generator processes on CPUs of their own (--workers), or reduce the load (--rate, --clients)',
    ]);
  });

  it('of several results are what is wrong, with alike runs numbered', () => {
    expect(verdictNotes([results.valid(), results.invalid(), results.thresholds()])).toEqual([
      'socketio websocket, broadcast-latency (2): INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms',
      'socketio websocket, broadcast-latency (3): FAILED: delivery.p50<1ms: 1.2 ms',
      'socketio websocket, broadcast-latency (3): not judged: delivery.p99<50ms: too few samples',
    ]);
  });
});

describe('results with different receive clocks', () => {
  const byKernel = (result: RunResult): RunResult => ({
    ...result,
    receiving: { clock: 'kernel', sockets: 'kernel', problem: null },
  });

  it('do not compare, which a note says', () => {
    expect(verdictNotes([byKernel(results.valid()), results.valid()])).toEqual([
      'the kernel timed the receipts of socketio websocket, broadcast-latency, the generator those of the others: their latencies do not compare',
    ]);
    expect(verdictNotes([byKernel(results.valid()), byKernel(results.valid())])).toEqual([]);
  });

  it.each<[receiving: RunResult['receiving'], text: string]>([
    [{ clock: 'kernel', sockets: 'kernel', problem: null }, 'by the kernel, sockets of the kernel'],
    [
      { clock: 'process', sockets: 'node', problem: 'the package koffi cannot be loaded' },
      'by the generator, sockets of Node.js; the package koffi cannot be loaded',
    ],
  ])('show who timed the receipts: %j', (receiving, text) => {
    expect(resultFacts({ ...results.valid(), receiving })).toContainEqual(['receive times', text]);
  });

  it('show how many messages share a time', () => {
    const { telemetry, ...valid } = byKernel(results.valid());
    const workers = telemetry.workers.map((worker) => ({
      ...worker,
      samples: worker.samples.map((sample) => ({ ...sample, receivedCount: 100, sharedCount: 2 })),
    }));
    const [, text] =
      resultFacts({ ...valid, telemetry: { ...telemetry, workers } }).find(
        ([name]) => name === 'receive times',
      ) ?? [];
    expect(text).toBe(
      'by the kernel, sockets of the kernel; 22 of 1,100 messages share the time of a later one',
    );
  });
});

describe('the table of processes', () => {
  function tableOf(result: RunResult) {
    const [block] = processBlocks(result);
    if (block?.kind !== 'table') throw new Error('no process was sampled');
    return block.table;
  }

  it('has a row for each process, the server first', () => {
    expect(tableOf(results.valid()).rows.map(([role]) => role)).toEqual(['server', 'generator 1']);
    expect(tableOf(results.cluster()).rows.map(([role]) => role)).toEqual([
      'server 1',
      'server 2',
      'server 3',
      'generator 1',
    ]);
  });

  it('shows a dash for what is not known of a process', () => {
    const { headings, rows } = tableOf(results.foreign());
    const row = rows.find(([role]) => role === 'server');
    const cells = new Map(headings.map(({ title }, column) => [title, row?.[column]]));
    const unknown = ['event-loop utilization', 'without pacing', 'delay p99', 'delay max', 'GC', 'GC max'];
    for (const title of [...unknown, 'buffered']) expect([title, cells.get(title)]).toEqual([title, '-']);
    expect(Number(cells.get('CPU'))).toBeGreaterThan(0);
    expect(Number(cells.get('RSS'))).toBeGreaterThan(0);
  });

  it('is left out when no process was sampled', () => {
    expect(processBlocks(results.empty())).toEqual([]);
  });
});
