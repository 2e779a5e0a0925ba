import { describe, expect, it } from 'vitest';
import type { Layout } from '../../src/contract/scenario.ts';
import type { Member, Snapshot } from '../../src/generator/messages.ts';
import { NsHistogram } from '../../src/measure/histogram.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import type { Traffic } from '../../src/measure/traffic.ts';
import { Collector } from '../../src/run/collector.ts';
import { Membership } from '../../src/run/membership.ts';
import { collectGarbage } from '../garbage.ts';
import {
  incompleteBroadcast,
  madeSnapshot,
  NO_TOTALS,
  NOTHING_RECEIVED,
  telemetryAt,
} from './made-snapshot.ts';

const SECOND_NS = 1e9;
const MS = 1e6;
const WARMUP_FROM_NS = 100 * SECOND_NS;
const MEASURE_FROM_NS = 104 * SECOND_NS;
const QUIET_NS = 2 * SECOND_NS;

/** Client 0 sends to the others: 1 and 3 sit in worker 0, 2 and 4 in worker 1. */
const LAYOUT: Layout = {
  rooms: [[], [], [], [], []],
  streams: [
    {
      sender: 0,
      operation: { kind: 'publish', scope: 'everyone-but-me', room: null },
      receivers: [1, 2, 3, 4],
    },
  ],
};
const SPREAD = [
  [0, 1, 3],
  [2, 4],
];

/** Members whose server process is unknown. */
function members(clients: readonly number[]): Member[] {
  return clients.map((client) => ({ client, node: null }));
}

function startCollector(): { collector: Collector; membership: Membership } {
  const membership = new Membership(LAYOUT, SPREAD);
  const times = { quietNs: QUIET_NS, durationMs: 60_000, drainMs: 5000 };
  const collector = new Collector({ membership, ...times, headline: 'delivery' });
  SPREAD.forEach((clients, worker) => {
    collector.onMessage(worker, { type: 'connected', members: members(clients), failures: [] });
  });
  collector.warmupStartNs = WARMUP_FROM_NS;
  collector.measureFrom(MEASURE_FROM_NS);
  return { collector, membership };
}

/** What is recorded in one second: values by series. */
type Recording = Readonly<Record<string, readonly number[]>>;

/** A snapshot of the second that starts at `startNs`. */
function snapshotAt(startNs: number, recording: Recording, more: Partial<Snapshot> = {}): Snapshot {
  const recorder = new Recorder();
  for (const [name, values] of Object.entries(recording)) {
    for (const valueNs of values) recorder.record(name, valueNs);
  }
  return madeSnapshot(startNs, { recorded: recorder.take(), ...more });
}

function reportSecond(
  collector: Collector,
  worker: number,
  second: number,
  recording: Recording,
  more: Partial<Snapshot> = {},
): void {
  const snapshot = snapshotAt(MEASURE_FROM_NS + second * SECOND_NS, recording, more);
  collector.onMessage(worker, { type: 'snapshot', snapshot });
}

function reportWarmup(collector: Collector, worker: number, second: number, values: readonly number[]): void {
  const snapshot = snapshotAt(WARMUP_FROM_NS + second * SECOND_NS, { warmup: values });
  collector.onMessage(worker, { type: 'snapshot', snapshot });
}

/** Lowest value of each bucket of a series, once for each of its values. */
function valuesIn(histogram: NsHistogram | undefined): number[] {
  return histogram?.buckets().flatMap(({ lowestNs, count }) => Array(count).fill(lowestNs)) ?? [];
}

/** Values of a series in each stored second, buckets as exact as they are below 2048 ns. */
function bySecond(collector: Collector, series: string): number[][] {
  return collector.timeline
    .stored()
    .map(({ series: { [series]: encoded } }) =>
      encoded === undefined ? [] : valuesIn(NsHistogram.decode(encoded)),
    );
}

