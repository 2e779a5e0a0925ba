import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { SentSchedule } from '../../src/generator/sent-schedule.ts';
import { type ArrivalProcess, arrivalsNs } from '../../src/plan/arrivals.ts';
import { parseProfile } from '../../src/plan/profile.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { testSchedule } from '../../src/run/sent-as-planned.ts';
import { chance, exponentialNoise, type Noise } from '../stats/noise.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

interface Sending {
  readonly arrival: ArrivalProcess;
  readonly rate?: string;
  readonly seed?: number;
  /** How long after its time each message is sent, by its number. */
  readonly lagNs?: (index: number) => number;
  /** How many messages are collected and sent when the last of them is due. */
  readonly burst?: number;
  readonly workers?: number;
}

/** What the schedule of 10 s looks like as it was sent by some workers, whose streams take turns. */
function sent({ arrival, rate = '100/s', seed = 1, lagNs = () => 0, burst = 1, workers = 1 }: Sending) {
  const profile = parseProfile(rate, 10_000);
  const times = [...arrivalsNs(profile, arrival, seed)];
  const counters = Array.from({ length: workers }, () => new SentSchedule({ profile, arrival }, 1 / workers));
  for (const [index, dueNs] of times.entries()) {
    const last = Math.min(times.length - 1, index - (index % burst) + burst - 1);
    const sentNs = burst === 1 ? dueNs : (times[last] ?? 0);
    counters[index % workers]?.add(index, sentNs + lagNs(index));
  }
  return testSchedule(
    arrival,
    counters.map((counter) => counter.counts()),
  );
}

const lags = (noise: Noise, meanNs: number) => () => noise() * meanNs;

describe('constant arrivals', () => {
  it.each<[string, Omit<Sending, 'arrival'>]>([
    ['exactly', {}],
    ['with lags of 2 ms on average', { lagNs: lags(exponentialNoise(1), 1e6) }],
    ['by four workers', { workers: 4 }],
    ['at rates that change', { rate: '3s@50/s,4s@50..300/s,3s@0..20/s' }],
    [
      'with one stall of 100 ms',
      { lagNs: (index) => (index >= 500 && index < 510 ? (510 - index) * 10e6 : 0) },
    ],
  ])('fit the schedule when they are sent %s', (_, given) => {
    expect(sent({ arrival: 'constant', ...given })).toMatchObject({ fits: true });
  });

  it.each<[string, Omit<Sending, 'arrival'>, number]>([
    ['in bursts of ten', { burst: 10 }, 9],
    ['in bursts of two', { burst: 2 }, 1],
    ['in bursts of ten by four workers', { burst: 40, workers: 4 }, 9.75],
    ['in bursts of ten at rates that change', { rate: '3s@50/s,7s@100..300/s', burst: 10 }, 9],
    ['a tenth too early', { lagNs: () => -1e6 }, 0.1],
  ])('do not fit when they are sent %s', (_, given, deviation) => {
    const schedule = sent({ arrival: 'constant', ...given });
    expect(schedule).toMatchObject({ fits: false, maxDeviation: expect.closeTo(deviation, 1) });
  });
});

describe('Poisson arrivals', () => {
  it.each([1, 4])('have the gaps of a Poisson process in 99 of 100 runs: %i workers', (workers) => {
    const seeds = Array.from({ length: 400 }, (_, seed) => seed);
    const misfits = seeds.filter(
      (seed) => sent({ arrival: 'poisson', rate: '30/s', seed, workers })?.fits === false,
    );
    expect(misfits.length / seeds.length).toBeLessThan(0.01 + chance(0.01, seeds.length));
  });

  it('fit also with lags, and at rates that change', () => {
    expect(sent({ arrival: 'poisson', lagNs: lags(exponentialNoise(2), 0.1e6) })?.fits).toBe(true);
    expect(sent({ arrival: 'poisson', rate: '3s@50/s,4s@50..300/s,3s@20/s' })?.fits).toBe(true);
  });

  it.each<[string, Omit<Sending, 'arrival'>]>([
    ['in bursts of ten', { burst: 10 }],
    ['in bursts of two', { burst: 2 }],
    ['in bursts by four workers', { burst: 40, workers: 4 }],
  ])('do not fit when they are sent %s', (_, given) => {
    const schedule = sent({ arrival: 'poisson', ...given });
    expect(schedule?.fits).toBe(false);
    expect(schedule?.andersonDarling).toBeGreaterThan(38);
  });
});

describe('a run in virtual time', () => {
  const GIVEN = {
    clients: '3',
    publishers: '1',
    workers: '2',
    rate: '100/s',
    duration: '3s',
    warmup: '0s',
    warmupMax: '0s',
  };

  async function runOf(arrival: ArrivalProcess, burstMs: number): Promise<RunResult> {
    const run = new FakeRun({
      planned: planFake(broadcastLatency, { ...GIVEN, arrival }),
      // So slow that late sends do not invalidate the run.
      behavior: { network: () => [400] },
    });
    if (burstMs > 0) {
      run.during('measure', 0, () => {
        const burst = () => {
          run.workers[0]?.pause(burstMs - 5);
          run.time.after(burstMs, burst);
        };
        burst();
      });
    }
    return await run.run();
  }

  it.each(['constant', 'poisson'] as const)('that sends as planned says so: %s', async (arrival) => {
    const { schedule, notes } = await runOf(arrival, 0);
    expect(schedule).toMatchObject({ arrival, fits: true });
    expect(notes).toEqual([]);
  });

  it.each([
    [
      'constant',
      /^messages were not sent as planned: \d+(\.\d)? % of them when a later one was due, up to 10 messages off the schedule$/,
    ],
    [
      'poisson',
      /^messages were not sent as planned: \d+(\.\d)? % of the gaps are as short as the shortest 10 % of Poisson arrivals \(Anderson-Darling [\d,.]+\)$/,
    ],
  ] as const)('that sends in bursts of ten says so, and is valid: %s', async (arrival, message) => {
    const { schedule, notes, invalid, rate } = await runOf(arrival, 100);
    expect(rate.sent).toBe(rate.intended);
    expect(schedule?.fits).toBe(false);
    expect(invalid).toEqual([]);
    expect(notes.find(({ code }) => code === 'bursty_sends')?.message).toMatch(message);
  });
});
