import { describe, expect, it } from 'vitest';
import { renderComparisonCsv } from '../../src/report/comparison-csv.ts';
import { renderCapacityCsv, renderCsv } from '../../src/report/csv.ts';
import { makeCapacity } from './capacity-fixture.ts';
import { comparisons } from './comparison-fixture.ts';
import { HOSTILE, results } from './fixture.ts';

describe('CSV', () => {
  it('has fixed units in its header, raw figures, and empty cells where there is no value', () => {
    const rows = renderCsv([results.valid(), results.polling(), results.ack(), results.empty()]);
    expect(rows).toMatchInlineSnapshot(`
      "target,population,scenario,clients,p50_ms,p50_low_ms,p50_high_ms,p95_ms,p95_low_ms,p95_high_ms,p99_ms,p99_low_ms,p99_high_ms,p99_9_ms,p99_9_low_ms,p99_9_high_ms,max_ms,last_receiver_p50_ms,last_receiver_p50_low_ms,last_receiver_p50_high_ms,last_receiver_p99_ms,last_receiver_p99_low_ms,last_receiver_p99_high_ms,sent_hz,intended_hz,expected,delivered,late,lost,missed,unknown,duplicated,reordered,corrupted,unexpected,rejected,server_cpu_per_delivery_ms,generator_cpu_per_delivery_ms,traffic_per_delivery_bytes,requests_per_delivery,empty_polls_ratio,generator_utilization_ratio,receive_uncertainty_p99_ms,receive_uncertainty_p99_low_ms,receive_uncertainty_p99_high_ms,validity,started_at,verdict
      socketio websocket,,broadcast-latency,20,1.210367,1.176575,1.243135,2.228223,2.113535,2.371583,3.954687,2.852863,8.445951,,,,15.450111,2.377727,2.340863,2.420735,13.385727,11.272191,14.712831,100,100,20000,20000,0,0,0,0,0,0,0,0,0,0.11674640187958556,0.08895782514873792,105,0,,0.17791565029747583,0.098879,0.071359,0.211071,valid,2026-03-04T05:06:07.891Z,VALID
      socketio polling,,broadcast-latency,20,3.411967,3.323903,3.512319,6.311935,5.996543,6.746111,11.804671,8.142847,24.133631,,,,61.669375,6.811647,6.672383,6.934527,36.306943,31.457279,46.071807,100,100,20000,20000,0,0,0,0,0,0,0,0,0,0.11366833213449845,0.08834890100040889,355,0.55,0.25,0.17669780200081778,0.295167,0.203519,0.603135,valid,2026-03-04T05:06:07.891Z,VALID
      socketio websocket,,ack-roundtrip,20,0.594943,0.572927,0.612351,1.123327,1.057791,1.239039,3.350527,1.504255,5.402623,,,,6.930431,,,,,,,100,100,1000,1000,0,0,0,0,0,0,0,0,0,2.334243852886485,1.7786210540750163,200,0,,0.1778621054075016,0.083775,0.037631,0.135039,valid,2026-03-04T05:06:07.891Z,VALID
      socketio websocket,,broadcast-latency,20,,,,,,,,,,,,,,,,,,,,0,0,0,0,0,0,0,0,0,0,0,0,0,,,,,,,,,,"INVALID, partial",2026-03-04T05:06:07.891Z,"PARTIAL, INVALID: the server exited with code 1"
      "
    `);
  });

  it('quotes what needs quoting', () => {
    const [, row = ''] = renderCsv([results.hostile()]).split('\n');
    const [, quoted = ''] = /^"((?:[^"]|"")*)",,broadcast-latency,/.exec(row) ?? [];
    expect(HOSTILE).toContain('"');
    expect(quoted.replaceAll('""', '"')).toContain('<img src=x onerror="globalThis.hacked=1"><b>|`*"');
    expect(renderCsv([results.hostile()]).trimEnd().split('\n')).toHaveLength(2);
  });

  it('of a comparison has one row per head and metric, with the unit of its values', () => {
    const [header = '', ...rows] = renderComparisonCsv(comparisons.several()).trimEnd().split('\n');
    expect(rows).toHaveLength(2 * 8);
    const cells = (row: string) =>
      Object.fromEntries(header.split(',').map((name, at) => [name, row.split(',')[at]]));
    expect(cells(rows[8] ?? '')).toMatchObject({
      base: 'ws',
      head: 'socketio polling',
      metric: 'delivery.p50',
      unit: 'ms',
      gating: 'true',
      verdict: 'REGRESSED',
      base_value: '1.2',
      head_value: '1.68',
      base_median: expect.stringMatching(/^1\.\d+$/),
      head_median: expect.stringMatching(/^1\.\d+$/),
      ratio: '1.4',
      ratio_lower: '1.33',
      ratio_upper: '1.48',
    });
  });

  it('of a search has one row per run, with each objective and its bound', () => {
    const capacity = makeCapacity({ steps: 3 });
    const [header = '', ...rows] = renderCapacityCsv(capacity).trimEnd().split('\n');
    expect(header).toMatch(
      /^run,phase,rate_hz,outcome,ack_p95_ms,ack_p95_low_ms,ack_p95_high_ms,ack_p95_limit_ms,lost,/,
    );
    expect(rows.map((row) => row.split(',').slice(0, 4))).toEqual([
      ['1', 'doubling', '100', 'passed'],
      ['2', 'doubling', '200', 'passed'],
      ['3', 'doubling', '400', 'passed'],
    ]);
    expect(Number(rows[0]?.split(',')[4])).toBe((capacity.steps[0]?.figures[0]?.value ?? 0) / 1e6);
  });
});
