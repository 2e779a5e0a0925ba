import { chooseUnit, extent, type Kind } from './content/table.ts';

export type LineStyle = 'solid' | 'dashed' | 'dotted' | 'short' | 'long' | 'mixed';

/** One line of one run. `x` ascends; a null in `y` is a gap. */
export interface Line {
  /** Index into the runs of the group. */
  readonly run: number;
  readonly style: LineStyle;
  /** The colour in a group of one run, from 0; with several runs, lines have the colour of their run. */
  readonly colour: number;
  /** What the line shows: `p99`, `server`. */
  readonly label: string;
  readonly x: readonly number[];
  readonly y: ReadonlyArray<number | null>;
}

/** Lines over time or percentile. The script of the page draws it. */
export interface LineChart {
  readonly title: string;
  /** One sentence below the title. */
  readonly note: string;
  /** `odds`: 1 / (1 - percentile) on a logarithmic axis; `seconds` from the start of measuring. */
  readonly xAxis: 'odds' | 'seconds';
  readonly logarithmicY: boolean;
  /** Whether the labels of the lines are percentiles of the group, of which the reader picks some. */
  readonly hasPercentiles: boolean;
  /** Unit of `y`; null for a plain number. */
  readonly unit: string | null;
  readonly lines: readonly Line[];
}

/**
 * How many values fell into which band of latencies in which interval, for each run of the group. Bands are equally wide
 * on a logarithmic axis.
 */
export interface HeatMap {
  readonly title: string;
  readonly note: string;
  /** Unit of the bounds. */
  readonly unit: string;
  /** The lower bound of the lowest band. */
  readonly lowest: number;
  /** The upper bound of a band over its lower bound. */
  readonly ratio: number;
  /** How many bands there are. */
  readonly bands: number;
  /** By run: the intervals that have a value. */
  readonly runs: ReadonlyArray<
    ReadonlyArray<{
      readonly fromS: number;
      readonly toS: number;
      /** The first band that has a value, from 0, and the counts from there on. */
      readonly band: number;
      readonly counts: readonly number[];
    }>
  >;
}

/** What a mark on the time axis stands for. */
export type TimeMarkKind = 'disruption' | 'gc' | 'stall' | 'loss' | 'disconnect';

/** Something that happened in a run, at a moment or for some time; every chart over time shows it. */
export interface TimeMark {
  readonly kind: TimeMarkKind;
  /** Index into the runs of the group. */
  readonly run: number;
  /** From the start of measuring. Both are equal for a moment, which is drawn as a line; a longer time is a band. */
  readonly fromS: number;
  readonly toS: number;
  /** `GC pause of 23.4 ms, server`; a band that is wide enough shows it. */
  readonly text: string;
}

export type MarkShape = 'disc' | 'diamond' | 'cross';

/** How a point looks. Shapes distinguish points without colours. */
export interface MarkStyle {
  readonly shape: MarkShape;
  /** A colour of the page: `line-0` to `line-7`, `good`, `bad`, `ink-soft`. */
  readonly colour: string;
  readonly hollow: boolean;
}

