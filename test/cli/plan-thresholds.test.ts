import { describe, expect, it } from 'vitest';
import { resolveScenario } from '../../src/cli/resolve.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { PlannedRun } from '../../src/plan/plan.ts';
import { forecastRun } from '../../src/run/forecast.ts';
import { planThresholds } from '../../src/stats/expectation.ts';
import { planFor } from '../support/plan.ts';
import { thrownBy } from '../thrown.ts';

async function armOf(name: string, given: GivenOptions) {
  const { scenario } = await resolveScenario(name);
  return planFor(scenario, given);
}

type Written = Parameters<typeof planThresholds>[0];

function planned(written: Partial<Written>, head: PlannedRun, base: PlannedRun | null = null, runs = 1) {
  const expected = { head: forecastRun(head), base: base === null ? null : forecastRun(base), runs };
  return planThresholds({ ofConfig: [], asked: [], ...written }, head.scenario, expected);
}

const WS: GivenOptions = { target: 'ws', rate: '100/s', duration: '2s' };

describe('thresholds of a config', () => {
  const kept = async (name: string, ofConfig: readonly string[], given = WS) => {
    const { thresholds, warnings } = planned({ ofConfig }, await armOf(name, given));
    return { kept: thresholds.map(({ expression }) => expression), warnings };
  };

  it('are for every scenario that records all of their series', async () => {
    const ofConfig = [
      'lost==0',
      'delivery.p50 < 3 * fanout_first.p50',
      'ack.p50<1s and delivery.p50<1s',
      'ack.p50<1s',
    ];
    expect(await kept('broadcast-latency', ofConfig)).toEqual({ kept: ofConfig.slice(0, 2), warnings: [] });
    expect(await kept('ack-roundtrip', ofConfig)).toEqual({ kept: ['lost==0', 'ack.p50<1s'], warnings: [] });
  });

  it('are ignored with a warning when the scenario does not have their series', async () => {
    expect(await kept('ack-roundtrip', ['ack.p50 < 1s and checkout.p50 < basket.p50'])).toEqual({
      kept: [],
      warnings: [
        '"ack.p50 < 1s and checkout.p50 < basket.p50" of the config is left out: ack-roundtrip has no such series',
      ],
    });
  });

  it('are ignored with a warning when the run will not have the figure', async () => {
    const running = { ...WS, target: 'ws://127.0.0.1:9' };
    expect(await kept('broadcast-latency', ['server_cpu<80%', 'sent>=99/s'], running)).toEqual({
      kept: ['sent>=99/s'],
      warnings: [
        '"server_cpu<80%" of the config is left out: the server is already running, so that its process will be unknown',
      ],
    });
  });

  it('that need a base are judged in comparisons only', async () => {
    const ofConfig = ['delivery.p50 < 1.1 * base.delivery.p50'];
    expect(await kept('broadcast-latency', ofConfig)).toEqual({ kept: [], warnings: [] });
    const arm = await armOf('broadcast-latency', WS);
    expect(planned({ ofConfig }, arm, arm).thresholds).toHaveLength(1);
  });

  it('are refused when they are invalid', async () => {
    const arm = await armOf('broadcast-latency', WS);
    expect(thrownBy(() => planned({ ofConfig: ['server_rs<1MiB'] }, arm)).code).toBe('BAD_THRESHOLD');
  });
});

describe('thresholds of the command line', () => {
  it.each([
    ['delivery.p50 < base.delivery.p50', 'needs a base, which only gate and compare have'],
    ['lost==0 and ack.p50<1s', 'this run will not record "ack"'],
    ['checkout.p50<1s', '"checkout" is not one of delivery'],
    ['empty_polls<5%', 'clients do not poll over websocket'],
  ])('are refused when this run will not have the figure: %s', async (expression, problem) => {
    const arm = await armOf('broadcast-latency', WS);
    expect(thrownBy(() => planned({ asked: [expression] }, arm)).message).toContain(problem);
  });

  it('cause a warning when all runs together will have too few samples', async () => {
    const warnings = async (runs: number) => {
      const arm = await armOf('broadcast-latency', WS);
      return planned({ asked: ['delivery.p99 < 3 * delivery.p50'] }, arm, null, runs).warnings;
    };
    expect(await warnings(5)).toEqual([]);
    expect(await warnings(1)).toEqual([
      '--threshold "delivery.p99 < 3 * delivery.p50" will not be judged: delivery.p99 needs 1,000 independent samples, and this run plans 200\nA longer run, a higher rate or more clients make more samples.',
    ]);
  });
});
