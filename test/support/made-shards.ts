import { encodeBroadcasts } from '../../src/measure/encoded-broadcasts.ts';
import { clientsOfShard } from '../../src/plan/shard.ts';
import { parseAs } from '../../src/result/documents.ts';
import type { RunResult, StoredInterval } from '../../src/result/run-result.ts';
import type { StoredShard } from '../../src/result/stored-shard.ts';
import { NsHistogram } from '../../src/result/view.ts';
import { makeResult } from '../report/fixture.ts';

/** What became of a message at one of its receivers. */
export interface MadeDelivery {
  readonly receiver: number;
  /** Null where it was lost. */
  readonly latencyNs: number | null;
  /** The second in which it arrived. */
  readonly second: number;
  readonly copies: number;
}

export interface MadeMessage {
  readonly stream: number;
  readonly seq: number;
  /** The second in which it was due. */
  readonly second: number;
  readonly deliveries: readonly MadeDelivery[];
}

/** Everything that happened in a made-up run. */
export interface MadeRun {
  readonly clients: number;
  readonly seconds: number;
  readonly streams: ReadonlyArray<{ readonly sender: number; readonly receivers: readonly number[] }>;
  readonly messages: readonly MadeMessage[];
}

interface MadeShard {
  readonly index: number;
  readonly count: number;
}

type Arrived = MadeDelivery & { readonly latencyNs: number };
const arrived = ({ deliveries }: MadeMessage): Arrived[] =>
  deliveries.filter((each): each is Arrived => each.latencyNs !== null);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const EMPTY = { ...makeResult({ rateHz: 1, seconds: 1 }), series: {}, intervals: [] };

/** The result of one shard as a run writes it. */
export function madeShard(run: MadeRun, shard: MadeShard, edit: Partial<StoredShard> = {}): RunResult {
  const own = new Set(clientsOfShard(shard, run.clients));
  const mine = run.messages.map((message) => ({
    ...message,
    isOwn: own.has(run.streams[message.stream]?.sender ?? -1),
    got: arrived(message).filter(({ receiver }) => own.has(receiver)),
  }));
  const got = mine.flatMap((message) => message.got);
  const duplicated = sum(got.map(({ copies }) => copies - 1));
  const sent = mine.filter(({ isOwn }) => isOwn);
  const seconds = Array.from({ length: run.seconds }, (_, second) => second);
  const intervals = seconds.map((second): StoredInterval => {
    const due = mine.filter((message) => message.second === second);
    const owned = due.filter(({ isOwn }) => isOwn).length;
    const delivered = sum(due.map((message) => message.got.length));
    const latencies = got.filter((each) => each.second === second).map(({ latencyNs }) => latencyNs);
    return {
      ...{ startMs: 1000 * second, lengthMs: 1000, intended: owned, sent: owned },
      ...{ expected: delivered, delivered, lost: 0, missed: 0 },
      // What a shard alone makes of a broadcast is not what it was.
      series: latencies.length === 0 ? {} : { delivery: encoded(latencies), fanout_last: encoded([1]) },
    };
  });
  const delivery = got.map(({ latencyNs }) => latencyNs);
  const result: RunResult = {
    ...EMPTY,
    plan: { ...EMPTY.plan, clients: run.clients },
    clients: { ...EMPTY.clients, planned: own.size, connected: own.size },
    rate: { intendedHz: 1, achievedHz: 1, intended: sent.length, sent: sent.length, unsent: [] },
    samples: {
      unit: 'broadcast',
      count: mine.filter((message) => message.got.length > 0).length,
      incomplete: 0,
    },
    series: delivery.length === 0 ? {} : { delivery: stored(delivery), fanout_last: stored([1]) },
    intervals,
    ledger: {
      ...EMPTY.ledger,
      ...{ expected: got.length, delivered: got.length, lost: 0, duplicated },
      ...{ anomalies: [], anomalyCount: 0 },
    },
    shard: {
      ...shard,
      host: `host-${shard.index}`,
      rendezvous: 'folder',
      meeting: 'a meeting',
      lateMs: 0,
      others: othersOf(shard),
      measureStartAt: '2026-03-04T05:06:10.000Z',
      streams: run.streams
        .map(({ sender }, stream) => ({ stream, sender }))
        .filter(({ sender }) => own.has(sender))
        .map((each) => ({
          ...each,
          copies: 1,
          sent: run.messages.filter(({ stream }) => stream === each.stream).length,
          rejected: 0,
          broadcast: 'fanout',
          isHeadline: true,
        })),
      accounts: run.streams.flatMap(({ receivers }, stream) =>
        receivers
          .filter((receiver) => own.has(receiver))
          .map((receiver) => {
            const ofOne = mine
              .filter((message) => message.stream === stream)
              .flatMap((message) => message.got.filter((each) => each.receiver === receiver));
            const copies = sum(ofOne.map((each) => each.copies - 1));
            const counts = {
              delivered: ofOne.length,
              late: 0,
              duplicated: copies,
              reordered: 0,
              corrupted: 0,
            };
            return { stream, receivers: [receiver], ...counts };
          }),
      ),
      silent: { receivers: [], delivered: 0, includesSender: false },
      expected: seconds.map((second) =>
        sum(sent.filter((each) => each.second === second).map(({ deliveries }) => deliveries.length)),
      ),
      broadcasts: encodeBroadcasts(
        mine
          .filter((message) => message.got.length > 0)
          .map(({ stream, seq, got: parts }) => ({
            ...{ stream, seq, untimed: 0, second: Math.max(...parts.map((each) => each.second)) },
            latenciesNs: parts.map(({ latencyNs }) => latencyNs).sort((a, b) => a - b),
          })),
      ),
      slowest: [],
      broadcastsProblem: null,
      ...edit,
    },
  };
  return reread(result);
}