/** What comes back of a value that lies in a bucket with others. */
function toBucket(valueNs: number): number {
  const histogram = new NsHistogram();
  histogram.record(valueNs);
  return valuesIn(histogram)[0] ?? Number.NaN;
}

describe('snapshots', () => {
  it("of two workers are merged into their seconds and into the run's whole", () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, { delivery: [1000, 1200], send_lag: [5] });
    reportSecond(collector, 1, 0, { delivery: [1100] });
    reportSecond(collector, 1, 1, { delivery: [1300] });
    reportSecond(collector, 0, 1, { delivery: [900] });
    expect(bySecond(collector, 'delivery')).toEqual([
      [1000, 1100, 1200],
      [900, 1300],
    ]);
    expect(valuesIn(collector.timeline.series.get('delivery'))).toEqual([900, 1000, 1100, 1200, 1300]);
    expect(valuesIn(collector.timeline.series.get('send_lag'))).toEqual([5]);
  });

  it('belong to the second at whose beginning they nearly began', () => {
    const { collector } = startCollector();
    const early = snapshotAt(MEASURE_FROM_NS - 0.4 * SECOND_NS, { delivery: [1000] });
    const late = snapshotAt(MEASURE_FROM_NS + 1.4 * SECOND_NS, { delivery: [1100] });
    collector.onMessage(0, { type: 'snapshot', snapshot: early });
    collector.onMessage(0, { type: 'snapshot', snapshot: late });
    expect(bySecond(collector, 'delivery')).toEqual([[1000], [1100]]);
  });

  it('that come late are added to their second, though it was stored away', () => {
    const { collector } = startCollector();
    for (const second of [0, 1, 2, 3, 4]) reportSecond(collector, 0, second, { delivery: [1000 + second] });
    reportSecond(collector, 1, 0, { delivery: [1500] });
    reportSecond(collector, 1, 1, { delivery: [1501] });
    expect(bySecond(collector, 'delivery')).toEqual([[1000, 1500], [1001, 1501], [1002], [1003], [1004]]);
    expect(collector.timeline.series.get('delivery')?.count).toBe(7);
  });

  it('bring counts for seconds before their own', () => {
    const { collector } = startCollector();
    const sent = { second: 0, intended: 4, sent: 4, expected: 16, delivered: 7 };
    reportSecond(collector, 0, 0, {}, { bySecond: [sent] });
    const arrived = { second: 0, intended: 0, sent: 0, expected: 0, delivered: 9 };
    reportSecond(collector, 1, 1, {}, { bySecond: [arrived] });
    expect(collector.timeline.counts()).toMatchObject({ intended: 4, sent: 4, expected: 16, delivered: 16 });
    expect(collector.timeline.stored()[0]).toMatchObject({ expected: 16, delivered: 16, lost: 0 });
  });

  it('bring connect times before anything is measured', () => {
    const { collector } = startCollector();
    const snapshot = snapshotAt(WARMUP_FROM_NS - 3 * SECOND_NS, { connect: [1000, 2000] });
    collector.onMessage(0, { type: 'snapshot', snapshot });
    expect(valuesIn(collector.timeline.series.get('connect'))).toEqual([1000, 2000]);
    expect(collector.timeline.stored()).toEqual([]);
  });

  it('bring reasons and impossible values, which are added up, and costs, of which the longest counts', () => {
    const { collector } = startCollector();
    const rest = { closed: [{ reason: '1000', count: 2 }], snapshotCostMs: 1.5 };
    reportSecond(collector, 0, 0, { delivery: [0, -5, 1000] }, rest);
    reportSecond(collector, 1, 0, { delivery: [0] }, { ...rest, snapshotCostMs: 0.5 });
    expect(collector.closed.take()).toEqual([{ reason: '1000', count: 4 }]);
    expect(collector.impossible.take()).toEqual([{ reason: 'delivery', count: 3 }]);
    expect(collector.snapshotCostMaxMs).toBe(1.5);
  });

  it('bring the telemetry of each worker', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, { telemetry: [{ ...telemetryAt(0), atNs: 1 }] });
    reportSecond(collector, 1, 0, {}, { telemetry: [{ ...telemetryAt(0), atNs: 2 }] });
    reportSecond(collector, 0, 1, {}, { telemetry: [{ ...telemetryAt(0), atNs: 3 }] });
    expect(collector.workers.map(({ telemetry }) => telemetry.items.map(({ atNs }) => atNs))).toEqual([
      [1, 3],
      [2],
    ]);
  });

  it('bring the traffic of each worker, of which that of the measured time counts', () => {
    const { collector } = startCollector();
    const traffic = { sentBytes: 10, receivedBytes: 100, requests: 4, polls: 2, emptyPolls: 1 };
    const spanOf = (second: number, counted: Traffic = traffic) => {
      const startNs = MEASURE_FROM_NS + second * 1e9;
      return { traffic: [{ startNs, endNs: startNs + 1e9, traffic: counted }] };
    };
    reportSecond(collector, 0, -1, {}, spanOf(-1));
    reportSecond(collector, 0, 0, {}, spanOf(0));
    reportSecond(collector, 1, 0, {}, spanOf(0, { ...traffic, sentBytes: 1 }));
    reportSecond(collector, 0, 1, {}, spanOf(1));
    reportSecond(collector, 0, 2, {}, spanOf(2));
    expect(collector.traffic(2000)).toEqual({
      sentBytes: 21,
      receivedBytes: 300,
      requests: 12,
      polls: 6,
      emptyPolls: 3,
    });
  });
});

