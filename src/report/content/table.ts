import type { Bounds } from '../../result/quantile-bounds.ts';
import {
  BYTE_UNITS,
  formatAverage,
  formatCount,
  formatFigure,
  formatInterval,
  type ShownUnits,
  TIME_UNITS,
  unitFor,
} from '../../units.ts';
import { plain } from '../plain.ts';

/**
 * The kind of a value, and its base unit: durations are nanoseconds, rates are per second, shares run from 0 to 1. An
 * `average` is an average of counts.
 */
export type Kind = 'text' | 'duration' | 'rate' | 'count' | 'average' | 'share' | 'bytes';

/** A value of a table; null where the row has none. */
export type CellValue = string | number | null;

/** A quantile that is left out, because no sample bounds it from above. */
export interface Shortage {
  /** `p99` */
  readonly quantile: string;
  readonly needed: number;
  readonly had: number;
  /** What those count as, where successive ones are correlated; null where `had` are too few even if they are not. */
  readonly effective: number | null;
  /** The name of a sample in the plural: `broadcasts`. */
  readonly noun: string;
}

/** One column over rows of any type. */
export interface Column<Row> {
  /** Stable, snake_case, without unit. */
  readonly id: string;
  readonly title: string;
  /** Explains the title in one phrase. */
  readonly meaning: string;
  readonly kind: Kind;
  /** Columns of one group share a unit, so that p50 and p99 can be compared at a glance. */
  readonly unitGroup: string;
  /** Whether the value of a row is not worth showing. The column is left out when that holds for every row. */
  readonly isSilent?: (row: Row) => boolean;
  /** Sentences, for which a terminal has no room. */
  readonly isProse: boolean;
  /** In the base unit of the kind. */
  value(row: Row): CellValue;
  shortage(row: Row): Shortage | null;
  /** The 95 % interval of the values, in their base unit; null for a column of values without one. */
  readonly interval: ((row: Row) => Bounds) | null;
}

/** Makes a column with a unit of its own, whose values need no number of samples unless `more` says otherwise. */
export function column<Row>(
  id: string,
  title: string,
  kind: Kind,
  meaning: string,
  value: (row: Row) => CellValue,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return {
    ...{ id, title, kind, meaning, value },
    ...{ unitGroup: id, isProse: false, shortage: () => null, interval: null },
    ...more,
  };
}

export interface Heading extends Pick<Column<never>, 'title' | 'meaning' | 'isProse'> {
  /** Null for text and counts. */
  readonly unit: string | null;
  /** Numbers are aligned to the right. */
  readonly numeric: boolean;
}

/** A figure and its 95 % interval, in the unit of its heading. Renderers show the interval quietly. */
export interface EstimateCell {
  readonly figure: string;
  /** `2.7-3.6` */
  readonly interval: string;
}

export type Cell = string | EstimateCell;

/**
 * A table of texts: `rows[r][c]` stands under `headings[c]`, and is `-` without a value. A row of a single cell names
 * the group of rows below it.
 */
export interface Table {
  readonly headings: readonly Heading[];
  readonly rows: ReadonlyArray<readonly Cell[]>;
}

export const NO_VALUE = '-';

/** What renderers call the second part of estimates, and how they explain it below a table. */
export const INTERVAL_NAME = '95 % interval';
export const INTERVAL_NOTE = `below a figure: its ${INTERVAL_NAME}`;

/** The text of a cell without its interval. */
export const cellFigure = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.figure);

/** The interval of a cell; null for one without. */
export const intervalOf = (cell: Cell): string | null => (typeof cell === 'string' ? null : cell.interval);

export const hasIntervals = ({ rows }: Table): boolean =>
  rows.some((row) => row.some((cell) => intervalOf(cell) !== null));

/** A figure with the interval around it, both in a unit that stands elsewhere. Without an interval, or one of no length, the figure. */
export function estimateCell(figure: string, { lower, upper }: Bounds, scale: number): Cell {
  const inUnit = (bound: number | null) => (bound === null ? null : bound / scale);
  const interval = formatInterval(inUnit(lower), inUnit(upper));
  const isPoint = lower !== null && lower === upper;
  return interval === null || isPoint || figure === NO_VALUE ? figure : { figure, interval };
}

/** Units of each kind, largest first. */
const KIND_UNITS: Readonly<Record<Kind, ShownUnits>> = {
  text: [[null, 1]],
  duration: TIME_UNITS,
  rate: [['/s', 1]],
  count: [[null, 1]],
  average: [[null, 1]],
  share: [['%', 0.01]],
  bytes: BYTE_UNITS,
};

/** Smallest and largest number; null without numbers. Works on lists of any length. */
export function extent(values: Iterable<number>): readonly [min: number, max: number] | null {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min > max ? null : [min, max];
}

