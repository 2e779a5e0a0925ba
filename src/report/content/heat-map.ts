import { BANDS_PER_DECADE, type ChartedView, type IntervalFigures } from '../../result/view.ts';
import type { HeatMap } from '../charts.ts';
import { chooseUnit, extent } from './table.ts';

/** Columns of one run: more than these are narrower than can be seen. */
const MAX_TIMES = 150;
const MIN_TIMES = 30;

const lowerNs = (band: number) => 10 ** (band / BANDS_PER_DECADE);

/** Neighbours as one, so that there are at most `max`. */
function mergeNeighbours(figures: readonly IntervalFigures[], max: number): IntervalFigures[][] {
  const each = Math.max(1, Math.ceil(figures.length / max));
  return Array.from({ length: Math.ceil(figures.length / each) }, (_, column) =>
    figures.slice(column * each, (column + 1) * each),
  );
}

/** One column; bands count from `lowest`. */
function columnOf(group: readonly IntervalFigures[], lowest: number): HeatMap['runs'][number][number] {
  const sums = new Map<number, number>();
  for (const [band, count] of group.flatMap(({ bands }) => bands)) {
    sums.set(band, (sums.get(band) ?? 0) + count);
  }
  const [first, last] = extent(sums.keys()) ?? [lowest, lowest];
  const end = group.at(-1);
  return {
    fromS: (group[0]?.startMs ?? 0) / 1000,
    toS: ((end?.startMs ?? 0) + (end?.lengthMs ?? 0)) / 1000,
    band: first - lowest,
    counts: Array.from({ length: last - first + 1 }, (_, index) => sums.get(first + index) ?? 0),
  };
}

/** The headline latencies of some runs by time and size, on a page with `pageRuns` runs; null when there are none. */
export function heatMapOf(views: readonly ChartedView[], pageRuns: number): HeatMap | null {
  const figures = views.map((view) =>
    view.intervals(view.result.headline).filter((interval) => interval !== null),
  );
  const bands = figures.flat().flatMap((interval) => interval.bands.map(([band]) => band));
  const ends = extent(bands);
  if (ends === null) return null;
  const [lowest, highest] = ends;
  const { name, scale } = chooseUnit('duration', [lowerNs(lowest), lowerNs(highest + 1)]);
  const maxColumns = Math.max(MIN_TIMES, Math.floor(MAX_TIMES / Math.max(1, pageRuns / 2)));
  return {
    title: 'Latency heat map',
    note: 'Darker: more of the values of that time. Values by time of receiving, in bands of 26 %.',
    unit: name ?? 'ns',
    lowest: Number((lowerNs(lowest) / scale).toPrecision(6)),
    ratio: 10 ** (1 / BANDS_PER_DECADE),
    bands: highest - lowest + 1,
    runs: figures.map((each) => mergeNeighbours(each, maxColumns).map((group) => columnOf(group, lowest))),
  };
}
