import { describe, expect, it } from 'vitest';
import { disruptionOutcomes } from '../../../src/result/disruption-outcomes.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import type { StoredAbsence } from '../../../src/result/stored-absences.ts';
import { NOT_RECEIVING } from '../../../src/result/stored-telemetry.ts';
import { viewResult } from '../../../src/result/view.ts';
import { findOverload } from '../../../src/run/validity/overload.ts';
import { makeResult } from '../../report/fixture.ts';
import { histogramOf, storedSeries } from '../made-series.ts';

const MS = 1e6;
const FIXTURE = makeResult({ clients: 1, rateHz: 1, seconds: 1 });

/** One second of a made-up run: median latency of what arrived in it, and what became of what was sent in it. */
interface Second {
  readonly medianMs: number;
  readonly arrived: number;
  readonly expected: number;
  readonly lost: number;
}

const EVEN: Second = { medianMs: 5, arrived: 100, expected: 100, lost: 0 };

function intervalOf({ medianMs, arrived, expected, lost }: Second, second: number) {
  const delivery = arrived === 0 ? {} : { delivery: histogramOf([[medianMs * MS, arrived]]).encode() };
  return {
    startMs: second * 1000,
    lengthMs: 1000,
    intended: expected,
    sent: expected,
    expected,
    delivered: expected - lost,
    lost,
    missed: 0,
    series: delivery,
  };
}

type Servers = RunResult['telemetry']['servers'];
type Sample = Servers[number]['samples'][number];

const SAMPLE: Sample = {
  atMs: 1000,
  lengthMs: 1000,
  cpuMs: 20,
  loopUtilization: 1,
  pacingShare: 0,
  runQueueWaitMs: 0,
  loopDelayP50Ns: 0,
  loopDelayP99Ns: 20 * MS,
  loopDelayMaxNs: 20 * MS,
  gcCount: 0,
  gcTotalMs: 0,
  gcMaxMs: 0,
  rssBytes: 0,
  heapUsedBytes: 0,
  heapAfterGcBytes: null,
  rssMeanBytes: null,
  bufferedBytes: 0,
  ...NOT_RECEIVING,
};

/** A server process that is the same in each second, with what differs from one that is busy all the time. */
function serverOf(part: Partial<Sample> = {}, role = 'server'): Servers[number] {
  const samples = Array.from({ length: 12 }, (_, second) => ({
    ...SAMPLE,
    ...part,
    atMs: (second + 1) * 1000,
  }));
  return { role, pid: 1, source: 'probe', rssBeforeBytes: null, samples };
}

/** What is known of a process from outside. */
const NOT_PROBED = { loopUtilization: null, loopDelayMaxNs: null, bufferedBytes: null, runQueueWaitMs: null };

const BUSY = "; the server's event loop was busy 100 % of the time and up to 20.0 ms late";

/** A run of so many measured seconds of a busy server, then what arrived in each second of the drain. */
function runOf(measured: readonly Second[], drain: readonly Second[] = []): RunResult {
  const expected = measured.reduce((sum, second) => sum + second.expected, 0);
  const lost = measured.reduce((sum, second) => sum + second.lost, 0);
  const arrived = [...measured, ...drain].reduce((sum, second) => sum + second.arrived, 0);
  return {
    ...FIXTURE,
    timing: { ...FIXTURE.timing, measureMs: measured.length * 1000 },
    intervals: [...measured, ...drain].map(intervalOf),
    series: arrived === 0 ? {} : { delivery: storedSeries([[MS, arrived]]) },
    ledger: { ...FIXTURE.ledger, expected, delivered: arrived, lost },
    rate: { ...FIXTURE.rate, intended: expected, sent: expected },
    warmup: { ...FIXTURE.warmup, windowMediansNs: [] },
    telemetry: { servers: [serverOf()], workers: [] },
  };
}

const withMedians = (...mediansMs: readonly number[]) =>
  runOf(mediansMs.map((medianMs) => ({ ...EVEN, medianMs })));

/** So many seconds alike. */
const seconds = (count: number, second: Partial<Second> = {}) =>
  Array.from({ length: count }, () => ({ ...EVEN, ...second }));

