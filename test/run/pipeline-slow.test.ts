import { describe, expect, it } from 'vitest';
import { slowConsumers } from '../../scenarios/slow-consumers.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

/** The first of 11 clients publishes 100 messages in 10 s; of the others two stop reading after 5 s. */
const PLAN = { clients: '11', rate: '10/s', duration: '10s', slow: '20%', drain: '2s' };

describe('slow-consumers', () => {
  it('has series of the others before and meanwhile, and of the slow ones', async () => {
    const run: FakeRun = new FakeRun({
      planned: planFake(slowConsumers, PLAN),
      behavior: { network: ({ receiver }) => [delayOf(run, receiver)] },
    });
    const result = await run.run();
    const slow = slowClients(run);
    expect(slow.size).toBe(2);
    expect(run.server.heard.filter((line) => line.endsWith('slow is over'))).toHaveLength(2);
    expect(result.invalid).toEqual([]);
    const view = viewResult(result);
    // The server takes 1 ms for a message, 3 ms while clients are slow, and these get it 500 ms later.
    const of = (series: string) => {
      const histogram = view.histogram(series);
      return [histogram?.count, Math.round((histogram?.quantileNs(0.5) ?? 0) / 1e6)];
    };
    expect(of('delivery_before')).toEqual([500, 1]);
    expect(of('delivery_others')).toEqual([400, 3]);
    expect(of('delivery_slow')).toEqual([100, 500]);
    expect(view.histogram('delivery')?.count).toBe(900);
    // The slow ones do not count for broadcasts either.
    expect(result.samples).toMatchObject({ count: 100, incomplete: 0 });
    expect(view.histogram('fanout_last')?.maxNs).toBeLessThan(4e6);
    expect(result.ledger).toMatchObject({ expected: 1000, delivered: 1000, lost: 0, missed: 0, late: 0 });
  });

  it('counts what slow clients lost apart, and what they missed when they were cut', async () => {
    const run: FakeRun = new FakeRun({
      planned: planFake(slowConsumers, PLAN),
      behavior: { network: ({ receiver }) => (slowClients(run).has(receiver) ? [] : [1]) },
    });
    run.during('measure', 8000, () => {
      const [first = -1] = slowClients(run);
      run.server.connections.get(first)?.drop('closed with 1008 too slow');
    });
    const result = await run.run();
    expect(result.slowReaders).toEqual({
      fromMs: 5000,
      slow: {
        clients: 2,
        expected: 200,
        delivered: 100,
        // Of the one that was cut, which read nothing from 5 s on.
        missed: 50,
        // Of the one that stayed.
        lost: 50,
      },
      others: { clients: 8, expected: 800, delivered: 800, missed: 0, lost: 0 },
    });
    expect(result.disruptions).toMatchObject([
      { clients: 1, back: 0, reasons: [{ reason: 'closed with 1008 too slow', count: 1 }] },
    ]);
    expect(result.notes.find(({ code }) => code === 'slow_readers')?.message).toMatch(
      /^p99 of the other receivers .*; 0 of 800 deliveries lost to the others, 50 of 200 deliveries lost and 50 missed to the slow ones; 1 slow connection cut, the first 8\.\d+ s after the start: closed with 1008 too slow \(1\)$/,
    );
  });

  it('refuses what is no share, no number and no rate', () => {
    for (const given of [
      { slow: '100%' },
      { slow: '0' },
      { slow: 'two' },
      { slow: '10' },
      { read: '10' },
      { read: 'fast' },
      { read: '10KB/s' },
    ])
      expect(() => planFake(slowConsumers, { ...PLAN, ...given })).toThrow(/^--(?:slow|read)\b/);
  });

  it.each([
    ['0', 0],
    ['10kB/s', 10_000],
    ['10 KiB/s', 10_240],
  ])('reads --read %s as --disrupt does', (read, readHz) => {
    expect(planFake(slowConsumers, { ...PLAN, read }).plan.disruptions).toMatchObject([{ readHz }]);
  });
});

/** The clients that have been kept from reading. */
function slowClients(run: FakeRun): Set<number> {
  const lines = run.server.heard.filter((line) => line.endsWith(' slow'));
  return new Set(lines.map((line) => Number(line.split(' ')[0])));
}

function delayOf(run: FakeRun, receiver: number): number {
  const slow = slowClients(run);
  if (slow.size === 0) return 1;
  return slow.has(receiver) ? 500 : 3;
}
