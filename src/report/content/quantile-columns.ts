import { quantileBounds } from '../../result/quantile-bounds.ts';
import { type ResultView, samplesForBounds } from '../../result/view.ts';
import { pluralOf } from '../../text.ts';
import { type Column, column, type Shortage } from './table.ts';

/** The quantiles that reports show, by name. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const;

export type QuantileName = keyof typeof QUANTILES;

/** One series of one result. */
export interface SeriesOf {
  readonly view: ResultView;
  readonly series: string;
}

/** The rows of a table that are series themselves. */
export const sameSeries = (row: SeriesOf): SeriesOf => row;

/** What one independent sample of a series is, in the plural. */
function sampleNoun({ view, series }: SeriesOf): string {
  if (series === 'connect') return 'connections';
  if (series === 'send_lag') return 'messages';
  return pluralOf(view.result.samples.unit);
}

/** Why a quantile of a recorded series is left out; null where it is not. */
function quantileShortage({ view, series }: SeriesOf, name: QuantileName): Shortage | null {
  if (view.result.series[series] === undefined) return null;
  const needed = Math.ceil(samplesForBounds(QUANTILES[name]));
  const had = view.samples(series);
  const counted = view.effectiveSamples(series, QUANTILES[name]);
  const effective = had < needed || counted === null ? null : Math.floor(counted);
  if ((effective ?? had) >= needed) return null;
  return { quantile: name, needed, had, effective, noun: sampleNoun({ view, series }) };
}

/** A quantile with its interval, left out where the series has too few independent samples for it. */
export function quantileColumn<Row>(
  name: QuantileName,
  seriesOf: (row: Row) => SeriesOf,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  const quantile = QUANTILES[name];
  const meaning = `${Number((quantile * 100).toFixed(1))} % of the values are at or below it`;
  const value = (row: Row) => {
    const { view, series } = seriesOf(row);
    return view.quantileNs(series, quantile);
  };
  return column(name.replace('.', '_'), name, 'duration', meaning, value, {
    unitGroup: 'latency',
    shortage: (row) => quantileShortage(seriesOf(row), name),
    interval(row) {
      const { view, series } = seriesOf(row);
      return quantileBounds(view, series, quantile);
    },
    ...more,
  });
}

/** The largest recorded value. */
export function maxColumn<Row>(seriesOf: (row: Row) => SeriesOf): Column<Row> {
  const value = (row: Row) => {
    const { view, series } = seriesOf(row);
    const histogram = view.histogram(series);
    return histogram === null || histogram.count === 0 ? null : histogram.maxNs;
  };
  return column('max', 'max', 'duration', 'the highest value', value, { unitGroup: 'latency' });
}
