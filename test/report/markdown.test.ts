import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../src/report/content/run-markdown.ts';
import { HOSTILE, results } from './fixture.ts';

describe('Markdown', () => {
  it('of one result holds everything', () => {
    expect(renderMarkdown([results.valid()])).toMatchInlineSnapshot(`
      "**VALID**

      socketio websocket, broadcast-latency: 20 clients, 100/s for 10s (constant), 64 B text, 1 worker, official driver, seed 1

      ### Latency

      | target | scenario | clients | p50 ms | p95 ms | p99 ms | p99.9 ms | max ms | last p50 ms | last p99 ms | validity |
      | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
      | socketio websocket | broadcast-latency | 20 | 1.21 | 2.23 | 3.95 | - | 15.5 | 2.38 | 13.4 | valid |

      - p99.9 needs 10,000 broadcasts; this run has 1,000

      ### Delivery

      | target | scenario | sent/s | intended/s | expected | delivered | late | lost | duplicated | reordered | unexpected |
      | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | broadcast-latency | 100 | 100 | 20,000 | 20,000 | 0 | 0 | 0 | 0 | 0 |

      ### Cost

      | target | scenario | server CPU/delivery us | bytes/delivery B | generator busy % | uncertainty p99 us |
      | --- | --- | ---: | ---: | ---: | ---: |
      | socketio websocket | broadcast-latency | 117 | 105 | 17.8 | 98.9 |

      | | |
      | --- | --- |
      | ledger | owed 20,000, delivered 20,000, late 0 (over 1s), lost 0, duplicated 0, reordered 0, unexpected 0 |
      | rate | 100/s sent of 100/s intended (1,000 of 1,000 messages) |
      | clients | 20 of 20 connected |
      | samples | 1,000 broadcasts |
      | warm-up | 3s, steady |
      | cost | server CPU 117 us for each delivery, generator at most 17.8 % busy |

      <details><summary>Every series</summary>

      | series | count | p50 us | p90 us | p95 us | p99 us | p99.9 us | max us | mean us | from -> to |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
      | delivery | 20,000 | 1,210 | 1,926 | 2,228 | 3,955 | - | 15,450 | 1,342 | intended send to receipt, per receiver |
      | delivery_actual | 20,000 | 1,190 | 1,906 | 2,208 | 3,934 | - | 15,426 | 1,322 | actual send to receipt, per receiver |
      | fanout_first | 1,000 | 633 | 775 | 814 | 897 | - | 1,095 | 634 | intended send to the first receiver, per broadcast |
      | fanout_median | 1,000 | 1,182 | 1,342 | 1,384 | 1,518 | - | 1,615 | 1,188 | intended send to the median receiver, per broadcast |
      | fanout_last | 1,000 | 2,378 | 7,037 | 9,183 | 13,386 | - | 15,450 | 3,329 | intended send to the last receiver reached, per broadcast |
      | fanout_skew | 1,000 | 1,750 | 6,439 | 8,462 | 12,722 | - | 14,950 | 2,694 | first receiver to last receiver reached, per broadcast |
      | send_lag | 1,000 | 1.49 | 1.89 | 1.94 | 1.98 | - | 1.99 | 1.50 | intended to actual send: how late the generator was |
      | connect | 20 | 5,054 | - | - | - | - | 11,289 | 5,423 | start of connecting to ready for use, per connection |
      | receive_uncertainty | 20,000 | 30.2 | 48.2 | 55.7 | 98.9 | - | 386 | 33.6 | upper bound on the error of a receive time, per message |

      A dash: too few independent samples: p50 needs 20, p90 100, p95 200, p99 1,000, p99.9 10,000; all receivers of one broadcast count as one.

      </details>

      <details><summary>Server and generator</summary>

      | process | CPU % | loop % | work % | delay p99 ms | delay max ms | GC ms | GC max ms | RSS MiB | buffered MiB |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | server | 23.3 | 23.3 | 23.3 | 0.798 | 3.40 | 16.2 | 2.00 | 96.5 | 0 |
      | generator 1 | 17.8 | 27.8 | 17.8 | 0.751 | 3.78 | 27.0 | 2.00 | 96.5 | 0 |

      </details>

      <details><summary>Plan</summary>

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
      | drain | 5s at most |
      | late after | 1s |
      | connecting | 500/s, 10s at most each |
      | seed | 1 |
      | thresholds | - |

      </details>

      <details><summary>Environment</summary>

      | | |
      | --- | --- |
      | started | 2026-03-04T05:06:07.891Z |
      | took | start 350ms, connect 420ms, warm-up 3s, measure 10s, drain 12ms, collect 30ms |
      | command line | run broadcast-latency --target socketio |
      | sockbench | 0.1.0 |
      | Node | v24.11.0, V8 13.6.233.10-node.28 |
      | socket.io | 4.8.4 |
      | socket.io-client | 4.8.4 |
      | ws | 8.23.0 |
      | commit | 0123456789abcdef0123456789abcdef01234567 |
      | CPU | 2 x Example CPU @ 2.50GHz, governor - |
      | bound to | server on CPU 0, generator on CPU 1 |
      | CPU limit | none |
      | CPU steal | 0.100 % |
      | throttled | 0ms |
      | CPU pressure | 12.0 % |
      | memory | 8192 MiB |
      | system | linux x64, kernel 6.1.0 |
      | snapshot cost | 0.42 ms at most |

      </details>
      "
    `);
  });

  it('of several results is verdicts and headline tables', () => {
    expect(renderMarkdown([results.valid(), results.invalid()])).toMatchInlineSnapshot(`
      "**1 VALID, 1 INVALID of 2 results**

      - socketio websocket, broadcast-latency (2): INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms

      ### Latency

      | target | scenario | clients | p50 ms | p95 ms | p99 ms | p99.9 ms | max ms | last p50 ms | last p99 ms | validity |
      | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
      | socketio websocket | broadcast-latency | 20 | 1.21 | 2.23 | 3.95 | - | 15.5 | 2.38 | 13.4 | valid |
      | socketio websocket | broadcast-latency | 20 | 1.21 | 2.20 | 4.02 | - | 15.5 | 2.41 | 12.4 | INVALID |

      - p99.9 needs 10,000 broadcasts; runs with a dash have 1,000

      ### Delivery

      | target | scenario | sent/s | intended/s | expected | delivered | late | lost | duplicated | reordered | unexpected |
      | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | socketio websocket | broadcast-latency | 100 | 100 | 20,000 | 20,000 | 0 | 0 | 0 | 0 | 0 |
      | socketio websocket | broadcast-latency | 100 | 100 | 20,000 | 19,993 | 0 | 7 | 0 | 0 | 0 |

      ### Cost

      | target | scenario | server CPU/delivery us | bytes/delivery B | generator busy % | uncertainty p99 us |
      | --- | --- | ---: | ---: | ---: | ---: |
      | socketio websocket | broadcast-latency | 117 | 105 | 17.8 | 98.9 |
      | socketio websocket | broadcast-latency | 115 | 105 | 17.9 | 100 |
      "
    `);
  });

  it('keeps every row of a table to its columns, whatever names it is given', () => {
    const tables = renderMarkdown([results.hostile()])
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
    const markdown = renderMarkdown([results.hostile()]).replaceAll(/<\/?(details|summary)>/g, '');
    expect(HOSTILE).toContain('<');
    expect(markdown).not.toContain('<');
  });
});
