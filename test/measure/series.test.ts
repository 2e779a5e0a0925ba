import { describe, expect, it } from 'vitest';
import { SERIES, seriesOfRun } from '../../src/measure/series.ts';

describe('the series of a run', () => {
  it("are the scenario's own first, as it says what they are, then those of every run", () => {
    const series = seriesOfRun({ upgrade: 'due -> on WebSocket', close: 'close -> closed' });
    const own = { mayBeZero: true, sampledBy: null, sampleUnit: 'sample' };
    expect(series.slice(0, 2)).toEqual([
      { ...own, name: 'upgrade', meaning: 'due -> on WebSocket' },
      { ...own, name: 'close', meaning: 'close -> closed' },
    ]);
    expect(series.slice(2)).toEqual(SERIES);
  });

  it('are those of every run where a scenario has none', () => {
    expect(seriesOfRun()).toEqual(SERIES);
  });

  it('have names of their own, with the one from actual sending beside each that can be a headline', () => {
    const names = SERIES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const headline of ['delivery', 'ack', 'reply', 'iteration']) {
      expect(names).toEqual(expect.arrayContaining([headline, `${headline}_actual`]));
    }
  });

  it('are sampled by a series that exists, or by the headline', () => {
    const names = new Set<string>(['headline', ...SERIES.map(({ name }) => name)]);
    for (const { name, sampledBy } of SERIES)
      expect([name, names.has(sampledBy ?? name)]).toEqual([name, true]);
  });
});
