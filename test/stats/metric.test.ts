import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/result/aggregate.ts';
import { COUNT_NAMES, FIGURE_NAMES, formatMetric } from '../../src/result/metrics.ts';
import { viewResult } from '../../src/result/view.ts';
import {
  isEstimated,
  type Metric,
  metricName,
  metricUnit,
  metricValue,
  missingBecause,
  parseMetric,
} from '../../src/stats/metric.ts';
import { makeResult, results } from '../report/fixture.ts';
import { thrownBy } from '../thrown.ts';

describe('the name of a metric', () => {
  it.each<[text: string, metric: Metric, unit: string]>([
    ['delivery.p99', { kind: 'quantile', series: 'delivery', quantile: 0.99 }, 'duration'],
    ['delivery.p99.9', { kind: 'quantile', series: 'delivery', quantile: 0.999 }, 'duration'],
    ['delivery.p0', { kind: 'quantile', series: 'delivery', quantile: 0 }, 'duration'],
    ['ack.min', { kind: 'quantile', series: 'ack', quantile: 0 }, 'duration'],
    ['ack.max', { kind: 'quantile', series: 'ack', quantile: 1 }, 'duration'],
    ['connect.mean', { kind: 'mean', series: 'connect' }, 'duration'],
    ['lost', { kind: 'count', name: 'lost' }, 'count'],
    ['server_rss', { kind: 'figure', name: 'server_rss' }, 'bytes'],
    ['sent', { kind: 'figure', name: 'sent' }, 'rate'],
  ])('%s is read, and has its unit', (text, metric, unit) => {
    expect(parseMetric(text)).toEqual(metric);
    expect(metricUnit(metric)).toBe(unit);
  });

  it('is what it was read from', () => {
    const percents = ['p0.001', 'p7', 'p28.9', 'p50', 'p99', 'p99.9', 'p99.99', 'p99.999'];
    const statistics = [...percents, 'min', 'max', 'mean'].map((statistic) => `fanout_last.${statistic}`);
    for (const name of [...statistics, ...COUNT_NAMES, ...FIGURE_NAMES]) {
      expect(metricName(parseMetric(name))).toBe(name);
    }
  });

  it.each([
    ['delivery', '"delivery" is a whole series', 'Name a statistic, like delivery.p99.'],
    ['delivery.p100', '"p100" is not p0 to p99.999, min, max or mean', 'Write it like delivery.p99.'],
    ['delivery.', '"" is not p0 to p99.999, min, max or mean', 'Write it like delivery.p99.'],
  ])('is an error when it is "%s"', (text, message, hint) => {
    expect(thrownBy(() => parseMetric(text))).toMatchObject({ code: 'BAD_METRIC', message, hint });
  });

  it('is suggested when it is nearly right', () => {
    expect(thrownBy(() => parseMetric('fanuot_last.p50')).hint).toBe('Did you mean fanout_last?');
    expect(thrownBy(() => parseMetric('server_cpu_per_delivry')).hint).toBe(
      'Did you mean server_cpu_per_delivery?',
    );
    expect(thrownBy(() => parseMetric('basket', { baskets: '' })).hint).toBe('Did you mean baskets.p99?');
  });
});

describe('the value of a metric', () => {
  const views = [1, 2].map((seed) => viewResult(makeResult({ clients: 5, seconds: 3, lost: seed, seed })));
  const [one = views[0]] = views;
  if (one === undefined) throw new Error('there is a run');
  const [alone, both, none] = [aggregate([one]), aggregate(views), aggregate([viewResult(results.empty())])];

  it('is of all runs together: counts are added, histograms merged, figures averaged', () => {
    expect(metricValue(parseMetric('lost'), both)).toBe(3);
    expect(metricValue({ kind: 'share', name: 'lost' }, both)).toBe(3 / 3000);
    const least = views.map((view) => metricValue(parseMetric('delivery.min'), aggregate([view])) ?? 0);
    expect(metricValue(parseMetric('delivery.min'), both)).toBe(Math.min(...least));
    const rss = views.map((view) => metricValue(parseMetric('server_rss'), aggregate([view])) ?? 0);
    expect(metricValue(parseMetric('server_rss'), both)).toBe(((rss[0] ?? 0) + (rss[1] ?? 0)) / 2);
  });

  it('is null without enough samples, of which several runs have more', () => {
    // 300 broadcasts each: p98 needs 500.
    expect(metricValue(parseMetric('delivery.p98'), alone)).toBeNull();
    expect(metricValue(parseMetric('delivery.p98'), both)).not.toBeNull();
    expect(missingBecause(parseMetric('delivery.p98'), alone)).toBe(
      'judging it needs 500 independent samples, the run has 300; make the run longer',
    );
  });

  it.each<[metric: Metric, because: string]>([
    [{ kind: 'quantile', series: 'ack', quantile: 0.5 }, 'the run recorded no value'],
    [{ kind: 'quantile', series: 'ack', quantile: 1 }, 'the run recorded no value'],
    [{ kind: 'mean', series: 'ack' }, 'the run recorded no value'],
    [{ kind: 'share', name: 'late' }, 'no delivery was expected'],
    [{ kind: 'share', name: 'failed' }, 'nothing was sent'],
    [{ kind: 'figure', name: 'server_cpu' }, 'the run does not report it'],
  ])('is null where a run has none, and it is said why: %o', (metric, because) => {
    expect(metricValue(metric, none)).toBeNull();
    expect(missingBecause(metric, none)).toBe(because);
  });

  it('is estimated from samples beyond it, unless it is an extreme', () => {
    const estimated = ['delivery.p50', 'delivery.min', 'delivery.max', 'delivery.mean', 'lost'].filter(
      (name) => isEstimated(parseMetric(name)),
    );
    expect(estimated).toEqual(['delivery.p50']);
  });

  it.each([
    ['duration', 1.5e6, '1.50 ms'],
    ['bytes', 1536, '1.50 KiB'],
    ['share', 0.005, '0.500 %'],
    ['rate', 99.5, '99.5/s'],
    ['average', 0.25, '0.250'],
    ['count', 12_345, '12,345'],
  ] as const)('is shown with its unit, %s', (unit, value, text) => {
    expect(formatMetric(unit, value)).toBe(text);
  });
});