it('seconds that are over are stored away, so that a long run stays small', async () => {
  const { collector } = startCollector();
  const bufferBytes = () => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  // The newest seconds stay open for stragglers; from then on a second may cost its text only.
  for (let second = 0; second < 5; second++) reportSecond(collector, 0, second, { delivery: [1000] });
  const before = bufferBytes();
  for (let second = 5; second < 105; second++) reportSecond(collector, 0, second, { delivery: [1000] });
  // An open histogram takes over 100 KB. V8 gives buffers back some time after collecting.
  await expect.poll(() => bufferBytes() - before, { timeout: 20_000 }).toBeLessThan(1024 ** 2);
  expect(bySecond(collector, 'delivery')).toEqual(Array(105).fill([1000]));
});

describe('a broadcast whose receivers are spread over workers', () => {
  const part = (seq: number, ...latenciesNs: number[]) => ({
    broadcasts: [
      { stream: 0, seq, intendedNs: 0, latenciesNs: Float64Array.from(latenciesNs), lastReceiver: 0 },
    ],
  });

  it('is complete when the last worker has reported its part', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, part(0, 1000, 1200));
    expect(collector.timeline.series.has('fanout_last')).toBe(false);
    reportSecond(collector, 1, 0, {}, part(0, 900, 1900));
    const whole = (series: string) => valuesIn(collector.timeline.series.get(series));
    expect(whole('fanout_first')).toEqual([900]);
    expect(whole('fanout_median')).toEqual([1000]);
    expect(whole('fanout_last')).toEqual([1900]);
    expect(whole('fanout_skew')).toEqual([1000]);
    collector.finish();
    expect(collector.broadcasts.incomplete).toBe(0);
    expect(whole('fanout_last')).toEqual([1900]);
  });

  it('is kept apart from the others', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, part(0, 1000, 1200));
    reportSecond(collector, 0, 0, {}, part(1, 500, 600));
    reportSecond(collector, 1, 1, {}, part(1, 700, 800));
    reportSecond(collector, 1, 1, {}, part(0, 1300, 1400));
    expect(bySecond(collector, 'fanout_last')).toEqual([[], [800, 1400]]);
    expect(valuesIn(collector.timeline.series.get('fanout_first'))).toEqual([500, 1000]);
  });

  it('is given up when a worker is silent, with the receivers that it reached', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, part(0, 1000, 1200));
    reportSecond(collector, 0, 1, {});
    reportSecond(collector, 0, 2, {});
    expect(collector.broadcasts.incomplete).toBe(0);
    reportSecond(collector, 0, 3, {});
    expect(collector.broadcasts.incomplete).toBe(1);
    expect(valuesIn(collector.timeline.series.get('fanout_last'))).toEqual([1200]);
    expect(bySecond(collector, 'fanout_last')[0]).toEqual([1200]);
    // A part that comes after all is no broadcast of its own.
    reportSecond(collector, 1, 3, {}, part(0, 1900, 2000));
    collector.finish();
    expect(collector.broadcasts.incomplete).toBe(1);
    expect(valuesIn(collector.timeline.series.get('fanout_last'))).toEqual([1200]);
  });

  it('is closed at the end, into the last second', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, { delivery: [1] });
    reportSecond(collector, 0, 1, {}, { ...part(0, 1000), bySecond: [{ second: 1, ...NO_COUNTS }] });
    collector.finish();
    expect(collector.broadcasts.incomplete).toBe(1);
    expect(bySecond(collector, 'fanout_first')).toEqual([[], [1000]]);
  });

  it('is counted as incomplete by the worker that has all of its receivers', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, { incomplete: [incompleteBroadcast(0), incompleteBroadcast(1)] });
    reportSecond(collector, 1, 0, {}, { incomplete: [incompleteBroadcast(2)] });
    expect(collector.broadcasts.incomplete).toBe(3);
  });

  it('is recorded in the second of its last arrival, however much later the worker gave it up', () => {
    const { collector } = startCollector();
    const lastArrivalNs = MEASURE_FROM_NS + 1.5 * SECOND_NS;
    const figures = { firstNs: 500, medianNs: 600, lastNs: 700, lastArrivalNs };
    const place = { stream: 0, seq: 0, intendedNs: 0, lastReceiver: 0 };
    const incomplete = [{ ...place, expected: 2, reached: 1, ...figures }];
    for (let second = 0; second < 60; second++) reportSecond(collector, 0, second, {});
    reportSecond(collector, 0, 60, {}, { incomplete });
    expect(bySecond(collector, 'fanout_last')).toEqual([[], [700]]);
    expect(bySecond(collector, 'fanout_skew')[1]).toEqual([200]);
  });
});

