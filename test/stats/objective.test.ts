import { describe, expect, it } from 'vitest';
import { parseObjectives } from '../../src/stats/capacity-step.ts';
import { neededSamples, shortfallOf } from '../../src/stats/expectation.ts';
import { parseMetric } from '../../src/stats/metric.ts';
import { HOLDS } from '../../src/stats/thresholds.ts';
import { thrownBy } from '../thrown.ts';

describe('an objective', () => {
  it.each([
    ['fanout_last.p95<50ms', 'duration', 50e6, 49e6, 50e6],
    ['ack.p99 <= 0.5 s', 'duration', 0.5e9, 0.5e9, 0.6e9],
    ['lost<=0', 'count', 0, 0, 1],
    ['late<0.1%', 'share', 0.001, 0.0009, 0.001],
    ['server_cpu<=80%', 'share', 0.8, 0.8, 0.81],
    ['server_rss<512MiB', 'bytes', 512 * 1024 ** 2, 1, 512 * 1024 ** 2],
    ['requests_per_delivery<1.5', 'average', 1.5, 1.4, 1.5],
  ])('"%s" is read, with its limit in the unit of its metric', (text, unit, limit, good, bad) => {
    const [objective, ...others] = parseObjectives(text);
    expect(others).toEqual([]);
    expect([objective?.expression, objective?.unit, objective?.limit]).toEqual([text, unit, limit]);
    const holds = HOLDS[objective?.operator ?? '=='];
    expect([holds(good, limit), holds(bad, limit)]).toEqual([true, false]);
  });

  it('is each of several that are joined', () => {
    const texts = parseObjectives('ack.p95<50ms and lost <= 0').map(({ expression }) => expression);
    expect(texts).toEqual(['ack.p95<50ms', 'lost <= 0']);
  });

  it.each([
    ['delivery.p95>50ms', ': "delivery.p95>50ms" does not keep a metric below a value'],
    ['lost==0', ': "lost==0" does not keep a metric below a value'],
    ['ack.p95 < 2 * ack.p50', ': "ack.p95 < 2 * ack.p50" does not keep a metric below a value'],
    ['fast', ', column 1: "fast" is not one of'],
    ['delivery<50ms', ', column 1: "delivery" is a whole series'],
    ['deliverx.p95<50ms', ', column 1: "deliverx" is not one of'],
    ['delivery.p95<50', ', column 14: delivery.p95: "50" has no unit'],
    ['delivery.p95<50%', ', column 14: delivery.p95: "50%" is not a duration'],
    ['lost<0.5', ', column 6: lost: "0.5" is not a count'],
    ['server_cpu<0.8', ', column 12: server_cpu: "0.8" is not a percentage'],
    ['base.lost<1', ', column 1: "base.lost" needs a base'],
  ])('"%s" is an error', (text, problem) => {
    expect(thrownBy(() => parseObjectives(text))).toMatchObject({
      code: 'BAD_OBJECTIVE',
      message: expect.stringContaining(`--objective "${text}"${problem}`) as unknown,
    });
  });
});

describe('what a run will have of a metric', () => {
  it('needs ten samples beyond a quantile, one value of an extreme, and none of a count', () => {
    const needed = ['fanout_last.p95', 'ack.max', 'lost', 'server_cpu'].map((name) =>
      neededSamples(parseMetric(name)),
    );
    expect(needed).toEqual([200, 1, 0, 0]);
  });

  it('is nothing where its series is not recorded', () => {
    const expected = { samples: new Map([['ack', 100]]), unavailable: new Map() };
    expect(shortfallOf(parseMetric('ack.p50'), 20, expected)).toBeNull();
    expect(shortfallOf(parseMetric('lost'), 0, expected)).toBeNull();
    expect(shortfallOf(parseMetric('ack.p95'), 200, expected)).toEqual({
      kind: 'short',
      planned: 100,
      needed: 200,
    });
    expect(shortfallOf(parseMetric('delivery.p50'), 20, expected)).toMatchObject({
      kind: 'unavailable',
      problem: 'this run will not record "delivery", but ack',
    });
  });
});