const ABSENCE: StoredAbsence = {
  ...{ client: 1, disruption: null, repetition: 0, reason: 'reset', attempts: 1, failure: null },
  ...{ recovered: null, fromMs: 1000, triedMs: 1900, connectedMs: 1950, backMs: 2000, receivingMs: null },
  ...{ firstReplayedMs: null, lastReplayedMs: null, replayed: 50, early: 0, missed: 0, lost: 0 },
  ...{ duplicated: 0, reordered: 0 },
};

const overloadOf = (result: RunResult) => findOverload(viewResult(result));

describe('latency that grows', () => {
  it('is no backlog where clients missed messages while they were away', () => {
    const result = runOf(seconds(6, { arrived: 60, lost: 40 }));
    const ledger = { ...result.ledger, lost: 0, missed: result.ledger.lost };
    const intervals = result.intervals.map((each) => ({ ...each, lost: 0, missed: each.lost }));
    expect(overloadOf({ ...result, ledger, intervals })).toBeNull();
  });

  it('is a backlog of what did not arrive, beside what was replayed', () => {
    const result = runOf([...seconds(5), ...seconds(5, { medianMs: 200, arrived: 80 })]);
    const disruptions = disruptionOutcomes([ABSENCE], { disruptions: [] });
    const ledger = { ...result.ledger, expected: result.ledger.expected + 50 };
    const delivered = { ...ledger, delivered: ledger.delivered + 50 };
    expect(overloadOf({ ...result, ledger: delivered, disruptions })?.message).toContain(
      '100 messages in flight',
    );
  });

  it.each([
    ['five-fold over three seconds', [5, 40, 100], '5.00 ms to 100 ms'],
    ['just over double', [15, 20, 30.3], '15.0 ms to 30.3 ms'],
    ['by just over 10.0 ms', [1, 5, 11.1], '1.00 ms to 11.1 ms'],
    ['over seven seconds, by the medians of its thirds', [90, 5, 6, 7, 80, 3, 90], '6.00 ms to 80.0 ms'],
  ])('%s is an overload', (_, mediansMs, grown) => {
    expect(overloadOf(withMedians(...mediansMs))).toEqual({
      code: 'server_overloaded',
      message: `delivery p50 grew from ${grown} over the run, 0 messages in flight when sending ended${BUSY}`,
    });
  });

  it.each([
    ['not at all', [5, 5, 5]],
    ['downwards', [100, 40, 5]],
    ['to just under double', [15, 20, 29.7]],
    ['by just under 10.0 ms', [1, 5, 10.9]],
    ['for a second in the middle', [5, 5, 500, 500, 5, 5]],
    ['for one second of the last third', [5, 5, 5, 5, 5, 5, 5, 5, 900]],
  ])('%s is none', (_, mediansMs) => {
    expect(overloadOf(withMedians(...mediansMs))).toBeNull();
  });

  describe('where a queue had formed before measuring', () => {
    it.each([
      ['by 30 % of the time', [1000, 1300, 1600, 1900], '1.15 s to 1.75 s'],
      ['by just over 10 % of the time', [1000, 1102, 1204], '1.00 s to 1.20 s'],
      ['unevenly, by the medians of its thirds', [900, 1400, 1000, 1900, 1500, 1600, 1500, 2600, 2200]],
    ])('%s is an overload', (_, mediansMs, grown = '1.00 s to 2.20 s') => {
      expect(overloadOf(withMedians(...mediansMs))?.message).toMatch(
        `delivery p50 grew from ${grown} over the run`,
      );
    });

    it.each([
      ['by just under 10 % of the time', [1000, 1098, 1196]],
      ['for the last second', [1000, 1000, 1900]],
      ['for the last of four seconds', [1000, 1000, 1000, 1900]],
      ['for one second and falls again', [1000, 1000, 1900, 1000]],
      ['in the first half alone', [1000, 1000, 1400, 1400, 1400, 1400]],
      ['by a step in the middle, downwards before it', [1200, 1200, 1000, 1000, 1700, 1700]],
    ])('%s is none', (_, mediansMs) => {
      expect(overloadOf(withMedians(...mediansMs))).toBeNull();
    });

    it('by more than 10 % of the time counts in longer intervals too', () => {
      const stretched = (medians: number[]) => {
        const run = withMedians(...medians);
        const intervals = run.intervals.map((each, index) => ({
          ...each,
          startMs: index * 10_000,
          lengthMs: 10_000,
        }));
        return { ...run, intervals, timing: { ...run.timing, measureMs: medians.length * 10_000 } };
      };
      expect(overloadOf(stretched([5000, 5900, 6800]))).toBeNull();
      expect(overloadOf(stretched([5000, 6100, 7200]))?.message).toMatch('grew from 5.00 s to 7.20 s');
    });
  });

  it('needs at least three seconds', () => {
    expect(overloadOf(withMedians(5, 900))).toBeNull();
    expect(overloadOf(withMedians(5))).toBeNull();
    expect(overloadOf(runOf([]))).toBeNull();
  });

  it('is not looked for in the drain', () => {
    const drain = seconds(3, { medianMs: 900, arrived: 1, expected: 0 });
    const measured = seconds(3).map((second, index) => ({ ...second, arrived: index === 2 ? 97 : 100 }));
    expect(overloadOf(runOf(measured, drain))).toBeNull();
  });

  it('is not looked for in seconds in which nothing arrived', () => {
    const silent = seconds(1, { arrived: 0, expected: 0 });
    expect(overloadOf(runOf([...seconds(2), ...silent]))).toBeNull();
  });

  it('is looked for in requests where they are the headline', () => {
    const delivery = withMedians(5, 40, 100);
    const requests = delivery.intervals.map(({ series, ...interval }) => ({
      ...interval,
      series: { ack: series['delivery'] ?? '' },
    }));
    expect(overloadOf({ ...delivery, headline: 'ack', intervals: requests })?.message).toMatch(
      /^ack p50 grew from 5.00 ms to 100 ms over the run/,
    );
  });
});