const NO_COUNTS = { intended: 0, sent: 0, expected: 0, delivered: 0 };

describe('pushes of the server', () => {
  const push = (key: string, firstNs: number, lastNs: number, reached: number) => ({
    pushes: [
      { key, firstNs: MEASURE_FROM_NS + firstNs, lastNs: MEASURE_FROM_NS + lastNs, reached, duplicated: 0 },
    ],
  });

  it('are put together from all workers, into the second in which the last client got them', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, push('a', 999 * MS, 999 * MS + 500, 3));
    expect(collector.timeline.series.has('push_skew')).toBe(false);
    reportSecond(collector, 1, 1, {}, push('a', 999 * MS + 100, 1000 * MS, 2));
    expect(bySecond(collector, 'push_skew')).toEqual([[], [toBucket(1 * MS)]]);
  });

  it('that did not reach everyone are closed at the end', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, push('a', 1000, 1700, 3));
    expect(collector.pushes.incomplete).toBe(1);
    collector.finish();
    expect(collector.pushes.counts).toMatchObject({ pushes: 1, complete: 0 });
    expect(bySecond(collector, 'push_skew')).toEqual([[700]]);
  });

  it('of the warm-up and of the drain are none that was measured', () => {
    const { collector } = startCollector();
    reportSecond(collector, 0, 0, {}, push('before', -5, 10, 5));
    reportSecond(collector, 0, 60, {}, push('after', 60_000 * MS, 60_000 * MS, 5));
    collector.finish();
    expect(collector.pushes.counts.pushes).toBe(0);
    expect(collector.timeline.series.has('push_skew')).toBe(false);
  });
});

