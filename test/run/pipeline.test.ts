import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { RunPhase } from '../../src/result/progress.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, type FakeRunOptions, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

/** 100 measured broadcasts to 4 clients, after a warm-up of 2 s; each takes 1 ms. */
const LOAD = { rate: '25/s', duration: '4s', warmup: '2s', warmupMax: '2s' };
const MESSAGES = 100;
const CLIENTS = 4;
const EXPECTED = MESSAGES * CLIENTS;
/** Histograms are exact to three digits, and a pacer's pass takes 0.1 ms. */
const MS = 1e6;

type Options = Omit<FakeRunOptions, 'planned'> & { readonly given?: GivenOptions };

function broadcasts({ given, ...rest }: Options = {}): FakeRun {
  return new FakeRun({ planned: planFake(broadcastLatency, { ...LOAD, ...given }), ...rest });
}

const PERFECT = {
  lost: 0,
  late: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
  unknown: 0,
  anomalyCount: 0,
};
const ALL_PHASES: RunPhase[] = ['start', 'connect', 'warm-up', 'measure', 'drain', 'collect'];

/** How many values each series has. */
function countsOf({ series }: RunResult): Record<string, number> {
  return Object.fromEntries(Object.entries(series).map(([name, { count }]) => [name, count]));
}

/** Whether a hop is that of one measured message to one client. */
const isHop = ({ receiver, stamp }: Hop, client: number, seq: number) =>
  stamp?.measured === true && receiver === client && stamp.seq === seq;

