import { expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { buildPlan } from '../../src/plan/plan.ts';
import { FIGURES } from '../../src/result/metrics.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun } from '../support/fake-run.ts';
import { targetWith } from '../support/plan.ts';

/** Ten messages a second for two seconds to four clients; client 3 gets every second one. */
function runWith(droppable: boolean) {
  const options = { clients: '4', rate: '10/s', duration: '2s', warmup: '1s', warmupMax: '1s' };
  const planned = buildPlan(broadcastLatency, options, () => targetWith({ url: 'ws://fake', droppable }));
  const network = ({ receiver, stamp }: { receiver: number; stamp: { seq: number } | null }) =>
    receiver === 3 && (stamp?.seq ?? 0) % 2 === 1 ? [] : [1];
  return new FakeRun({ planned, behavior: { network } }).run();
}

it('counts missing deliveries as dropped where the server may drop them, and samples their freshness', async () => {
  const result = await runWith(true);
  expect(result.ledger).toMatchObject({ expected: 80, delivered: 70, dropped: 10, lost: 0, anomalies: [] });
  expect(result.intervals.map(({ lost }) => lost)).not.toContain(10);
  expect(result.findings).toEqual([]);
  expect(FIGURES.dropped.value(result)).toBe(0.125);
  // Messages come every 100 ms; the last client misses every second one.
  const freshness = viewResult(result).histogram('freshness');
  expect(freshness?.count).toBeGreaterThan(60);
  expect(freshness?.quantileNs(0.5)).toBeLessThan(101e6);
  expect(freshness?.maxNs).toBeGreaterThan(90e6);
  expect(freshness?.maxNs).toBeLessThan(202e6);
});

it('counts them as lost elsewhere', async () => {
  const result = await runWith(false);
  expect(result.ledger).toMatchObject({ expected: 80, delivered: 70, dropped: 0, lost: 10 });
  expect(result.series['freshness']).toBeUndefined();
  expect(FIGURES.dropped.value(result)).toBeNull();
});