it('what failed and how connections were closed is added up by reason', () => {
  const { collector } = startCollector();
  const failed = [{ reason: 'sold out', count: 2 }];
  const closed = [{ reason: '1000', count: 3 }];
  reportSecond(collector, 0, 0, {}, { failed, closed });
  reportSecond(collector, 1, 0, {}, { failed });
  expect(collector.failed.take()).toEqual([{ reason: 'sold out', count: 4 }]);
  expect(collector.closed.take()).toEqual([{ reason: '1000', count: 3 }]);
});

describe('totals', () => {
  it('are those of the last snapshot of each worker, added up', () => {
    const { collector } = startCollector();
    expect(collector.totals()).toEqual(NO_TOTALS);
    const totals = { delivered: 10, late: 1, duplicated: 2, reordered: 3, corrupted: 0, unexpected: 4 };
    reportSecond(collector, 0, 0, {}, { totals: { ...totals, delivered: 5 } });
    reportSecond(collector, 0, 1, {}, { totals });
    reportSecond(collector, 1, 0, {}, { totals: { ...totals, delivered: 100 } });
    expect(collector.totals()).toEqual({
      delivered: 110,
      late: 2,
      duplicated: 4,
      reordered: 6,
      corrupted: 0,
      unexpected: 8,
    });
  });

  it('keep what a worker reported before it died', () => {
    const { collector, membership } = startCollector();
    reportSecond(collector, 0, 0, {}, { totals: { ...NO_TOTALS, delivered: 20 } });
    reportSecond(collector, 1, 0, {}, { totals: { ...NO_TOTALS, delivered: 10 } });
    membership.loseWorker(1);
    reportSecond(collector, 0, 1, {}, { totals: { ...NO_TOTALS, delivered: 40 } });
    collector.onMessage(0, {
      type: 'sent',
      streams: [{ stream: 0, sent: 20, rejected: 0 }],
      unsent: [],
      schedule: null,
    });
    expect(collector.totals().delivered).toBe(50);
    // 20 messages to four receivers, two of them in the dead worker.
    expect(membership.expected(collector.sent())).toEqual({ total: 80, silent: 40 });
  });
});

describe('the warm-up', () => {
  it('has a median for each second that all workers have reported', () => {
    const { collector } = startCollector();
    reportWarmup(collector, 0, 0, [10 * MS, 10 * MS]);
    expect(collector.windows.warmup.mediansNs(2)).toEqual([]);
    reportWarmup(collector, 1, 0, [1000, 1000, 1000]);
    reportWarmup(collector, 1, 1, [1001]);
    expect(collector.windows.warmup.mediansNs(2)).toEqual([1000]);
    reportWarmup(collector, 0, 1, [1001]);
    expect(collector.windows.warmup.mediansNs(2)).toEqual([1000, 1001]);
  });

  it('has no median for a second without messages', () => {
    const { collector } = startCollector();
    reportWarmup(collector, 0, 0, []);
    reportWarmup(collector, 0, 1, [1000]);
    expect(collector.windows.warmup.mediansNs(1)).toEqual([null, 1000]);
  });

  it('goes on without a worker that died', () => {
    const { collector } = startCollector();
    reportWarmup(collector, 0, 0, [1000]);
    reportWarmup(collector, 1, 0, [1000]);
    reportWarmup(collector, 0, 1, [1200]);
    expect(collector.windows.warmup.mediansNs(2)).toEqual([1000]);
    expect(collector.windows.warmup.mediansNs(1)).toEqual([1000, 1200]);
  });

  it('begins when it was said to, and is in order of time', () => {
    const { collector } = startCollector();
    reportWarmup(collector, 0, -2, [5]);
    reportWarmup(collector, 0, 1, [1001]);
    reportWarmup(collector, 0, 0, [1000]);
    expect(collector.windows.warmup.mediansNs(1)).toEqual([1000, 1001]);
  });

  it('is no part of what is measured', () => {
    const { collector } = startCollector();
    reportWarmup(collector, 0, 3, [1000]);
    reportSecond(collector, 0, 0, { warmup: [1100], delivery: [1200] });
    expect([...collector.timeline.series.keys()]).toEqual(['delivery']);
    expect(collector.windows.warmup.mediansNs(1)).toEqual([1000]);
  });
});

