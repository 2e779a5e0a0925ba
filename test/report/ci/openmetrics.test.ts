import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderOpenMetrics } from '../../../src/report/ci/openmetrics.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { comparisons, EVERY_CHARACTER, makeComparison } from '../comparison-fixture.ts';

/** Debian's, which has Debian's packages. */
const PYTHON = '/usr/bin/python3';

/** Reads with the parser of Prometheus' Python client, which refuses what the standard does not allow. */
const READER = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode('utf-8')
print(json.dumps([
  {'name': f.name, 'type': f.type, 'unit': f.unit, 'help': f.documentation,
   'samples': [{'name': s.name, 'labels': s.labels, 'value': s.value} for s in f.samples]}
  for f in text_string_to_metric_families(text)
]))`;

function missing(): string | null {
  const { error, status } = spawnSync(PYTHON, ['-c', 'import prometheus_client.openmetrics.parser']);
  const isThere = error === undefined && status === 0;
  return isThere ? null : 'no OpenMetrics parser: install python3-prometheus-client';
}

skipWhenMissing(missing());

const families = z.array(
  z.object({
    name: z.string(),
    type: z.string(),
    unit: z.string(),
    help: z.string(),
    samples: z.array(
      z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() }),
    ),
  }),
);

function read(text: string) {
  const json = execFileSync(PYTHON, ['-c', READER], {
    input: text,
    encoding: 'utf8',
    stdio: 'pipe',
    maxBuffer: 2 ** 28,
  });
  return families.parse(JSON.parse(json));
}

describe('OpenMetrics', () => {
  it('is read by the reference parser for every verdict, and ends in # EOF', () => {
    const texts = [
      comparisons.invalid(),
      comparisons.several(),
      comparisons.hostile(),
      comparisons.thresholds(),
    ].map(renderOpenMetrics);
    for (const text of texts) {
      expect(read(text).length).toBeGreaterThan(4);
      expect(text.endsWith('\n# EOF\n')).toBe(true);
    }
  });

  it('has base units, and names them', () => {
    const all = read(renderOpenMetrics(comparisons.regressed()));
    const value = (family: string, metric: string) =>
      all
        .find(({ name }) => name === family)
        ?.samples.find(({ labels }) => labels['metric'] === metric && labels['side'] !== 'base')?.value;
    expect(value('sockbench_metric_seconds', 'delivery.p50')).toBe(0.00168);
    expect(value('sockbench_metric_bytes', 'traffic_per_delivery')).toBe(106.05);
    expect(value('sockbench_metric_ratio', 'server_cpu')).toBeCloseTo(0.2323, 9);
    expect(value('sockbench_metric_hertz', 'sent')).toBe(101);
    expect(value('sockbench_metric_occurrences', 'lost')).toBe(10);
    expect(value('sockbench_comparison_lower_bound_ratio', 'delivery.p50')).toBe(1.33);
    const units = all.filter(({ unit }) => unit !== '').map(({ name, unit }) => [name, unit]);
    expect(units).toContainEqual(['sockbench_metric_seconds', 'seconds']);
    for (const [name, unit] of units) expect(name?.endsWith(`_${unit}`)).toBe(true);
    expect(all.every(({ help }) => help.endsWith('.'))).toBe(true);
  });

  it('has one state that is 1', () => {
    const verdict = read(renderOpenMetrics(comparisons.inconclusive())).find(
      ({ type }) => type === 'stateset',
    );
    const states = verdict?.samples.filter(({ value }) => value === 1).map(({ labels }) => labels);
    expect(states).toEqual([
      {
        scenario: 'broadcast-latency',
        base: 'base',
        head: 'head',
        sockbench_comparison_verdict: 'INCONCLUSIVE',
      },
    ]);
  });

  it('has no values of an INVALID comparison', () => {
    const names = read(renderOpenMetrics(comparisons.invalid())).map(({ name }) => name);
    expect(names).toContain('sockbench_comparison_verdict');
    expect(names.filter((name) => /metric|bound|estimate/.test(name))).toEqual([]);
  });

  it('distinguishes the same threshold of several heads', () => {
    const [given] = comparisons.thresholds().thresholds;
    if (given === undefined) throw new Error('no threshold');
    const thresholds = [given, { ...given, arm: 2, passed: false }];
    const lines = renderOpenMetrics({ ...comparisons.several(), thresholds })
      .split('\n')
      .filter((line) => line.startsWith('sockbench_threshold_passed{'));
    expect(lines).toEqual([
      'sockbench_threshold_passed{scenario="broadcast-latency",head="socketio",expression="lost==0"} 1',
      'sockbench_threshold_passed{scenario="broadcast-latency",head="socketio polling",expression="lost==0"} 0',
    ]);
  });

  it('leaves out a threshold that was not judged', () => {
    const passed = read(renderOpenMetrics(comparisons.thresholds())).find(
      ({ name }) => name === 'sockbench_threshold_passed',
    );
    expect(passed?.samples.map(({ labels, value }) => [labels['expression'], value])).toEqual([
      ['lost==0', 1],
      ['delivery.p50<1ms', 0],
    ]);
  });

  it('accepts any name, and distinguishes arms of one name', () => {
    const name = `\\n"\\\\${EVERY_CHARACTER}`;
    const all = read(renderOpenMetrics(makeComparison({ rounds: 1, arms: ['base', name, name] })));
    const pairs = all.find(({ name }) => name === 'sockbench_comparison_valid_pairs')?.samples;
    const heads = pairs?.map(({ labels }) => labels['head'] ?? '') ?? [];
    expect(heads[0]?.startsWith('\\n"\\\\')).toBe(true);
    expect(heads[1]).toBe(`${heads[0]} (2)`);
  });
});
