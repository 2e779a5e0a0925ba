/** What a metric is measured in. Durations are nanoseconds, rates are per second, shares run from 0 to 1. */
export const METRIC_UNITS = ['duration', 'bytes', 'average', 'rate', 'share', 'count'] as const;
export type MetricUnit = (typeof METRIC_UNITS)[number];

/** Growth that a comparison tolerates: a share of the base, and a difference in the unit of the metric. */
export interface Tolerance {
  /** 0.05 tolerates a ratio of up to 1.05. */
  readonly delta: number;
  /** A smaller difference is tolerated at any ratio. */
  readonly floor: number;
}

/** What is known of a metric before any run. */
export interface MetricDefinition {
  readonly title: string;
  readonly unit: MetricUnit;
  readonly meaning: string;
  readonly better: 'lower' | 'higher';
  /** Whether it gates by default. */
  readonly isGating: boolean;
  readonly tolerance: Tolerance;
}

/** Where the base has none of a count, nothing is tolerated. */
const COUNT = {
  unit: 'count',
  better: 'lower',
  isGating: true,
  tolerance: { delta: 0.25, floor: 0 },
} as const;

/** Events that should not happen, counted over the whole run. */
export const COUNTS = {
  lost: { ...COUNT, title: 'lost', meaning: 'not delivered by the end of the drain' },
  missed: {
    ...COUNT,
    title: 'missed',
    meaning: 'not delivered to clients that were away, without a promise of the server to replay them',
    isGating: false,
  },
  replayed: {
    ...COUNT,
    title: 'replayed',
    meaning: 'delivered to clients that had been away when it was due',
    better: 'higher',
    isGating: false,
  },
  late: { ...COUNT, title: 'late', meaning: 'delivered, but slower than --late-after', isGating: false },
  duplicated: {
    ...COUNT,
    title: 'duplicates',
    meaning: 'deliveries after the first one of the same message',
  },
  reordered: {
    ...COUNT,
    title: 'out of order',
    meaning: 'delivered after a later message of the same sender',
  },
  corrupted: {
    ...COUNT,
    title: 'corrupted',
    meaning: 'received with another length than was sent or, with --verify, another content',
    // What is corrupted is lost too, which gates.
    isGating: false,
  },
  unexpected: {
    ...COUNT,
    title: 'unexpected',
    meaning: 'received by a client that it was not sent to, or never sent',
  },
  failed: {
    ...COUNT,
    title: 'failed',
    meaning: 'messages and iterations that failed',
  },
  rejected: {
    ...COUNT,
    title: 'rejected',
    meaning: 'messages and iterations that the server rejected, by its own words',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type CountName = keyof typeof COUNTS;

export const COUNT_NAMES = Object.keys(COUNTS) as readonly CountName[];

export function isCount(name: string): name is CountName {
  return Object.hasOwn(COUNTS, name);
}
