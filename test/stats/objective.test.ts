import { describe, expect, it } from 'vitest';
import { parseObjective, requireRecorded, samplesOf } from '../../src/stats/objective.ts';
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
    const objective = parseObjective(text);
    expect([objective.unit, objective.limit]).toEqual([unit, limit]);
    expect([objective.holds(good), objective.holds(bad)]).toEqual([true, false]);
  });

  it.each([
    ['delivery.p95>50ms', 'is not a metric that stays below a limit'],
    ['lost==0', 'is not a metric that stays below a limit'],
    ['fast', 'is not a metric that stays below a limit'],
    ['delivery<50ms', '"delivery" is a whole series'],
    ['deliverx.p95<50ms', '"deliverx" is not one of'],
    ['delivery.p95<50', '"50" has no unit'],
    ['delivery.p95<50%', '"50%" is not a duration'],
    ['lost<0.5', '"0.5" is neither a whole number nor a percentage'],
    ['server_cpu<0.8', '"0.8" is not a percentage'],
  ])('"%s" is refused', (text, problem) => {
    expect(thrownBy(() => parseObjective(text))).toMatchObject({
      code: 'BAD_OBJECTIVE',
      message: expect.stringContaining(`--objective "${text}": ${problem}`) as unknown,
    });
  });

  it('needs ten samples beyond its quantile, and none for a count', () => {
    expect(samplesOf(parseObjective('fanout_last.p95<1s'))).toEqual({ series: 'fanout_last', needed: 200 });
    expect(samplesOf(parseObjective('ack.max<1s'))).toEqual({ series: 'ack', needed: 1 });
    expect(samplesOf(parseObjective('lost<=0'))).toBeNull();
  });

  it('is refused when its series will not be recorded', () => {
    const forecast = new Map([['ack', 100]]);
    expect(() => requireRecorded(parseObjective('ack.p50<1s'), forecast)).not.toThrow();
    expect(() => requireRecorded(parseObjective('lost<=0'), forecast)).not.toThrow();
    expect(thrownBy(() => requireRecorded(parseObjective('delivery.p50<1s'), forecast))).toMatchObject({
      message: '--objective "delivery.p50<1s": these runs will not record "delivery", but ack',
    });
  });
});
