import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { liveRunCharts } from '../../src/report/content/run-chart-group.ts';
import { type ChartedView, viewResult, viewSoFar } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

const LOAD = { rate: '25/s', duration: '8s' };
/** Enough for two workers to have reported what they received in the first three seconds. */
const LOOK_AT_MS = 5500;

/** Runs 8 s, and views it after 5.5 s; `early` is that view. */
async function lookAtRun() {
  const run = new FakeRun({ planned: planFake(broadcastLatency, { ...LOAD, workers: '2' }) });
  const decoded = new Map();
  let early: ChartedView | null = null;
  run.during('measure', LOOK_AT_MS, () => {
    if (run.soFar !== null) early = viewSoFar(run.soFar(), decoded);
  });
  const result = await run.run();
  if (early === null) throw new Error('the run was not viewed');
  return { early: early as ChartedView, final: viewResult(result), decoded };
}

describe('a run that goes on', () => {
  it('has the intervals that are over, as its result will have them', async () => {
    const { early, final } = await lookAtRun();
    const count = early.result.intervals.length;
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThan(final.result.intervals.length);
    for (const series of ['delivery', 'fanout_last']) {
      expect(early.intervals(series)).toEqual(final.intervals(series).slice(0, count));
    }
    expect(early.result.intervals).toEqual(final.result.intervals.slice(0, count));
    expect(early.result.ledger.lost).toBe(0);
  });

  it('decodes every interval once', async () => {
    const { early, decoded } = await lookAtRun();
    const before = early.intervals('delivery');
    expect(decoded.size).toBe(before.length);
    expect(early.intervals('delivery').every((figures, index) => figures === before[index])).toBe(true);
  });

  it('has the charts of the report on a time axis of the whole plan', async () => {
    const { early, final } = await lookAtRun();
    const titles = (view: ChartedView) => {
      const { charts, flat } = liveRunCharts(view, 'ws');
      return [...charts.map(({ title }) => title), ...flat.map(([title]) => title)].sort();
    };
    expect(titles(early)).toEqual(titles(final));
    expect(liveRunCharts(early, 'ws')).toMatchObject({ measureMs: 8000, runs: [{ label: 'ws', colour: 0 }] });
  });
});
