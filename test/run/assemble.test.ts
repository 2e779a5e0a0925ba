import { describe, expect, it } from 'vitest';
import { defineScenario, type Operation, type Stream } from '../../src/contract/scenario.ts';
import type { SentOfStream, Snapshot } from '../../src/generator/messages.ts';
import { Recorder } from '../../src/measure/recorder.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { assembleResult } from '../../src/run/assemble.ts';
import { Collector } from '../../src/run/collector.ts';
import { readEnvironment } from '../../src/run/environment.ts';
import { Membership } from '../../src/run/membership.ts';
import { NO_PROFILES } from '../../src/run/profiles.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { MADE_CLOCK } from '../support/virtual-time.ts';
import { incompleteBroadcast, madeSnapshot, NO_TOTALS, telemetryAt } from './made-snapshot.ts';

const CLIENTS = 3;
const EVERYONE = [0, 1, 2];
const START_NS = 10e9;
const SECONDS = 2;

const ENVIRONMENT = readEnvironment(
  [],
  { server: null, workers: [null] },
  { stealRatio: null, serverStealRatio: null, throttledMs: null, cpuPressureRatio: null },
  process.cwd(),
);

const PUBLISH: Operation = { kind: 'publish', scope: 'everyone', room: null };

/** What a made-up run recorded: the only snapshot of its only worker, and the final report. */
interface Recorded {
  readonly headline: string;
  readonly streams: readonly Stream[];
  /** How many values of each series; each is 1 ms. */
  readonly series?: Readonly<Record<string, number>>;
  readonly sent?: readonly SentOfStream[];
  /** By the schedule: messages, or iterations. */
  readonly scheduled?: number;
  readonly snapshot?: Partial<Snapshot>;
  /** How long it measured. */
  readonly seconds?: number;
}

function resultOf({
  headline,
  streams,
  series = {},
  sent = [],
  scheduled = 0,
  snapshot = {},
  seconds = SECONDS,
}: Recorded): RunResult {
  const layout = { rooms: EVERYONE.map(() => []), streams };
  const hasSteps = streams.some(({ operation }) => operation.kind === 'steps');
  const scenario = defineScenario({
    name: 'made-up',
    summary: '',
    headline,
    series: { own: 'anything' },
    options: {},
    layout: () => layout,
    ...(hasSteps ? { steps: async () => {} } : {}),
  });
  const plan = planOn(targetWith(), scenario, { clients: String(CLIENTS), duration: `${seconds}s` });
  const membership = new Membership(layout, [EVERYONE]);
  const times = { quietNs: 60e9, durationMs: seconds * 1000, drainMs: 5000 };
  const collector = new Collector({ membership, ...times, headline });
  collector.onMessage(0, {
    type: 'connected',
    members: EVERYONE.map((client) => ({ client, node: null })),
    failures: [],
  });
  collector.measureFrom(START_NS);
  collector.endMeasuring(seconds * 1000);
  const recorder = new Recorder();
  for (const [name, count] of Object.entries(series)) recorder.record(name, 1e6, count);
  const expected = membership.expected(sent).total;
  collector.onMessage(0, {
    type: 'snapshot',
    snapshot: madeSnapshot(START_NS, {
      recorded: recorder.take(),
      bySecond: [{ second: 0, intended: scheduled, sent: scheduled, expected, delivered: 0 }],
      telemetry: [telemetryAt(START_NS + 1e9)],
      ...snapshot,
    }),
  });
  collector.onMessage(0, { type: 'sent', streams: sent, unsent: [], schedule: null });
  collector.finish();
  const result = assembleResult({
    plan,
    scenario,
    membership,
    shard: null,
    relay: null,
    restarts: [],
    serverSockets: null,
    startedAt: new Date(),
    clock: MADE_CLOCK,
    environment: ENVIRONMENT,
    collector,
    workerPids: [1],
    servers: [],
    profiles: NO_PROFILES,
    serverOutput: [],
    abortReasons: [],
    notes: [],
    warmup: { durationMs: 0, stable: null, endedBy: null, windowMs: 1000, windowMediansNs: [] },
    timing: { startMs: 0, connectMs: 0, warmupMs: 0, measureMs: seconds * 1000, drainMs: 0, collectMs: 0 },
  });
  // What is assembled can be stored, and read again.
  return runResultSchema.parse(JSON.parse(JSON.stringify(result)));
}