describe('a run from start to end', () => {
  it('goes through its phases and accounts for every message', async () => {
    const run = broadcasts();
    const result = await run.run();
    expect(run.phases).toEqual(ALL_PHASES);
    expect(result).toMatchObject({ status: 'complete', invalid: [], findings: [], notes: [] });
    expect(result.rate).toMatchObject({ intended: MESSAGES, sent: MESSAGES, achievedHz: 25, unsent: [] });
    expect(result.clients).toMatchObject({ planned: CLIENTS, connected: CLIENTS, failures: [], dropped: [] });
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: EXPECTED, delivered: EXPECTED });
    expect(result.samples).toEqual({ unit: 'broadcast', count: MESSAGES, incomplete: 0 });
    expect(countsOf(result)).toEqual({
      connect: CLIENTS,
      send_lag: MESSAGES,
      delivery: EXPECTED,
      delivery_actual: EXPECTED,
      delivery_unstalled: EXPECTED,
      fanout_first: MESSAGES,
      fanout_median: MESSAGES,
      fanout_last: MESSAGES,
      fanout_skew: MESSAGES,
      receive_uncertainty: EXPECTED,
    });
    const wall = { originWallNs: '1800000000000000000', boundNs: 100 };
    const { startMs, connectMs, warmupMs } = result.timing;
    expect(result.clock).toEqual({
      originMonotonicNs: '0',
      // The virtual time begins at 1 s.
      measureStartNs: expect.closeTo(1e9 + (startMs + connectMs + warmupMs) * MS, -6),
      atStart: wall,
      atEnd: wall,
    });
    expect(run.isServerStopped).toBe(true);
  });

  it('counts every second of the schedule, and takes as long as planned', async () => {
    const result = await broadcasts().run();
    expect(result.timing).toMatchObject({ startMs: 50.2, warmupMs: 2150, measureMs: 4000 });
    expect(result.intervals.map(({ startMs, sent, delivered }) => [startMs, sent, delivered])).toEqual(
      [0, 1000, 2000, 3000].map((startMs) => [startMs, 25, 100]),
    );
  });

  it('measures latency from the intended send to each receiver', async () => {
    // Client 3 receives 4 ms later than the others.
    const network = ({ receiver }: Hop) => [receiver === 3 ? 9 : 5];
    const view = viewResult(await broadcasts({ behavior: { network } }).run());
    const median = (series: string) => (view.histogram(series)?.quantileNs(0.5) ?? 0) / MS;
    expect(median('delivery_actual')).toBeCloseTo(5, 1);
    expect(median('fanout_first')).toBeCloseTo(5, 0);
    expect(median('fanout_last')).toBeCloseTo(9, 0);
    expect(median('fanout_skew')).toBeCloseTo(4, 1);
    expect(view.histogram('delivery')?.quantileNs(0)).toBeGreaterThan(4.99 * MS);
    expect(view.histogram('delivery')?.maxNs).toBeLessThan(9.2 * MS);
    expect(view.histogram('send_lag')?.maxNs).toBeLessThan(0.11 * MS);
  });

  it('reports each phase with its times', async () => {
    const run = broadcasts();
    await run.run();
    const phases = run.progress.filter(({ type }) => type === 'phase');
    expect(phases.map(({ phase }) => phase)).toEqual(run.phases);
    expect(phases.find(({ phase }) => phase === 'measure')).toEqual({
      type: 'phase',
      phase: 'measure',
      expectedMs: 4000,
      maxMs: 4000,
    });
  });

  it('reports every measured second once, with its figures and those so far', async () => {
    const run = broadcasts();
    const result = await run.run();
    const seconds = run.progress.filter((event) => event.type === 'second');
    const measured = seconds.flatMap((event) => event.measured ?? []);
    expect(measured.slice(0, 4)).toMatchObject(
      [0, 1, 2, 3].map((second) => ({ second, intended: 25, sent: 25, expected: 100, delivered: 100 })),
    );
    expect(measured[0]?.latency?.count).toBe(100);
    expect((measured[0]?.latency?.p99Ns ?? 0) / MS).toBeCloseTo(1, 0);
    const last = seconds.at(-1);
    expect(last).toMatchObject({ connected: CLIENTS, lost: 0, intended: 100, sent: 100, delivered: 400 });
    const headline = viewResult(result).histogram('delivery');
    expect(last?.latency).toEqual({
      count: headline?.count,
      p50Ns: headline?.quantileNs(0.5),
      p95Ns: headline?.quantileNs(0.95),
      p99Ns: headline?.quantileNs(0.99),
      maxNs: headline?.maxNs,
    });
    expect(last?.slowest?.count).toBe(100);
    expect(seconds.filter(({ phase }) => phase === 'warm-up').every(({ latency }) => latency === null)).toBe(
      true,
    );
  });

  it('warms up until latency is stable', async () => {
    let sent = 0;
    // The first messages are slow, as those of a server that still compiles are.
    const network = ({ receiver, stamp }: Hop) => {
      if (receiver === 0 && stamp?.measured === false) sent += 1;
      return [Math.max(1, 100 / Math.max(1, sent))];
    };
    const given = { ...LOAD, warmup: '2s', warmupMax: '20s' };
    const { warmup } = await broadcasts({ given, behavior: { network } }).run();
    expect(warmup.stable).toBe(true);
    expect(warmup.durationMs).toBeGreaterThan(5000);
    expect(warmup.durationMs).toBeLessThan(12_000);
    const [first = 0, ...others] = warmup.windowMediansNs;
    expect(first).toBeGreaterThan(2 * (others.at(-1) ?? Number.NaN));
  });

  it('notes a warm-up that did not stabilize', async () => {
    let sent = 0;
    const network = ({ stamp }: Hop) => {
      if (stamp?.measured === false) sent += 1;
      return [stamp?.measured === false ? 1 + sent / 100 : 1];
    };
    const given = { ...LOAD, warmup: '1s', warmupMax: '5s' };
    const { warmup, notes } = await broadcasts({ given, behavior: { network } }).run();
    expect(warmup).toMatchObject({ stable: false, endedBy: 'maximum' });
    const note = notes.find(({ code }) => code === 'warmup_unstable');
    expect(note?.message).toMatch(
      /^the warm-up did not stabilize within 5\.15s, its maximum: p50 rose from .* to .* in its last 2s$/,
    );
  });
});

