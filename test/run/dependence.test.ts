import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

const PLAN = { clients: '3', rate: '100/s', duration: '10s', drain: '1s' };

describe('a run', () => {
  it('says how successive broadcasts are correlated, and counts fewer of them where the server stalls', async () => {
    const run: FakeRun = new FakeRun({
      planned: planFake(broadcastLatency, PLAN),
      // Once a second, what arrives within 200 ms is held until they are over.
      behavior: {
        network: ({ receiver }) => {
          const inSecondMs = (run.clock.nowNs() / 1e6) % 1000;
          return [(inSecondMs < 200 ? 200 - inSecondMs : 0) + 1 + receiver / 10];
        },
      },
    });
    const result = await run.run();
    const { delivery, fanout_last } = result.series;
    expect(delivery?.count).toBe(3000);
    // 20 neighbours share a stall, which a fifth of all is in.
    expect(delivery?.effectiveSamples['p90']).toBeLessThan(300);
    expect(fanout_last?.effectiveSamples['p90']).toBeLessThan(200);
    expect(result.correlation).toMatchObject({ series: 'fanout_last', values: 1000 });
    const [next, ten] = result.correlation?.lags ?? [];
    expect(next?.correlation).toBeGreaterThan(0.5);
    expect(ten?.correlation).toBeLessThan(next?.correlation ?? 0);
    expect(result.notes.map(({ code }) => code)).toContain('correlated_samples');
  });
});