function streamsOf(operation: Operation, receivers: readonly number[] | 'own' = EVERYONE): Stream[] {
  return EVERYONE.map((sender) => ({
    sender,
    operation,
    receivers: receivers === 'own' ? [sender] : receivers,
  }));
}

describe('the samples of a run', () => {
  it('are broadcasts that reached a receiver; one that reached none is incomplete', () => {
    const { samples, ledger } = resultOf({
      headline: 'delivery',
      streams: streamsOf(PUBLISH),
      series: { delivery: 58, fanout_last: 27 },
      sent: [{ stream: 0, sent: 30, rejected: 0 }],
      scheduled: 30,
      snapshot: {
        incomplete: [incompleteBroadcast(7), incompleteBroadcast(8)],
        totals: { ...NO_TOTALS, delivered: 58 },
      },
    });
    expect(samples).toEqual({ unit: 'broadcast', count: 29, incomplete: 3 });
    expect(ledger).toMatchObject({ expected: 90, delivered: 58, lost: 32 });
  });

  it('are requests where there are several replies to each', () => {
    const { samples, ledger } = resultOf({
      headline: 'reply',
      streams: streamsOf({ kind: 'stream-reply', replies: 4 }, 'own'),
      series: { reply: 119, reply_last: 29 },
      sent: [
        { stream: 0, sent: 10, rejected: 0 },
        { stream: 1, sent: 10, rejected: 0 },
        { stream: 2, sent: 10, rejected: 0 },
      ],
      scheduled: 30,
      snapshot: { incomplete: [incompleteBroadcast(9)], totals: { ...NO_TOTALS, delivered: 119 } },
    });
    expect(samples).toEqual({ unit: 'request', count: 30, incomplete: 1 });
    expect(ledger).toMatchObject({ expected: 120, delivered: 119, lost: 1 });
  });

  it('are iterations, or the messages that they publish outside the schedule', () => {
    const iterations = {
      streams: streamsOf({ kind: 'steps' }),
      series: { iteration: 25, delivery: 150, fanout_last: 50 },
      sent: [{ stream: 0, sent: 51, rejected: 0 }],
      scheduled: 25,
      snapshot: { totals: { ...NO_TOTALS, delivered: 150 } },
    };
    expect(resultOf({ ...iterations, headline: 'iteration' }).samples).toEqual({
      unit: 'iteration',
      count: 25,
      incomplete: 0,
    });
    expect(resultOf({ ...iterations, headline: 'delivery' }).samples).toEqual({
      unit: 'broadcast',
      count: 50,
      incomplete: 1,
    });
    expect(resultOf({ ...iterations, headline: 'iteration' }).rate).toMatchObject({ intended: 25, sent: 25 });
  });

  it('are those of the headline where streams are of several kinds', () => {
    const [publishing] = streamsOf(PUBLISH);
    const [, asking] = streamsOf({ kind: 'request' }, 'own');
    if (publishing === undefined || asking === undefined) throw new Error('no streams');
    const { samples } = resultOf({
      headline: 'delivery',
      streams: [publishing, { ...asking, series: 'own' }],
      series: { delivery: 60, fanout_last: 20, own: 20 },
      sent: [
        { stream: 0, sent: 20, rejected: 0 },
        { stream: 1, sent: 20, rejected: 0 },
      ],
      scheduled: 40,
      snapshot: { totals: { ...NO_TOTALS, delivered: 80 } },
    });
    expect(samples).toEqual({ unit: 'broadcast', count: 20, incomplete: 0 });
  });

  it("are values where the headline is the scenario's own", () => {
    const { samples, ownSeries, headline } = resultOf({
      headline: 'own',
      streams: streamsOf({ kind: 'steps' }, 'own'),
      series: { own: 31, iteration: 25 },
      scheduled: 25,
    });
    expect(samples).toEqual({ unit: 'sample', count: 31, incomplete: 0 });
    expect(headline).toBe('own');
    expect(ownSeries).toEqual({ own: 'anything' });
  });

  it('are pushes where clients only listen', () => {
    const arrival = (key: string, reached: number, duplicated: number) => ({
      key,
      firstNs: START_NS + 1,
      lastNs: START_NS + 1000,
      reached,
      duplicated,
    });
    const { samples, ledger, rate } = resultOf({
      headline: 'push_skew',
      streams: [],
      snapshot: { pushes: [arrival('a', 3, 0), arrival('b', 2, 1)] },
    });
    expect(samples).toEqual({ unit: 'push', count: 2, incomplete: 1 });
    expect(ledger).toMatchObject({
      expected: 6,
      delivered: 5,
      lost: 1,
      duplicated: 1,
      unknown: 0,
      anomalies: [],
    });
    expect(rate).toMatchObject({ intended: 2, sent: 2 });
  });
});

