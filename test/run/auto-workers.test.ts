import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { observe } from '../../scenarios/observe.ts';
import { streamReply } from '../../scenarios/stream-reply.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { buildPlan, type PlannedRun } from '../../src/plan/plan.ts';
import { chooseWorkers, deliveriesHz, mostWorkers } from '../../src/run/auto-workers.ts';
import { targetWith } from '../support/plan.ts';

const planned = (scenario: Scenario, given: GivenOptions): PlannedRun =>
  buildPlan(scenario, { workers: 'auto', ...given }, () => targetWith());

/** A calibration in which one worker carried so much. */
const carrying = (perSecond: number) => ({
  calibratedAt: '2026-11-28T10:00:00.000Z',
  capacity: { deliveriesHz: perSecond, limit: 'generator' as const, steps: [] },
});

describe('the deliveries of a plan', () => {
  it.each([
    ['a broadcast reaches every client', broadcastLatency, { clients: '20', rate: '50/s' }, 1000],
    [
      'at the highest rate of a profile',
      broadcastLatency,
      { clients: '20', rate: '1s@10..100/s,1s@20/s' },
      2000,
    ],
    ['a request has one reply', ackRoundtrip, { clients: '20', rate: '50/s' }, 50],
    ['a streamed reply has several', streamReply, { clients: '20', rate: '50/s', replies: '4' }, 200],
    ['none where the server pushes on its own', observe, { clients: '20' }, 0],
  ] as const)('%s', (_, scenario, given, expected) => {
    const { plan, layout } = planned(scenario, given);
    expect(deliveriesHz(plan, layout)).toBe(expected);
  });
});

describe('--workers auto', () => {
  const workersOf = (run: PlannedRun, perSecond: number, cpus: number) =>
    chooseWorkers(run, carrying(perSecond), cpus).plan.workers;

  /** One client sends to twenty others 50 times a second. It has a worker to itself when there are several. */
  const oneToTwenty = planned(broadcastLatency, { clients: '21', rate: '50/s', excludeSender: 'true' });

  it.each([
    ['one worker where it is used to 70 % at most', 1500, 1],
    ['three beyond that: one that sends, and two that receive', 1400, 3],
    ['as many as the load needs', 360, 5],
    ['no seventh, which would leave four receivers in one worker too', 1, 6],
  ])('takes %s', (_, perSecond, expected) => {
    expect(workersOf(oneToTwenty, perSecond, 8)).toBe(expected);
  });

  it('takes no more workers than clients', () => {
    expect(workersOf(planned(ackRoundtrip, { clients: '2', rate: '100/s' }), 1, 16)).toBe(2);
  });

  it('takes one worker on a machine of one or two CPUs', () => {
    const run = planned(ackRoundtrip, { clients: '20', rate: '100/s' });
    expect([1, 2].map((cpus) => workersOf(run, 1, cpus))).toEqual([1, 1]);
  });

  it('leaves nothing to spare where the limit of a worker was not found', () => {
    const { calibratedAt, capacity } = carrying(1000);
    const atLeast = { calibratedAt, capacity: { ...capacity, limit: 'none' as const } };
    expect(chooseWorkers(oneToTwenty, atLeast, 8).plan.workers).toBe(1);
    expect(chooseWorkers(oneToTwenty, carrying(1000), 8).plan.workers).toBe(3);
  });

  it('takes no second worker that would only send', () => {
    expect(workersOf(oneToTwenty, 1, 3)).toBe(1);
  });

  it('says why, with the figures', () => {
    const run = planned(broadcastLatency, { clients: '20', rate: '50/s' });
    expect(chooseWorkers(run, carrying(500), 8).plan.workersReason).toBe(
      'the plan has 1,000 deliveries/s, and one worker carried 500/s in the calibration of 2026-11-28',
    );
    expect(chooseWorkers(run, carrying(100), 4).plan.workersReason).toMatch(
      /; more CPUs would allow more workers$/,
    );
  });

  it('takes the default without a calibration, or without a capacity in it', () => {
    const run = planned(ackRoundtrip, {});
    for (const calibration of [null, { ...carrying(1), capacity: null }]) {
      expect(chooseWorkers(run, calibration, 8).plan).toMatchObject({
        workers: 1,
        workersReason: 'the default, because there is no calibration of this plan',
      });
    }
  });

  it('leaves a number that was given', () => {
    const run = planned(ackRoundtrip, { workers: '3' });
    expect(chooseWorkers(run, carrying(1), 8)).toBe(run);
  });

  it('is the same for the same plan and calibration, within its bounds, and never more for a faster worker', () => {
    const cases = fc.record({
      clients: fc.integer({ min: 1, max: 60 }),
      rateHz: fc.integer({ min: 1, max: 5000 }),
      perSecond: fc.integer({ min: 1, max: 100_000 }),
      cpus: fc.integer({ min: 1, max: 20 }),
      scenario: fc.constantFrom(ackRoundtrip, broadcastLatency),
    });
    fc.assert(
      fc.property(cases, ({ clients, rateHz, perSecond, cpus, scenario }) => {
        const run = planned(scenario, { clients: String(clients), rate: `${rateHz}/s` });
        const workers = workersOf(run, perSecond, cpus);
        expect(workersOf(run, perSecond, cpus)).toBe(workers);
        expect(workers).toBeGreaterThanOrEqual(1);
        expect(workers).toBeLessThanOrEqual(mostWorkers(clients, cpus));
        expect(workersOf(run, perSecond * 2, cpus)).toBeLessThanOrEqual(workers);
      }),
    );
  });
});
