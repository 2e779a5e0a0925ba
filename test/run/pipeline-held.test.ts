import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { observe } from '../../scenarios/observe.ts';
import { chat } from '../../src/contract/mapping.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { RunPhase } from '../../src/result/progress.ts';
import { FakeRun, type FakeRunOptions, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

/** 250 broadcasts over 10 s, after a warm-up of 2 s. */
const LOAD = { rate: '25/s', duration: '10s', warmup: '2s', warmupMax: '2s' };

type Options = Omit<FakeRunOptions, 'planned'> & { readonly given?: GivenOptions };

function broadcasts({ given, ...rest }: Options = {}): FakeRun {
  return new FakeRun({ planned: planFake(broadcastLatency, { ...LOAD, ...given }), ...rest });
}

describe('a worker that is slow to start', () => {
  it('is waited for', async () => {
    const run = broadcasts().during('start', 10, () => run.workers[0]?.pause(25_000));
    expect(await run.run()).toMatchObject({ status: 'complete', invalid: [] });
  });

  it('is given up when it never does', async () => {
    const run = broadcasts().during('start', 10, () => run.workers[0]?.hang());
    await expect(run.run()).rejects.toMatchObject({
      code: 'WORKER_HUNG',
      message: 'nothing was measured: generator process 1 did not answer within 30s',
    });
  });
});

describe('a worker that hangs', () => {
  it('while connecting ends the run without a result', async () => {
    const run = broadcasts().during('connect', 0.01, () => run.workers[0]?.hang());
    await expect(run.run()).rejects.toMatchObject({
      code: 'WORKER_HUNG',
      message: 'nothing was measured: generator process 1 did not answer within 18s',
    });
  });

  it('while measuring is given up 8 s after the schedule, with what it reported before', async () => {
    const run = broadcasts();
    run.during('measure', 4500, () => run.workers[0]?.hang());
    const result = await run.run();
    expect(result.status).toBe('partial');
    expect(result.invalid[0]).toEqual({
      code: 'worker_hung',
      message: 'generator process 1 did not answer within 18s',
    });
    expect(result.rate.sent).toBe(100);
    expect(result.timing.measureMs).toBe(10_000);
  });

  it.each<[RunPhase, afterMs: number]>([
    ['warm-up', 1500],
    ['measure', 9990],
    ['drain', 1],
    ['drain', 250],
    ['collect', 0.05],
  ])('during %s, after %d ms, is named, and what it did not report is unknown', async (phase, afterMs) => {
    const run = broadcasts({ given: { clients: '6', workers: '2' }, behavior: { network: () => [300] } });
    run.during(phase, afterMs, () => run.workers[1]?.hang());
    const { status, invalid, ledger, intervals, findings } = await run.run();
    const within = phase === 'warm-up' || phase === 'measure' ? '18s' : '8s';
    expect(status).toBe('partial');
    expect(invalid[0]).toEqual({
      code: 'worker_hung',
      message: `generator process 2 did not answer within ${within}`,
    });
    expect(ledger.expected).toBe(1500);
    expect(ledger.delivered + ledger.unknown).toBe(1500);
    expect(ledger.unknown).toBeGreaterThan(0);
    expect(ledger.lost).toBe(0);
    expect(intervals.every(({ lost }) => lost === 0)).toBe(true);
    expect(findings).toEqual([]);
  });

  it('in the drain of a run of server pushes leaves unknown what its clients received', async () => {
    const mapping = {
      ...chat,
      observe: { event: 'tick', key: (data: unknown) => (data as { id: number }).id },
    };
    const planned = planFake(observe, { clients: '6', workers: '3', duration: '5s', drain: '1s' });
    const run = new FakeRun({ planned, mapping });
    run.during('warm-up', 0, () => {
      let id = 0;
      run.time.every(100, () => {
        id += 1;
        run.server.push('tick', { id });
      });
    });
    run.during('measure', 2500, () => run.workers[2]?.hang());
    const { invalid, ledger } = await run.run();
    expect(invalid[0]?.code).toBe('worker_hung');
    expect(ledger.unknown).toBeGreaterThan(0);
    expect(ledger.lost).toBe(0);
  });

  it('while a server loses messages leaves the losses of the other clients known', async () => {
    // The first worker has the sender, the second one client 1.
    const network = ({ receiver }: Hop) => (receiver === 1 ? [] : [1]);
    const run = broadcasts({ given: { clients: '6', workers: '3' }, behavior: { network } });
    run.during('drain', 100, () => run.workers[2]?.hang());
    const { ledger } = await run.run();
    expect(ledger.lost).toBe(250);
    expect(ledger.delivered + ledger.lost + ledger.unknown).toBe(1500);
  });
});

describe('a worker that is stopped for a while', () => {
  it.each<[RunPhase, afterMs: number, forMs: number]>([
    ['measure', 9900, 4000],
    ['drain', 10, 1500],
    ['drain', 100, 7500],
    ['drain', 400, 3000],
    ['collect', 0.05, 7000],
  ])('in %s, after %d ms, for %d ms, loses nothing', async (phase, afterMs, forMs) => {
    const given = { clients: '6', workers: '2', drain: '1s' };
    const run = broadcasts({ given, behavior: { network: () => [500] } });
    run.during(phase, afterMs, () => run.workers[1]?.pause(forMs));
    const { invalid, ledger } = await run.run();
    expect(invalid.map(({ code }) => code)).not.toContain('worker_hung');
    expect(ledger).toMatchObject({ expected: 1500, delivered: 1500, lost: 0, unknown: 0 });
  });
});

describe('a worker that is too busy to answer', () => {
  it.each<RunPhase>(['measure', 'collect'])('in %s for 20 s is waited for', async (phase) => {
    const given = { clients: '6', workers: '2', drain: '1s' };
    const run = broadcasts({ given, behavior: { network: () => [500] } });
    run.during(phase, phase === 'measure' ? 9900 : 0.05, () => run.workers[1]?.keepBusy(20_000));
    const { invalid, ledger } = await run.run();
    expect(invalid.map(({ code }) => code)).not.toContain('worker_hung');
    expect(ledger).toMatchObject({ expected: 1500, delivered: 1500, lost: 0, unknown: 0 });
  });

  it('is given up after 40 s', async () => {
    const run = broadcasts({ given: { clients: '6', workers: '2', drain: '1s' } });
    run.during('collect', 0.05, () => run.workers[1]?.keepBusy(100_000));
    const { invalid } = await run.run();
    expect(invalid[0]).toEqual({
      code: 'worker_hung',
      message: 'generator process 2 did not answer within 40s',
    });
  });
});

describe('a coordinator that is stopped for a while', () => {
  it.each<[RunPhase, afterMs: number]>([
    ['start', 10],
    ['connect', 0.5],
    ['warm-up', 500],
    ['measure', 5000],
    ['measure', 9990],
    ['drain', 10],
    ['drain', 250],
    ['collect', 0.05],
  ])('in %s, after %d ms, does not blame the workers', async (phase, afterMs) => {
    const given = { clients: '6', workers: '2', drain: '1s' };
    const run = broadcasts({ given, behavior: { network: () => [300] } });
    run.during(phase, afterMs, () => run.coordinator.pause(60_000));
    const { status, invalid, ledger } = await run.run();
    expect(invalid).toEqual([]);
    expect(status).toBe('complete');
    expect(ledger).toMatchObject({ expected: 1500, delivered: 1500, lost: 0, unknown: 0 });
  });

  it('still finds a worker that hangs', async () => {
    const run = broadcasts();
    run.during('drain', 10, () => {
      run.workers[0]?.hang();
      run.coordinator.pause(60_000);
    });
    const { invalid } = await run.run();
    expect(invalid[0]?.code).toBe('worker_hung');
  });
});