describe('what failed', () => {
  it('is a finding, with how often, and how connections were closed is kept', () => {
    const { findings, failed, clients } = resultOf({
      headline: 'ack',
      streams: streamsOf({ kind: 'request' }, 'own'),
      series: { ack: 30 },
      sent: [{ stream: 0, sent: 30, rejected: 0 }],
      scheduled: 30,
      snapshot: {
        totals: { ...NO_TOTALS, delivered: 30 },
        failed: [
          { reason: 'sold out', count: 2000 },
          { reason: 'no stock', count: 1 },
        ],
        closed: [{ reason: '1000', count: 4 }],
      },
    });
    expect(failed).toEqual([
      { reason: 'sold out', count: 2000 },
      { reason: 'no stock', count: 1 },
    ]);
    expect(findings).toContainEqual({ code: 'failed', message: 'sold out (2,000), no stock (1)' });
    expect(clients.closed).toEqual([{ reason: '1000', count: 4 }]);
  });

  it('to be published over HTTP is expected, lost and reported', () => {
    const { ledger, findings } = resultOf({
      headline: 'delivery',
      streams: streamsOf(PUBLISH),
      series: { delivery: 60, fanout_last: 20 },
      sent: [{ stream: 0, sent: 30, rejected: 0 }],
      scheduled: 30,
      snapshot: {
        totals: { ...NO_TOTALS, delivered: 60 },
        failed: [{ reason: 'publishing was answered with HTTP status 503', count: 10 }],
      },
    });
    expect(ledger).toMatchObject({ expected: 90, delivered: 60, lost: 30 });
    expect(findings.map(({ code }) => code)).toContain('failed');
  });
});

describe('the samples of a process in a long run', () => {
  /** What a process did in the second before the run's second `end`, with some figures of its own. */
  const sampleAt = (end: number) => ({
    ...telemetryAt(START_NS + end * 1e9),
    cpuMs: end,
    loopUtilization: end / 1000,
    gcCount: 1,
    gcMaxMs: end % 7,
    rssBytes: 1000 + (end % 5),
  });

  it('of a long phase are merged, without mixing phases', () => {
    // From 3 s before measuring to 3 s after it.
    const seconds = Array.from({ length: 1006 }, (_, index) => index - 2);
    const { telemetry } = resultOf({
      headline: 'ack',
      streams: streamsOf({ kind: 'request' }, 'own'),
      seconds: 1000,
      snapshot: { telemetry: seconds.map(sampleAt) },
    });
    const samples = telemetry.workers[0]?.samples ?? [];
    expect(samples).toHaveLength(3 + 600 + 3);
    expect(samples.slice(0, 5).map(({ atMs, lengthMs }) => [atMs, lengthMs])).toEqual([
      [-2000, 1000],
      [-1000, 1000],
      [0, 1000],
      [2000, 2000],
      [4000, 2000],
    ]);
    expect(samples.slice(-4).map(({ atMs, lengthMs }) => [atMs, lengthMs])).toEqual([
      [1_000_000, 1000],
      [1_001_000, 1000],
      [1_002_000, 1000],
      [1_003_000, 1000],
    ]);
    // Seconds 99 and 100.
    expect(samples.find(({ atMs }) => atMs === 100_000)).toMatchObject({
      cpuMs: 199,
      loopUtilization: expect.closeTo(0.0995, 9),
      gcCount: 2,
      gcMaxMs: 2,
      rssBytes: 1004,
      rssMeanBytes: 1002,
    });
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    expect(sum(samples.map(({ cpuMs }) => cpuMs))).toBe(sum(seconds));
  });

  it('stay as they are in a run of up to ten minutes', () => {
    const { telemetry } = resultOf({
      headline: 'ack',
      streams: streamsOf({ kind: 'request' }, 'own'),
      seconds: 600,
      snapshot: { telemetry: Array.from({ length: 600 }, (_, index) => sampleAt(index + 1)) },
    });
    expect(telemetry.workers[0]?.samples).toHaveLength(600);
  });
});