describe('a backlog at the end', () => {
  it('excludes messages of iterations that outlast the schedule', () => {
    const result = runOf(seconds(3), seconds(2));
    const expected = result.ledger.expected + 200;
    expect(overloadOf({ ...result, ledger: { ...result.ledger, expected } })).toBeNull();
  });

  /** The last second's messages come `late` in the drain. */
  const withBacklog = (late: number) =>
    runOf([...seconds(3), { ...EVEN, arrived: 100 - late }], [{ ...EVEN, expected: 0, arrived: late }]);

  it("of more than a quarter of a second's worth is an overload", () => {
    expect(overloadOf(withBacklog(26))).toEqual({
      code: 'server_overloaded',
      message: `26 messages in flight when sending ended${BUSY}`,
    });
  });

  it('of a quarter of a second or less is none', () => {
    expect(overloadOf(withBacklog(25))).toBeNull();
    expect(overloadOf(withBacklog(1))).toBeNull();
  });

  it('is seen in a run of less than three seconds', () => {
    const result = runOf([{ ...EVEN, arrived: 20 }], [{ ...EVEN, expected: 0, arrived: 80 }]);
    expect(overloadOf(result)?.message).toBe(`80 messages in flight when sending ended${BUSY}`);
  });

  it('excludes messages to clients of a dead worker', () => {
    const result = runOf(seconds(4, { arrived: 50 }));
    expect(overloadOf(result)?.message).toMatch(/^200 messages in flight/);
    expect(overloadOf({ ...result, ledger: { ...result.ledger, unknown: 200 } })).toBeNull();
  });
});

describe('losses', () => {
  it('of messages that arrived corrupted are no queue', () => {
    const result = runOf([...seconds(6), ...seconds(4, { arrived: 60, lost: 40 })]);
    expect(overloadOf({ ...result, ledger: { ...result.ledger, corrupted: 160 } })).toBeNull();
  });

  it('of 1 % all along are a leak, not an overload, however long the run', () => {
    for (const length of [10, 60, 600]) {
      expect(overloadOf(runOf(seconds(length, { arrived: 99, lost: 1 })))).toBeNull();
    }
  });

  it('of half of all messages all along are a leak too', () => {
    expect(overloadOf(runOf(seconds(10, { arrived: 50, lost: 50 })))).toBeNull();
  });

  it('at the end, where a short drain cut a queue off, are an overload', () => {
    const result = runOf([...seconds(6), ...seconds(4, { arrived: 60, lost: 40 })]);
    expect(overloadOf(result)).toEqual({
      code: 'server_overloaded',
      message: `160 messages in flight when sending ended, 160 lost at the end of the drain${BUSY}`,
    });
  });

  it('at the end are an overload in spite of a leak besides', () => {
    const result = runOf([...seconds(5, { arrived: 99, lost: 1 }), ...seconds(5, { arrived: 50, lost: 50 })]);
    expect(overloadOf(result)?.message).toBe(
      `255 messages in flight when sending ended, 255 lost at the end of the drain${BUSY}`,
    );
  });
});

