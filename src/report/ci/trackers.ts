import type { Comparison, MetricOutcome } from '../../result/comparison.ts';
import { gradeOf, metricSentence } from '../content/comparison-metrics.ts';
import { plain } from '../plain.ts';
import { type CiPair, ciView } from './view.ts';

/** A known value of a head. */
interface HeadValue extends CiPair {
  readonly metric: MetricOutcome;
  /** In the unit of the metric; durations are nanoseconds. */
  readonly value: number;
  readonly range: { readonly lower: number; readonly upper: number } | null;
}

/**
 * The bounds of the ratio times the value of the base. Null without both bounds, and where the range does not hold the
 * value: the value is of all rounds together, the bounds are of the single rounds.
 */
function rangeOf({ base, lower, upper }: MetricOutcome, value: number): HeadValue['range'] {
  if (base === null || lower === null || upper === null) return null;
  const range = { lower: base * lower, upper: base * upper };
  return range.lower <= value && value <= range.upper ? range : null;
}

/** Every known value of every valid pair. */
function headValues(comparison: Comparison): HeadValue[] {
  return ciView(comparison).validPairs.flatMap((each) =>
    each.pair.metrics.flatMap((metric) =>
      metric.head === null
        ? []
        : [{ ...each, metric, value: metric.head, range: rangeOf(metric, metric.head) }],
    ),
  );
}

/** Limits of Bencher, in bytes of UTF-8. */
const BENCHMARK_BYTES = 1024;
const MEASURE_BYTES = 64;

/** Returns as many whole characters as fit. */
function clip(text: string, bytes: number): string {
  let clipped = '';
  for (const character of text.toWellFormed()) {
    if (Buffer.byteLength(clipped + character) > bytes) break;
    clipped += character;
  }
  return clipped.trim();
}

/**
 * Renders Bencher Metric Format: one benchmark per head, one measure per metric, in the stored unit (nanoseconds,
 * bytes, shares of one). Empty when the comparison is INVALID.
 */
export function renderBencher(comparison: Comparison): string {
  const byHead = Map.groupBy(headValues(comparison), ({ scenario, head }) =>
    clip(`${scenario}, ${head}`, BENCHMARK_BYTES),
  );
  const benchmarks = [...byHead].map(([name, values]) => {
    const measures = values.map(({ metric, value, range }) => {
      const bounds = range === null ? {} : { lower_value: range.lower, upper_value: range.upper };
      return [clip(plain(metric.metric), MEASURE_BYTES), { value, ...bounds }];
    });
    return [name, Object.fromEntries(measures)];
  });
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}

/** One unit per kind of metric, so that a chart over many commits has one axis. */
const TRACKER_UNITS: Readonly<Record<MetricOutcome['unit'], readonly [name: string, scale: number]>> = {
  duration: ['ms', 1e6],
  bytes: ['B', 1],
  average: ['per delivery', 1],
  rate: ['per second', 1],
  share: ['%', 0.01],
  count: ['in all rounds', 1],
};

function entryOf(comparison: Comparison, { pair, scenario, head, metric, value, range }: HeadValue) {
  const [unit, scale] = TRACKER_UNITS[metric.unit];
  // Nine digits hide the noise of binary floating point.
  const inUnit = (amount: number) => Number((amount / scale).toPrecision(9));
  return {
    name: `${scenario}, ${head}: ${plain(metric.metric)}`,
    unit,
    value: inUnit(value),
    ...(range === null ? {} : { range: `${inUnit(range.lower)} to ${inUnit(range.upper)}` }),
    extra: plain(`${gradeOf(comparison, pair, metric)}: ${metricSentence(metric)}`),
  };
}

function renderEntries(comparison: Comparison, isWanted: (metric: MetricOutcome) => boolean): string {
  const entries = headValues(comparison)
    .filter(({ metric }) => isWanted(metric))
    .map((value) => entryOf(comparison, value));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** Renders the values of the heads for customSmallerIsBetter of github-action-benchmark; none when INVALID. */
export function renderSmallerIsBetter(comparison: Comparison): string {
  return renderEntries(comparison, ({ unit }) => unit !== 'rate');
}

/** Renders rates for customBiggerIsBetter of github-action-benchmark. */
export function renderBiggerIsBetter(comparison: Comparison): string {
  return renderEntries(comparison, ({ unit }) => unit === 'rate');
}