function othersOf({ index, count }: MadeShard): StoredShard['others'] {
  return Array.from({ length: count }, (_, other) => other + 1)
    .filter((other) => other !== index)
    .map((other) => ({ index: other, host: `host-${other}`, aheadNs: 0, boundNs: 0, problem: null }));
}

/** A result as a reader of its file gets it; throws where the file would be refused. */
export function reread(result: RunResult): RunResult {
  return parseAs('run', 'made.json', JSON.parse(JSON.stringify(result)));
}

/** All shards of a made-up run. */
export function madeShards(run: MadeRun, count: number): RunResult[] {
  return Array.from({ length: count }, (_, shard) => madeShard(run, { index: shard + 1, count }));
}

function histogramOf(valuesNs: readonly number[]): NsHistogram {
  const histogram = new NsHistogram();
  for (const valueNs of valuesNs) histogram.record(valueNs);
  return histogram;
}

const encoded = (valuesNs: readonly number[]) => histogramOf(valuesNs).encode();
/** Nothing reads mean and deviation, which take long to compute. */
const stored = (valuesNs: readonly number[]) => ({
  ...{ count: valuesNs.length, meanNs: 0, stdDeviationNs: 0 },
  histogram: encoded(valuesNs),
  effectiveSamples: {},
});

/** What the whole run stores, computed from the run itself. */
export function wholeOf(run: MadeRun) {
  const { messages, streams } = run;
  const got = messages.flatMap(arrived);
  const expected = sum(messages.map(({ deliveries }) => deliveries.length));
  const reached = messages.filter((message) => arrived(message).length > 0);
  const seconds = Array.from({ length: run.seconds }, (_, second) => second);
  const lastSecond = (message: MadeMessage) => Math.max(...arrived(message).map(({ second }) => second));
  const fanOut = (broadcasts: readonly MadeMessage[]) => {
    const sorted = broadcasts.map((each) =>
      arrived(each)
        .map(({ latencyNs }) => latencyNs)
        .sort((a, b) => a - b),
    );
    return {
      fanout_first: sorted.map((all) => all[0] ?? 0),
      fanout_median: sorted.map((all) => all[Math.ceil(all.length / 2) - 1] ?? 0),
      fanout_last: sorted.map((all) => all.at(-1) ?? 0),
      fanout_skew: sorted.map((all) => (all.at(-1) ?? 0) - (all[0] ?? 0)),
    };
  };
  const bins = (series: Readonly<Record<string, readonly number[]>>) =>
    Object.fromEntries(
      Object.entries(series)
        .filter(([, values]) => values.length > 0)
        .map(([name, values]) => [name, histogramOf(values).buckets()]),
    );
  const lossOf = (receiver: number, stream: number) => {
    const of = messages.filter((message) => message.stream === stream);
    const mine = of.flatMap(({ deliveries }) => deliveries.filter((each) => each.receiver === receiver));
    const delivered = mine.filter(({ latencyNs }) => latencyNs !== null);
    return mine.length - delivered.length + sum(delivered.map(({ copies }) => copies - 1));
  };
  return {
    sent: messages.length,
    ledger: {
      expected,
      delivered: got.length,
      lost: expected - got.length,
      unknown: 0,
      duplicated: sum(got.map(({ copies }) => copies - 1)),
      anomalyCount: sum(
        streams.map(({ receivers }, stream) => receivers.filter((each) => lossOf(each, stream) > 0).length),
      ),
    },
    samples: {
      count: reached.length,
      incomplete: messages.filter((each) => arrived(each).length < each.deliveries.length).length,
    },
    series: bins({ delivery: got.map(({ latencyNs }) => latencyNs), ...fanOut(reached) }),
    intervals: seconds.map((second) => {
      const due = messages.filter((message) => message.second === second);
      const expectedDue = sum(due.map(({ deliveries }) => deliveries.length));
      const delivered = sum(due.map((message) => arrived(message).length));
      return {
        ...{ sent: due.length, expected: expectedDue, delivered, lost: expectedDue - delivered },
        series: bins({
          delivery: got.filter((each) => each.second === second).map(({ latencyNs }) => latencyNs),
          ...fanOut(reached.filter((message) => lastSecond(message) === second)),
        }),
      };
    }),
  };
}

/** The same figures of a stored result. */
export function figuresOf({
  rate,
  ledger,
  samples,
  series,
  intervals,
}: RunResult): ReturnType<typeof wholeOf> {
  const { expected, delivered, lost, unknown, duplicated, anomalyCount } = ledger;
  const bins = (encodedSeries: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(encodedSeries).map(([name, text]) => [name, NsHistogram.decode(text).buckets()]),
    );
  return {
    sent: rate.sent,
    ledger: { expected, delivered, lost, unknown, duplicated, anomalyCount },
    samples: { count: samples.count, incomplete: samples.incomplete },
    series: bins(
      Object.fromEntries(Object.entries(series).map(([name, { histogram }]) => [name, histogram])),
    ),
    intervals: intervals.map((each) => ({
      ...{ sent: each.sent, expected: each.expected, delivered: each.delivered, lost: each.lost },
      series: bins(each.series),
    })),
  };
}