describe('a server that keeps up', () => {
  it.each([300, 2000])('at a constant latency of %d ms is not overloaded', (medianMs) => {
    const late = Math.round(medianMs / 10);
    const first = { ...EVEN, medianMs, arrived: Math.max(0, 100 - late) };
    const stable = seconds(9, { medianMs });
    const drain = [{ ...EVEN, medianMs, expected: 0, arrived: Math.min(late, 200) }];
    expect(overloadOf(runOf([first, ...stable], drain))).toBeNull();
  });

  it('and loses one message at a low rate is not overloaded', () => {
    const slow = seconds(10, { expected: 2, arrived: 2 });
    slow[7] = { ...EVEN, expected: 2, arrived: 1, lost: 1 };
    expect(overloadOf(runOf(slow))).toBeNull();
  });

  it('and loses every third message of a climbing load is not overloaded', () => {
    const climbing = Array.from({ length: 10 }, (_, second) => {
      const expected = 30 * (second + 1);
      return { medianMs: 2, expected, arrived: (expected * 2) / 3, lost: expected / 3 };
    });
    expect(overloadOf(runOf(climbing))).toBeNull();
  });
});

describe('a server that was overloaded before measuring began', () => {
  const lostAll = runOf(seconds(5, { arrived: 0, lost: 100 }));
  const withWarmup = (windowMediansNs: number[]) => ({
    ...lostAll,
    warmup: { ...FIXTURE.warmup, windowMediansNs },
  });

  it('is recognized by its warm-up when no measured message arrived', () => {
    expect(overloadOf(withWarmup([20 * MS, 400 * MS, 900 * MS]))?.message).toBe(
      `delivery p50 grew from 20.0 ms to 900 ms over the warm-up, 500 messages in flight when sending ended, 500 lost at the end of the drain${BUSY}`,
    );
  });

  it('is recognized by a warm-up that grew from a long latency', () => {
    expect(overloadOf(withWarmup([2000 * MS, 2200 * MS, 2400 * MS]))?.message).toMatch(
      'delivery p50 grew from 2.00 s to 2.40 s over the warm-up',
    );
  });

  it('is not one that loses everything at an even latency', () => {
    expect(overloadOf(withWarmup([20 * MS, 20 * MS, 20 * MS]))).toBeNull();
  });
});

/** The run with these server processes. */
const servedBy = (result: RunResult, ...servers: Servers): RunResult => ({
  ...result,
  telemetry: { servers, workers: [] },
});