describe('what else workers report', () => {
  it('is how many connected so far', () => {
    const { collector } = startCollector();
    collector.onMessage(1, { type: 'connecting', connected: 1, reason: null });
    expect(collector.workers.map(({ connected }) => connected)).toEqual([3, 1]);
    collector.onMessage(1, { type: 'connected', members: members([2]), failures: [] });
    expect(collector.workers.map(({ connected }) => connected)).toEqual([3, 1]);
  });

  it('is who failed to connect or to join, and what was not sent', () => {
    const { collector } = startCollector();
    collector.onMessage(0, { type: 'connected', members: [], failures: [{ reason: 'refused', count: 2 }] });
    collector.onMessage(1, { type: 'joined', failures: [{ reason: 'no answer', count: 3 }] });
    collector.onMessage(1, { type: 'joined', failures: [{ reason: 'refused', count: 2 }] });
    collector.onMessage(0, {
      type: 'sent',
      streams: [],
      unsent: [{ reason: 'not connected', count: 9 }],
      schedule: null,
    });
    expect(collector.failures.take()).toEqual([
      { reason: 'refused', count: 4 },
      { reason: 'no answer', count: 3 },
    ]);
    expect(collector.unsent.take()).toEqual([{ reason: 'not connected', count: 9 }]);
  });

  it('is what was sent of each stream, added up over workers that share one', () => {
    const { collector } = startCollector();
    collector.onMessage(0, {
      type: 'sent',
      streams: [{ stream: 0, sent: 10, rejected: 0 }],
      unsent: [],
      schedule: null,
    });
    collector.onMessage(1, {
      type: 'sent',
      streams: [
        { stream: 0, sent: 5, rejected: 0 },
        { stream: 1, sent: 7, rejected: 0 },
      ],
      unsent: [],
      schedule: null,
    });
    expect(collector.sent()).toEqual([
      { stream: 0, sent: 15, rejected: 0 },
      { stream: 1, sent: 7, rejected: 0 },
    ]);
  });

  it('is the latest count of messages sent, delivered and in flight, and finally every account', () => {
    const { collector } = startCollector();
    collector.onMessage(1, { type: 'totals', delivered: 70, iterating: 0, streams: [], absences: null });
    collector.onMessage(1, {
      type: 'totals',
      delivered: 80,
      iterating: 3,
      absences: null,
      streams: [{ stream: 0, sent: 40, rejected: 0 }],
    });
    const row = { receiver: 2, stream: 0, delivered: 80, late: 0, duplicated: 0, reordered: 0, corrupted: 0 };
    collector.onMessage(1, {
      type: 'final',
      rows: [row],
      missedFirst: [],
      forgottenGaps: 0,
      received: NOTHING_RECEIVED,
      absences: null,
    });
    expect(collector.workers.map(({ delivered }) => delivered)).toEqual([0, 80]);
    expect(collector.workers.map(({ iterating }) => iterating)).toEqual([0, 3]);
    expect(collector.sent()).toEqual([{ stream: 0, sent: 40, rejected: 0 }]);
    expect(collector.workers.map(({ rows }) => rows)).toEqual([[], [row]]);
  });

  it('is nothing from a worker that there is not', () => {
    const { collector } = startCollector();
    collector.onMessage(2, {
      type: 'sent',
      streams: [{ stream: 0, sent: 10, rejected: 0 }],
      unsent: [],
      schedule: null,
    });
    expect(collector.sent()).toEqual([]);
  });
});
