import { describe, expect, it } from 'vitest';
import { judgeGrowth, testGrowth } from '../../src/stats/growth.ts';
import { slopeInterval } from '../../src/stats/slope.ts';
import { makeLongRun } from '../support/long-run.ts';
import { type Noise, normalNoise, shareOf, uniform } from './noise.ts';

const WINDOWS = 48;
const TRIALS = 400;
const normal = normalNoise(7);
const share = uniform(3);

const series = (valueAt: (at: number) => number) => Array.from({ length: WINDOWS }, (_, at) => valueAt(at));

/** Noise in which each value has a part of the one before it. */
function autoregressive(part: number, noise: Noise): Noise {
  let value = noise() / Math.sqrt(1 - part ** 2);
  return () => {
    value = part * value + noise();
    return value;
  };
}

/** Memory that fills, and is collected once in so many windows, from any moment on. */
function sawtooth(period: number): number[] {
  const from = share() * period;
  return series((at) => ((at + from) % period) / period + 0.05 * normal());
}

const grows = (values: readonly number[]) => judgeGrowth(values, 0).verdict === 'grows';

describe('windows that do not grow', () => {
  it.each([0, 0.3, 0.6, 0.8, 0.9])(
    'grow in at most one of twenty runs where neighbours correlate by %d',
    (part) => {
      const wrong = shareOf(TRIALS, () => {
        const next = autoregressive(part, normal);
        return grows(series(() => next()));
      });
      expect(wrong).toBeLessThanOrEqual(0.05);
    },
  );

  it.each([1.5, 2, 3, 5, 8, 12, 20, 30])('never grow by a collection in every %d windows', (period) => {
    expect(shareOf(TRIALS, () => grows(sawtooth(period)))).toBe(0);
  });

  it('are known not to, where the interval lies below the margin', () => {
    const values = series(() => 100 + normal());
    expect(judgeGrowth(values, 0.2).verdict).toBe('does not grow');
    expect(judgeGrowth(values, 0.01)).toMatchObject({
      verdict: 'cannot say',
      reason: 'the interval is too wide: run longer',
    });
    expect(
      judgeGrowth(
        series(() => 0),
        1e-9,
      ).verdict,
    ).toBe('does not grow');
  });
});

describe('windows that grow', () => {
  it('have their slope in its interval in about 95 % of the runs', () => {
    for (const part of [0, 0.6]) {
      const inside = shareOf(TRIALS, () => {
        const next = autoregressive(part, normal);
        const { lower, upper } = slopeInterval(series((at) => 2 * at + next()));
        return lower <= 2 && 2 <= upper;
      });
      expect(inside).toBeGreaterThanOrEqual(0.93);
    }
  });

  it('grow above noise and collections', () => {
    expect(shareOf(TRIALS, () => grows(series((at) => at / WINDOWS + 0.2 * normal())))).toBeGreaterThan(0.9);
    const values = sawtooth(5).map((value, at) => value + at / 12);
    expect(judgeGrowth(values, 0.01).verdict).toBe('grows');
  });

  it('are not said to where the growth levels off', () => {
    const saturating = (at: number) => -Math.exp(-(0.2 + (0.8 * at) / WINDOWS) / 0.2);
    expect(shareOf(TRIALS, () => grows(series((at) => saturating(at) + 0.02 * normal())))).toBeLessThan(0.1);
    const values = series((at) => Math.min(at, WINDOWS / 2) + 4 * normal());
    expect(judgeGrowth(values, 0)).toMatchObject({
      verdict: 'cannot say',
      reason: 'the growth slows down: run longer',
    });
  });
});

describe('the growth of a run', () => {
  const run = makeLongRun(1, 1);
  const leaked = (bytesPerSecond: number) => {
    const [server] = run.telemetry.servers;
    const samples = (server?.samples ?? []).map((sample) => {
      const bytes = Math.round(
        50e6 + (bytesPerSecond * (sample.atMs - sample.lengthMs / 2)) / 1000 + 1e5 * normal(),
      );
      return { ...sample, rssBytes: bytes + 1e6, rssMeanBytes: bytes };
    });
    return {
      ...run,
      telemetry: { ...run.telemetry, servers: server === undefined ? [] : [{ ...server, samples }] },
    };
  };

  it('recovers what a server leaks, from samples of several lengths', () => {
    const rss = testGrowth(leaked(1000))?.find(({ of }) => of === 'server_rss');
    expect(rss).toMatchObject({ verdict: 'grows', windowMs: 64_000, windows: 44 });
    expect(rss?.lowerPerHour).toBeLessThan(3.6e6);
    expect(rss?.upperPerHour).toBeGreaterThan(3.6e6);
    expect(rss?.perHour).toBeCloseTo(3.6e6, -5);
  });

  it('is none of a server that leaks nothing', () => {
    const growth = testGrowth(leaked(0)) ?? [];
    expect(growth.map(({ of, verdict }) => [of, verdict])).toEqual([
      ['server_rss', 'does not grow'],
      ['latency_p50', expect.anything()],
      ['lost', 'does not grow'],
      ['generator_rss', 'does not grow'],
    ]);
  });

  it('is not tested in a short run', () => {
    const { timing, ...short } = leaked(0);
    expect(testGrowth({ ...short, timing: { ...timing, measureMs: 10_000 } })).toBeNull();
  });
});