describe("an overload needs the server's own evidence", () => {
  const idle = { loopUtilization: 0.03, loopDelayMaxNs: 5 * MS };
  const growing = withMedians(5, 40, 100);
  const cut = runOf([...seconds(6), ...seconds(4, { arrived: 60, lost: 40 })]);

  it.each<[string, Partial<Sample>]>([
    ['its event loop', { loopUtilization: 0.81 }],
    ['its CPU, as by threads of its own', { ...idle, cpuMs: 900 }],
    ['a loop that it blocked', { loopUtilization: 0.35, loopDelayMaxNs: 300 * MS }],
    ['bytes that it had not written', { loopUtilization: 0.25, bufferedBytes: 10e6 }],
    ['its CPU alone, where its event loop is unknown', { ...NOT_PROBED, cpuMs: 970 }],
  ])('such as %s', (_, part) => {
    expect(overloadOf(servedBy(growing, serverOf(part)))?.code).toBe('server_overloaded');
    expect(overloadOf(servedBy(cut, serverOf(part)))?.code).toBe('server_overloaded');
  });

  it.each<[string, Partial<Sample>]>([
    ['is idle', idle],
    ['was late and did not compute meanwhile', { ...idle, loopDelayMaxNs: 300 * MS }],
    ['waited for its clients to read', { ...idle, bufferedBytes: 10e6 }],
    ['was late because it had no CPU', { ...idle, loopDelayMaxNs: 300 * MS, runQueueWaitMs: 190 }],
    ['is not probed and used little CPU', { ...NOT_PROBED, cpuMs: 30 }],
  ])('a server that %s is not overloaded', (_, part) => {
    const finding = overloadOf(servedBy(growing, serverOf(part)));
    expect(finding?.code).toBe('latency_grows');
    expect(finding?.message).toMatch(
      /^delivery p50 grew from 5.00 ms to 100 ms over the run, .*; the server/,
    );
    expect(overloadOf(servedBy(cut, serverOf(part)))).toBeNull();
  });

  it.each<[string, Partial<Sample>, cpuPressureRatio: number | null, waited: string]>([
    [
      'a server that waited for a CPU',
      { ...idle, loopUtilization: 0.9, runQueueWaitMs: 870 },
      null,
      'the server waited for a CPU 87.0 % of the time',
    ],
    ['an idle server', idle, 0.86, 'processes of this machine waited for a CPU 86.0 % of the time'],
    [
      'an idle server that was late',
      { ...idle, loopDelayMaxNs: 900 * MS, bufferedBytes: 10e6 },
      0.97,
      'processes of this machine waited for a CPU 97.0 % of the time',
    ],
  ])('else the machine was overloaded: %s', (_, part, cpuPressureRatio, waited) => {
    const result = servedBy(growing, serverOf(part));
    const environment = { ...result.environment, cpuPressureRatio };
    const finding = overloadOf({ ...result, environment });
    expect(finding?.code).toBe('machine_overloaded');
    expect(finding?.message.endsWith(`; ${waited}`)).toBe(true);
  });

  it('and the machine is not blamed for an overload of the server', () => {
    const result = servedBy(growing, serverOf({ loopUtilization: 0.95 }));
    const environment = { ...result.environment, cpuPressureRatio: 0.9 };
    expect(overloadOf({ ...result, environment })?.code).toBe('server_overloaded');
  });

  it('of the time in which messages queued, the end of the run', () => {
    const server = serverOf(idle);
    const [first, ...rest] = server.samples;
    if (first === undefined) throw new Error('no sample');
    const busyFirst = { ...server, samples: [{ ...first, loopUtilization: 1 }, ...rest] };
    expect(overloadOf(servedBy(growing, busyFirst))?.code).toBe('latency_grows');
  });

  it('and what is seen of a server that is not observed is no overload', () => {
    expect(overloadOf(servedBy(growing))).toEqual({
      code: 'latency_grows',
      message:
        'delivery p50 grew from 5.00 ms to 100 ms over the run, 0 messages in flight when sending ended; the server process was not observed',
    });
    const late = runOf([...seconds(3), { ...EVEN, arrived: 50 }], [{ ...EVEN, expected: 0, arrived: 50 }]);
    expect(overloadOf(servedBy(late))).toEqual({
      code: 'late_at_end',
      message: '50 messages in flight when sending ended; the server process was not observed',
    });
  });
});

describe("the server's own figures", () => {
  const growing = withMedians(5, 40, 100);

  it('stand beside the signs, taken from the measured time alone', () => {
    const at = (atMs: number, loopUtilization: number, loopDelayMaxNs: number) => ({
      ...SAMPLE,
      atMs,
      loopUtilization,
      loopDelayMaxNs,
    });
    const samples = [at(0, 0, 9e9), at(1000, 0.8, 30 * MS), at(3000, 1, 12 * MS), at(5000, 0, 9e9)];
    expect(overloadOf(servedBy(growing, { ...serverOf(), samples }))?.message).toMatch(
      /; the server's event loop was busy 90.0 % of the time and up to 30.0 ms late$/,
    );
  });

  it('are those of the busiest process, by name, of several', () => {
    const servers = [0.3, 0.9, 0.5].map((loopUtilization, index) =>
      serverOf({ loopUtilization, loopDelayMaxNs: (index + 1) * MS }, `server ${index + 1}`),
    );
    expect(overloadOf(servedBy(growing, ...servers))?.message).toMatch(
      /; the event loop of server 2, the busiest of 3 processes, was busy 90.0 % of the time and up to 2.00 ms late$/,
    );
  });

  it('are its CPU time alone where nothing is known of its event loop', () => {
    const message = overloadOf(servedBy(growing, serverOf({ ...NOT_PROBED, cpuMs: 970 })))?.message;
    expect(message).toMatch(/; the server used 97.0 % of one CPU core$/);
  });

  it('are unknown when its process reported nothing while measuring', () => {
    expect(overloadOf(servedBy(growing, { ...serverOf(), samples: [] }))?.message).toMatch(
      /; the server process was not observed$/,
    );
  });
});
