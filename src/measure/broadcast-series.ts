import type { SeriesName } from './series.ts';

/** The series that a broadcast is recorded into when it closes; null for those that do not apply. */
export interface BroadcastSeries {
  readonly first: SeriesName;
  readonly median: SeriesName | null;
  readonly last: SeriesName;
  readonly skew: SeriesName | null;
}

/** The kinds of broadcasts: a published message and its receivers, a request and its replies. */
export const BROADCAST_KINDS = ['fanout', 'reply'] as const;
export type BroadcastKind = (typeof BROADCAST_KINDS)[number];

/** The series of each kind of broadcast. */
export const BROADCAST_SERIES: Readonly<Record<BroadcastKind, BroadcastSeries>> = {
  fanout: { first: 'fanout_first', median: 'fanout_median', last: 'fanout_last', skew: 'fanout_skew' },
  reply: { first: 'reply_first', median: null, last: 'reply_last', skew: null },
};

/** What the receivers of one broadcast were timed at; latencies run from its intended send. */
interface TimedBroadcast {
  readonly firstNs: number;
  /** The lower of two middle receivers. */
  readonly medianNs: number;
  readonly lastNs: number;
}

/** The values that a broadcast adds to its series, one for each. */
export function valuesOfBroadcast(
  kind: BroadcastKind,
  { firstNs, medianNs, lastNs }: TimedBroadcast,
): ReadonlyArray<readonly [series: SeriesName, valueNs: number]> {
  const { first, median, last, skew } = BROADCAST_SERIES[kind];
  return [
    [first, firstNs],
    ...(median === null ? [] : [[median, medianNs] as const]),
    [last, lastNs],
    ...(skew === null ? [] : [[skew, lastNs - firstNs] as const]),
  ];
}