/** A point with the interval around it. */
export interface Dot extends MarkStyle {
  readonly x: number;
  readonly y: number;
  /** An end without a bound is null and drawn to the edge. */
  readonly interval: {
    readonly along: 'x' | 'y';
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  /** Pixels to the right of `x`, so that points of one value do not cover each other. */
  readonly shiftPx: number;
  /** Shown under the pointer. */
  readonly text: string;
}

/** What an axis shows. Labels stand at round numbers unless `labels` names them. */
export interface Axis {
  readonly title: string;
  readonly scale: 'linear' | 'logarithmic';
  /** `zero`: begins at 0; `fit`: around the values; or fixed ends. */
  readonly range: 'zero' | 'fit' | readonly [from: number, to: number];
  /** The smallest distance between two labels: 1 for counts, 0 for other values. */
  readonly minStep: 0 | 1;
  readonly labels: ReadonlyArray<{ readonly at: number; readonly text: string }> | null;
}

/** Axes of values, for what most plots need. */
export const LINEAR_AXIS: Axis = { title: '', scale: 'linear', range: 'fit', minStep: 0, labels: null };
export const LOGARITHMIC_AXIS: Axis = { ...LINEAR_AXIS, scale: 'logarithmic' };

/** How a line between points looks: `thin` for one of many. */
export type LinkStyle = 'solid' | 'dashed' | 'thin';

/** One plot. All numbers are in the unit that is shown. */
export interface Panel {
  /** Stands above the plot; empty for none. */
  readonly title: string;
  /** Title and findings in words, for readers who cannot see the plot. */
  readonly description: string;
  readonly heightPx: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly dots: readonly Dot[];
  /** Lines between points, under the dots. */
  readonly links: ReadonlyArray<{
    readonly from: readonly [x: number, y: number];
    readonly to: readonly [x: number, y: number];
    readonly style: LinkStyle;
    /** A colour of the page. */
    readonly colour: string;
  }>;
  /** Lines across the whole plot, with their text. */
  readonly rules: ReadonlyArray<{
    readonly across: 'x' | 'y';
    readonly at: number;
    readonly style: 'limit' | 'answer' | 'neutral';
    readonly text: string;
  }>;
  /** A shaded part of the x axis; null for none. */
  readonly shaded: readonly [from: number, to: number] | null;
}

/** Points with intervals, drawn without a script. */
export interface DotChart {
  readonly title: string;
  /** One sentence below the title; empty for none. */
  readonly note: string;
  readonly keys: ReadonlyArray<MarkStyle & { readonly text: string }>;
  readonly isWide: boolean;
  /** Side by side where there is room. */
  readonly panels: readonly Panel[];
}

/** Charts that stand together on a page. */
export type ChartGroup =
  /** Line charts of the same runs under one legend. */
  | {
      readonly form: 'lines';
      /** The name and the colour, from 0, of each run. */
      readonly runs: ReadonlyArray<{ readonly label: string; readonly colour: number }>;
      /** Length of the measured time; null where no chart is over time. */
      readonly measureMs: number | null;
      /** The percentiles of charts that have some, in order, and those that are shown at first. */
      readonly percentiles: { readonly all: readonly string[]; readonly shown: readonly string[] };
      readonly charts: readonly LineChart[];
      readonly heatMap: HeatMap | null;
      readonly marks: readonly TimeMark[];
      /** The titles of charts whose lines are flat, with their values as text in place of a drawing. */
      readonly flat: ReadonlyArray<readonly [title: string, text: string]>;
    }
  | { readonly form: 'dots'; readonly charts: readonly DotChart[] };

/** Line charts of the same runs. */
export type LineGroup = Extract<ChartGroup, { form: 'lines' }>;

/** Beyond this span a linear axis hides the smaller half of the values. */
const WIDEST_LINEAR_SPAN = 20;

/** Whether values of this kind need a logarithmic axis. Only durations get one. */
export function needsLogarithm(kind: Kind, values: readonly number[]): boolean {
  const [min, max] = extent(values) ?? [0, 0];
  return kind === 'duration' && min > 0 && max / min > WIDEST_LINEAR_SPAN;
}

/** A chart whose lines are in the base unit of their kind. */
export interface LineChartParts extends Omit<LineChart, 'unit' | 'logarithmicY'> {
  readonly kind: Kind;
}

/** Chooses unit and axis for all lines and thins them out; null when no line has a point. */
export function makeLineChart(
  { kind, lines: given, ...parts }: LineChartParts,
  maxPoints = MAX_POINTS,
): LineChart | null {
  const lines = given.map((line) => thinOut(line, maxPoints));
  const values = lines.flatMap(({ y }) => y.filter((value) => value !== null));
  if (values.length === 0) return null;
  const { name, scale } = chooseUnit(kind, values);
  // So many digits are more than a chart shows, and keep the page small.
  const digits = maxPoints < MAX_POINTS ? 4 : 5;
  const shown = (value: number | null) =>
    value === null ? null : Number((value / scale).toPrecision(digits));
  return {
    ...parts,
    unit: name,
    logarithmicY: needsLogarithm(kind, values),
    lines: lines.map((line) => ({ ...line, y: line.y.map(shown) })),
  };
}

/** A line of a chart has at most this many points: more than there are pixels. */
const MAX_POINTS = 999;

/** How many points a line has at most on a page of so many runs, which must load quickly. */
export function maxPointsOf(runs: number): number {
  return runs < 2 ? MAX_POINTS : Math.max(45, 3 * Math.floor(200 / runs));
}

/**
 * Keeps at most `maxPoints` points of a line: of each of a third as many stretches of equal length the smallest value,
 * the largest and the first gap. Peaks therefore stay exactly where and as high as they were.
 */
export function thinOut(line: Line, maxPoints = MAX_POINTS): Line {
  const { x, y } = line;
  if (x.length <= maxPoints) return line;
  const stretches = Math.floor(maxPoints / 3);
  const kept = Array.from({ length: stretches }, (_, index) => {
    const from = Math.floor((index * x.length) / stretches);
    const to = Math.floor(((index + 1) * x.length) / stretches);
    return landmarks(y, from, to);
  }).flat();
  return { ...line, x: kept.map((at) => x[at] ?? 0), y: kept.map((at) => y[at] ?? null) };
}

/** Where the smallest value, the largest value and the first gap are, in ascending order. */
function landmarks(y: Line['y'], from: number, to: number): number[] {
  const part = y.slice(from, to);
  const ends = extent(part.filter((value) => value !== null)) ?? [];
  const found = [...ends, null].map((value) => part.indexOf(value)).filter((at) => at >= 0);
  return [...new Set(found)].sort((a, b) => a - b).map((at) => from + at);
}
