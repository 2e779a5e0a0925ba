import { type ResultView, samplesNeeded } from '../../result/view.ts';
import { pluralOf } from '../../text.ts';
import { type Column, column } from './table.ts';

/** Quantiles that reports know, by name. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const;

export type QuantileName = keyof typeof QUANTILES;

/** One series of one result. */
export interface SeriesOf {
  readonly view: ResultView;
  readonly series: string;
}

/** What one independent sample of a series is, in the plural. */
function sampleNoun({ view, series }: SeriesOf): string {
  if (series === 'connect') return 'connections';
  if (series === 'send_lag') return 'messages';
  return pluralOf(view.result.samples.unit);
}

/** What every latency column of a table is made from. */
interface LatencyColumn<Row> {
  readonly id: string;
  readonly title: string;
  readonly meaning: string;
  readonly unitGroup: string;
  seriesOf(row: Row): SeriesOf;
}

/** A quantile, left out where the series has too few independent samples for it. */
export function quantileColumn<Row>(name: QuantileName, parts: LatencyColumn<Row>): Column<Row> {
  const { seriesOf, ...shown } = parts;
  const needed = samplesNeeded(QUANTILES[name]);
  return {
    ...shown,
    kind: 'duration',
    value(row) {
      const { view, series } = seriesOf(row);
      return view.quantileNs(series, QUANTILES[name]);
    },
    shortage(row) {
      const of = seriesOf(row);
      const had = of.view.samples(of.series);
      const recorded = of.view.result.series[of.series] !== undefined;
      return recorded && had < needed ? { quantile: name, needed, had, noun: sampleNoun(of) } : null;
    },
  };
}

/** The largest recorded value. */
export function maxColumn<Row>({ seriesOf, unitGroup, ...shown }: LatencyColumn<Row>): Column<Row> {
  const value = (row: Row) => {
    const { view, series } = seriesOf(row);
    const histogram = view.histogram(series);
    return histogram === null || histogram.count === 0 ? null : histogram.maxNs;
  };
  return { ...column(shown.id, shown.title, 'duration', shown.meaning, value), unitGroup };
}

/** `95 % are this fast or faster` */
export function quantileMeaning(name: QuantileName): string {
  return `${Number((QUANTILES[name] * 100).toFixed(1))} % are this fast or faster`;
}