describe('a network with faults', () => {
  it('that loses messages: exactly those are lost, and named', async () => {
    const network = (hop: Hop) => (isHop(hop, 2, 30) || isHop(hop, 1, 31) || isHop(hop, 2, 60) ? [] : [1]);
    const result = await broadcasts({ behavior: { network } }).run();
    expect(result.ledger).toMatchObject({ ...PERFECT, delivered: EXPECTED - 3, lost: 3, anomalyCount: 2 });
    expect(result.ledger.anomalies.map(({ receiver, lost }) => [receiver, lost])).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(result.samples).toEqual({ unit: 'broadcast', count: MESSAGES, incomplete: 3 });
    expect(result.series['fanout_last']?.count).toBe(MESSAGES);
    expect(result.intervals.map(({ lost }) => lost)).toEqual([0, 2, 1, 0]);
    expect(result.findings).toEqual([{ code: 'imperfect_delivery', message: '3 of 400 messages lost' }]);
    // The drain waits for what is missing, up to its limit.
    expect(result.timing.drainMs).toBeGreaterThanOrEqual(5000);
  });

  it('that loses a whole broadcast: its sender knows of it', async () => {
    const network = ({ stamp }: Hop) => (stamp?.measured === true && stamp.seq === 50 ? [] : [1]);
    const { ledger, samples } = await broadcasts({ behavior: { network } }).run();
    expect(ledger).toMatchObject({ expected: EXPECTED, delivered: EXPECTED - CLIENTS, lost: CLIENTS });
    expect(samples).toEqual({ unit: 'broadcast', count: MESSAGES - 1, incomplete: 1 });
  });

  it('that duplicates messages: exactly those are duplicates, and none is timed twice', async () => {
    const network = (hop: Hop) => (isHop(hop, 0, 99) ? [1, 150] : isHop(hop, 3, 5) ? [1, 1.5, 2] : [1]);
    const result = await broadcasts({ behavior: { network } }).run();
    expect(result.ledger).toMatchObject({ ...PERFECT, delivered: EXPECTED, duplicated: 3, anomalyCount: 2 });
    expect(result.series['delivery']?.count).toBe(EXPECTED);
    expect(result.findings).toEqual([{ code: 'imperfect_delivery', message: '3 duplicates' }]);
  });

  it('that reorders messages: exactly those are out of order', async () => {
    const network = (hop: Hop) => (isHop(hop, 1, 10) || isHop(hop, 2, 20) ? [50] : [1]);
    const { ledger, findings } = await broadcasts({ behavior: { network } }).run();
    expect(ledger).toMatchObject({ ...PERFECT, delivered: EXPECTED, reordered: 2, anomalyCount: 2 });
    expect(findings).toEqual([{ code: 'imperfect_delivery', message: '2 out of order' }]);
  });

  it('that delays messages: those over the limit are late, and those after the drain are lost', async () => {
    const network = (hop: Hop) => (isHop(hop, 1, 99) ? [1200] : isHop(hop, 2, 99) ? [9000] : [1]);
    const { ledger, timing } = await broadcasts({ behavior: { network } }).run();
    expect(ledger).toMatchObject({ ...PERFECT, delivered: EXPECTED - 1, late: 1, lost: 1, anomalyCount: 2 });
    expect(timing.drainMs).toBeGreaterThanOrEqual(5000);
    expect(timing.drainMs).toBeLessThan(5100);
  });

  it('that delivers nothing measured: the warm-up shows that the events are right', async () => {
    const network = ({ stamp }: Hop) => (stamp?.measured === true ? [] : [2]);
    const given = { ...LOAD, drain: '1s' };
    const { invalid } = await broadcasts({ given, behavior: { network } }).run();
    expect(invalid).toEqual([
      {
        code: 'too_few_samples',
        message: expect.stringMatching(
          /^none of 400 messages arrived before the end of the drain .* 2(\.\d+)? ms at the end$/,
        ),
      },
    ]);
  });

  it('that delivers nothing at all: the events may be wrong', async () => {
    const network = () => [];
    const given = { ...LOAD, drain: '1s' };
    const { invalid } = await broadcasts({ given, behavior: { network } }).run();
    expect(invalid.map(({ message }) => message)).toEqual([
      'none of 400 messages arrived: events received: none; expected: receive_message; sockbench trace shows each message',
    ]);
  });

  it('with a server whose queue grows and which is not observed: that is reported, and no overload', async () => {
    let queuedMs = 0;
    const network = ({ stamp }: Hop) => {
      if (stamp?.measured === true) queuedMs += 3;
      return [1 + queuedMs];
    };
    const result = await broadcasts({ behavior: { network } }).run();
    expect(result.invalid).toEqual([]);
    expect(result.findings.map(({ code }) => code)).toEqual(['latency_grows']);
    expect(result.findings[0]?.message).toMatch(
      /^delivery p50 grew from .* over the run, \d+ messages in flight/,
    );
  });
});

describe('several workers', () => {
  it('complete the broadcasts whose receivers are spread over them', async () => {
    const network = ({ receiver }: Hop) => [receiver === 5 ? 8 : 2];
    const given = { ...LOAD, clients: '6', workers: '3' };
    const result = await broadcasts({ given, behavior: { network } }).run();
    const view = viewResult(result);
    expect(result.telemetry.workers.map(({ role }) => role)).toEqual([
      'generator 1',
      'generator 2',
      'generator 3',
    ]);
    expect(result.ledger).toMatchObject({ ...PERFECT, expected: 600, delivered: 600 });
    expect(result.samples).toEqual({ unit: 'broadcast', count: MESSAGES, incomplete: 0 });
    expect((view.histogram('fanout_last')?.quantileNs(0.5) ?? 0) / MS).toBeCloseTo(8, 0);
    expect((view.histogram('fanout_skew')?.quantileNs(0.5) ?? 0) / MS).toBeCloseTo(6, 1);
  });

  it('count a broadcast that lost a receiver as incomplete, whichever worker has it', async () => {
    const network = (hop: Hop) => (isHop(hop, 4, 40) ? [] : [2]);
    const given = { ...LOAD, clients: '6', workers: '3' };
    const { ledger, samples } = await broadcasts({ given, behavior: { network } }).run();
    expect(ledger).toMatchObject({ ...PERFECT, expected: 600, lost: 1, anomalyCount: 1 });
    expect(samples).toEqual({ unit: 'broadcast', count: MESSAGES, incomplete: 1 });
  });

  it('share the connect rate', async () => {
    const given = { ...LOAD, clients: '20', workers: '2', connectRate: '10/s' };
    const { timing, clients } = await broadcasts({ given }).run();
    expect(clients.connected).toBe(20);
    expect(timing.connectMs).toBeGreaterThan(1800);
    expect(timing.connectMs).toBeLessThan(2300);
  });
});

