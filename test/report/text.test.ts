import { describe, expect, it } from 'vitest';
import { renderTable, renderText } from '../../src/report/content/run-text.ts';
import { plain } from '../../src/report/plain.ts';
import { results } from './fixture.ts';

describe('text of one result', () => {
  it('begins with the verdict and says everything in a screen', () => {
    expect(renderText([results.valid()])).toMatchInlineSnapshot(`
      "VALID
      socketio websocket, broadcast-latency: 20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      target              scenario           clients  p50 ms  p95 ms  p99 ms  p99.9 ms  max ms  last p50 ms  last p99 ms  validity
      socketio websocket  broadcast-latency       20    1.21    2.23    3.95         -    15.5         2.38         13.4  valid
      - p99.9 needs 10,000 broadcasts; this run has 1,000

      series                count  p50 us  p90 us  p95 us  p99 us  p99.9 us  max us  mean us
      delivery             20,000   1,210   1,926   2,228   3,955         -  15,450    1,342
      delivery_actual      20,000   1,190   1,906   2,208   3,934         -  15,426    1,322
      fanout_first          1,000     633     775     814     897         -   1,095      634
      fanout_median         1,000   1,182   1,342   1,384   1,518         -   1,615    1,188
      fanout_last           1,000   2,378   7,037   9,183  13,386         -  15,450    3,329
      fanout_skew           1,000   1,750   6,439   8,462  12,722         -  14,950    2,694
      send_lag              1,000    1.49    1.89    1.94    1.98         -    1.99     1.50
      connect                  20   5,054       -       -       -         -  11,289    5,423
      receive_uncertainty  20,000    30.2    48.2    55.7    98.9         -     386     33.6
      - too few independent samples: p50 needs 20, p90 100, p95 200, p99 1,000, p99.9 10,000; all receivers of one broadcast count as one

      process      CPU %  loop %  work %  delay p99 ms  delay max ms  GC ms  GC max ms  RSS MiB  buffered MiB
      server        23.3    23.3    23.3         0.798          3.40   16.2       2.00     96.5             0
      generator 1   17.8    27.8    17.8         0.751          3.78   27.0       2.00     96.5             0

      ledger   owed 20,000, delivered 20,000, late 0 (over 1s), lost 0, duplicated 0, reordered 0, unexpected 0
      rate     100/s sent of 100/s intended (1,000 of 1,000 messages)
      clients  20 of 20 connected
      samples  1,000 broadcasts
      warm-up  3s, steady
      cost     server CPU 117 us for each delivery, generator at most 17.8 % busy
      "
    `);
  });

  it('shows a dash for a quantile without enough samples and says how many it needs', () => {
    const text = renderText([results.fewSamples()]);
    expect(text.split('\n').slice(0, 8).join('\n')).toMatchInlineSnapshot(`
      "VALID
      socketio websocket, broadcast-latency: 20 clients, 10/s for 3s (constant), 64 B text, 1 worker, official driver, seed 1

      target              scenario           clients  p50 ms  p95 ms  p99 ms  p99.9 ms  max ms  last p50 ms  last p99 ms  validity
      socketio websocket  broadcast-latency       20    1.16       -       -         -    10.3         2.42            -  valid
      - p95 needs 200 broadcasts; this run has 30
      - p99 needs 1,000 broadcasts; this run has 30
      - p99.9 needs 10,000 broadcasts; this run has 30"
    `);
  });

  it('has requests in place of broadcasts for acknowledgements', () => {
    expect(renderText([results.ack()]).split('\n').slice(0, 6).join('\n')).toMatchInlineSnapshot(`
      "VALID
      socketio websocket, ack-roundtrip: 20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      target              scenario       clients  p50 ms  p95 ms  p99 ms  p99.9 ms  max ms  validity
      socketio websocket  ack-roundtrip       20   0.595    1.12    3.35         -    6.93  valid
      - p99.9 needs 10,000 requests; this run has 1,000"
    `);
  });

  it('says what there is of a run that recorded nothing', () => {
    expect(renderText([results.empty()])).toMatchInlineSnapshot(`
      "PARTIAL, INVALID: the server exited with code 1
      socketio websocket, broadcast-latency: 20 clients, 1/s for 1s (constant), 64 B text, 1 worker, official driver, seed 1

      target              scenario           clients  validity
      socketio websocket  broadcast-latency       20  INVALID, partial

      ledger   owed 0, delivered 0, late 0 (over 1s), lost 0, duplicated 0, reordered 0, unexpected 0
      rate     0/s sent of 0/s intended (0 of 0 messages)
      clients  20 of 20 connected
      samples  0 broadcasts
      warm-up  3s, steady
      "
    `);
  });

  it('tells losses, overload and thresholds', () => {
    const overloaded = renderText([results.overloaded()]);
    expect(overloaded).toContain('owed 20,000, delivered 19,960, late 0 (over 1s), lost 40,');
    expect(overloaded).toContain('1,000 broadcasts; 40 not received in full');
    expect(renderText([results.thresholds()]).split('\n').slice(0, 4)).toEqual([
      'VALID',
      'passed: lost==0 (0)',
      'FAILED: delivery.p50<1ms (1.2 ms)',
      'not judged: delivery.p99<50ms (too few samples)',
    ]);
  });

  it('keeps to its lines whatever names it is given', () => {
    const hostile = renderText([results.hostile()]);
    const tame = renderText([{ ...results.hostile(), plan: results.valid().plan }]);
    expect(hostile.split('\n')).toHaveLength(tame.split('\n').length);
    for (const line of hostile.split('\n')) expect(line).toBe(plain(line));
  });
});