/**
 * Chooses one unit for all values: the one that suits the geometric mean of the smallest and the largest, so that no cell
 * reads 3,000,000 µs or 0.00002 s. Zeros are ignored.
 */
export function chooseUnit(kind: Kind, values: readonly number[]): { name: string | null; scale: number } {
  const [min, max] = extent(values.map(Math.abs).filter((size) => size > 0)) ?? [0, 0];
  const middle = Math.sqrt(min * max);
  const [name, scale] = unitFor(KIND_UNITS[kind], middle);
  return { name, scale };
}

const FIGURE_FORMATS: Readonly<Record<Kind, (figure: number) => string>> = {
  text: String,
  duration: formatFigure,
  rate: formatAverage,
  count: formatCount,
  average: formatAverage,
  share: formatFigure,
  bytes: formatFigure,
};

/** A cell in a unit that its column or row names; a dash without a value. */
export function formatCell(kind: Kind, cell: CellValue, scale: number): string {
  if (cell === null) return NO_VALUE;
  if (typeof cell === 'string') return plain(cell);
  return FIGURE_FORMATS[kind](cell / scale);
}

/** Formats one value with the unit that suits it: `1.20 ms`, `23.4 %`, `96.0 MiB`. */
export function formatValue(kind: Kind, value: number): string {
  const { name, scale } = chooseUnit(kind, [value]);
  const figure = formatCell(kind, value, scale);
  if (name === null) return figure;
  return name.startsWith('/') ? `${figure}${name}` : `${figure} ${name}`;
}

/** Formats rows under columns that have something to show. Each unit is chosen once for all rows. */
export function tabulate<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): Table {
  const filled = columns
    .map((each) => ({ ...each, cells: rows.map((row) => each.value(row)) }))
    .filter(
      ({ cells, shortage, isSilent }) =>
        rows.some((row, index) => cells[index] !== null && isSilent?.(row) !== true) ||
        rows.some((row) => shortage(row) !== null),
    );
  const units = filled.map(({ kind, unitGroup }) => {
    const group = filled.filter((other) => other.unitGroup === unitGroup);
    const values = group.flatMap(({ cells }) => cells.filter((cell) => typeof cell === 'number'));
    return values.length === 0 ? { name: null, scale: 1 } : chooseUnit(kind, values);
  });
  return {
    headings: filled.map(({ title, meaning, isProse, kind }, index) => {
      return { title, meaning, isProse, unit: units[index]?.name ?? null, numeric: kind !== 'text' };
    }),
    rows: rows.map((row, at) =>
      filled.map(({ kind, cells, interval }, index) => {
        const scale = units[index]?.scale ?? 1;
        const figure = formatCell(kind, cells[at] ?? null, scale);
        return interval === null || figure === NO_VALUE ? figure : estimateCell(figure, interval(row), scale);
      }),
    ),
  };
}

/** A title with its unit: `p50 ms`, `sent/s`, `lost`. */
export function headingText({ title, unit }: Pick<Heading, 'title' | 'unit'>): string {
  if (unit === null) return title;
  return unit.startsWith('/') ? `${title}${unit}` : `${title} ${unit}`;
}

/**
 * Explains each quantile that is left out in some row: `p99 needs 368 broadcasts; this run has 150`, or `p99 needs 368
 * broadcasts that are independent; the 2,000 of this run are correlated and count as 214`.
 */
export function shortageNotes<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): string[] {
  const shortages = columns
    .flatMap((column) => rows.map((row) => column.shortage(row)))
    .filter((shortage) => shortage !== null);
  const alone = rows.length === 1;
  const few = shortages.filter(({ effective }) => effective === null);
  const correlated = shortages.filter(({ effective }) => effective !== null);
  const needOf = ({ quantile, needed, noun }: Shortage) => `${quantile} needs ${formatCount(needed)} ${noun}`;
  return [
    ...[...Map.groupBy(few, needOf)].map(([need, each]) => {
      const had = rangeText(each.map((shortage) => shortage.had));
      return `${need}; ${alone ? 'this run has' : 'runs with a dash have'} ${had}`;
    }),
    ...[...Map.groupBy(correlated, needOf)].map(([need, each]) => {
      const had = `${rangeText(each.map((shortage) => shortage.had))} of ${alone ? 'this run' : 'runs with a dash'}`;
      const counts = each.map(({ effective }) => effective ?? 0);
      const why = counts.includes(0) ? 'too correlated' : `correlated and count as ${rangeText(counts)}`;
      return `${need} that are independent; the ${had} are ${why}`;
    }),
  ];
}

/** `500`, `500 to 800` */
export function rangeText(values: readonly number[], format = formatCount): string {
  const ends = [Math.min(...values), Math.max(...values)].map(format);
  return [...new Set(ends)].join(' to ');
}