describe('a schedule', () => {
  it('of stages and ramps is followed second by second', async () => {
    const { duration: _, ...rest } = LOAD;
    const given = { ...rest, rate: '2s@50/s,2s@50..150/s' };
    const result = await new FakeRun({ planned: planFake(broadcastLatency, given) }).run();
    expect(result.rate).toMatchObject({ intended: 300, sent: 300 });
    expect(result.intervals.slice(0, 4).map(({ sent }) => sent)).toEqual([50, 50, 75, 125]);
  });

  it('of random arrivals is the same for all workers, and accounts for every message', async () => {
    const given = { ...LOAD, clients: '6', workers: '3', arrival: 'poisson', publishers: '3' };
    const runOf = (seed: string) => broadcasts({ given: { ...given, seed } }).run();
    const [first, second, other] = [await runOf('1'), await runOf('1'), await runOf('2')];
    for (const { ledger, rate } of [first, second, other]) {
      expect(rate.sent).toBe(rate.intended);
      expect(ledger).toMatchObject({ ...PERFECT, expected: 6 * rate.sent, delivered: 6 * rate.sent });
    }
    const sentOf = ({ intervals }: RunResult) => intervals.map(({ sent }) => sent);
    expect(sentOf(first)).toEqual(sentOf(second));
    expect(sentOf(first)).not.toEqual(sentOf(other));
  });
});

describe('a server that stalls 100 ms of every second', () => {
  /** A message that arrives during a stall is handled at its end; every other takes 1 ms. */
  function stalling(scenario: Scenario, given: GivenOptions): FakeRun {
    const planned = planFake(scenario, { ...LOAD, rate: '1000/s', duration: '3s', clients: '2', ...given });
    const run: FakeRun = new FakeRun({
      planned,
      behavior: { network: () => [Math.max(1, 100 - ((run.time.nowNs() / MS) % 1000))] },
    });
    return run;
  }

  it('delays as many messages as an open loop says', async () => {
    const { ledger } = await stalling(broadcastLatency, { lateAfter: '40ms' }).run();
    // Of every second, what arrives in the first 60 ms of the stall waits for 40 ms or longer.
    expect(ledger.late / ledger.expected).toBeCloseTo(0.06, 2);
    expect(ledger).toMatchObject({ lost: 0, reordered: 0 });
  });

  it('shows in the tail of requests, which go on during the stall', async () => {
    const view = viewResult(await stalling(ackRoundtrip, {}).run());
    // 1 % of all requests meet a stall with 90 ms or more of it left.
    expect((view.histogram('ack')?.quantileNs(0.99) ?? 0) / MS).toBeCloseTo(90, -0.5);
    // Three stalls are too few for a bound on it.
    expect(view.quantileNs('ack', 0.99)).toBeNull();
    expect((view.quantileNs('ack', 0.85) ?? 0) / MS).toBeLessThan(2);
    expect(view.samples('ack')).toBe(3000);
  });
});

describe('the limit of a run', () => {
  it('was the generator when its processes were busy: nothing is said of the server', async () => {
    let queuedMs = 0;
    const network = ({ stamp }: Hop) => {
      if (stamp?.measured === true) queuedMs += 3;
      return [1 + queuedMs];
    };
    const telemetry = { loopUtilization: 0.95, pacingShare: 0.05 };
    const { invalid, findings } = await broadcasts({ behavior: { network }, telemetry }).run();
    expect(invalid).toEqual([
      {
        code: 'generator_busy',
        message: 'the generator was the limit: generator 1 was busy 90.0 % of the time, limit 70 %',
      },
    ]);
    expect(findings).toEqual([]);
  });

  it('was none when a slow server keeps up', async () => {
    const { invalid, findings } = await broadcasts({ behavior: { network: () => [400] } }).run();
    expect([invalid, findings]).toEqual([[], []]);
  });
});