describe('text of several results', () => {
  it('has one row for each in each table', () => {
    const all = [results.valid(), results.polling(), results.ws(), results.ack(), results.invalid()];
    expect(renderText(all)).toMatchInlineSnapshot(`
      "4 VALID, 1 INVALID of 5 results
      socketio websocket, broadcast-latency (2): INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms

      Latency
      target              scenario           clients  p50 ms  p95 ms  p99 ms  p99.9 ms  max ms  last p50 ms  last p99 ms  validity
      socketio websocket  broadcast-latency       20    1.21    2.23    3.95         -    15.5         2.38         13.4  valid
      socketio polling    broadcast-latency       20    3.41    6.31    11.8         -    61.7         6.81         36.3  valid
      ws                  broadcast-latency       20   0.401   0.734    1.21         -    6.65        0.803         4.31  valid
      socketio websocket  ack-roundtrip           20   0.595    1.12    3.35         -    6.93            -            -  valid
      socketio websocket  broadcast-latency       20    1.21    2.20    4.02         -    15.5         2.41         12.4  INVALID
      - p99.9 needs 10,000 broadcasts; runs with a dash have 1,000
      - p99.9 needs 10,000 requests; runs with a dash have 1,000

      Delivery
      target              scenario           sent/s  intended/s  expected  delivered  late  lost  duplicated  reordered  unexpected
      socketio websocket  broadcast-latency     100         100    20,000     20,000     0     0           0          0           0
      socketio polling    broadcast-latency     100         100    20,000     20,000     0     0           0          0           0
      ws                  broadcast-latency     100         100    20,000     20,000     0     0           0          0           0
      socketio websocket  ack-roundtrip         100         100     1,000      1,000     0     0           0          0           0
      socketio websocket  broadcast-latency     100         100    20,000     19,993     0     7           0          0           0

      Cost
      target              scenario           server CPU/delivery us  bytes/delivery B  requests/delivery  polls in vain %  generator busy %  uncertainty p99 us
      socketio websocket  broadcast-latency                     117               105                  0                -              17.8                98.9
      socketio polling    broadcast-latency                     114               355              0.550             25.0              17.7                 295
      ws                  broadcast-latency                     113               105                  0                -              18.3                30.4
      socketio websocket  ack-roundtrip                       2,334               200                  0                -              17.8                83.8
      socketio websocket  broadcast-latency                     115               105                  0                -              17.9                 100
      "
    `);
  });
});

describe('the table of npm run bench', () => {
  it('has one row for each result', () => {
    expect(renderTable([results.valid(), results.ws(), results.overloaded()])).toMatchInlineSnapshot(`
      "3 VALID, 1 SERVER OVERLOADED of 3 results
      socketio websocket, broadcast-latency (2): VALID, SERVER OVERLOADED: latency grew from 5 ms to 900 ms; 40 messages lost at the deadline

      scenario           target              p50 ms  p99 ms  last p50 ms  last p99 ms  sent/s  lost  server CPU/delivery us  bytes/delivery B  validity
      broadcast-latency  socketio websocket    1.21    3.95         2.38         13.4     100     0                     117               105  valid
      broadcast-latency  ws                   0.401    1.21        0.803         4.31     100     0                     113               105  valid
      broadcast-latency  socketio websocket    90.6     259          177          848     100    40                     115               105  valid
      "
    `);
  });
});
