import { chooseUnit, type Kind } from '../../content/table.ts';
import type { Curve } from '../curve.ts';
import type { Panel } from '../panels.ts';

export type LineStyle = 'solid' | 'dashed' | 'dotted';

/** One line of one run. `x` ascends; a null in `y` is a gap. */
export interface Line {
  /** Which run of the section, from 0. */
  readonly run: number;
  readonly style: LineStyle;
  /** What it shows: `p99`, `server`. */
  readonly label: string;
  readonly x: readonly number[];
  readonly y: ReadonlyArray<number | null>;
}

/** What the script in the page draws; figures are in the unit that is shown. */
export interface Chart {
  readonly title: string;
  /** One sentence below the title. */
  readonly note: string;
  /** `odds`: 1 / (1 - percentile) on a logarithmic axis; `seconds` from the start of measuring. */
  readonly xAxis: 'odds' | 'seconds';
  readonly logarithmicY: boolean;
  readonly unit: string | null;
  readonly lines: readonly Line[];
}

/** Charts that belong together on a page. */
export type ChartGroup =
  /** Lines of some runs: one label and one of the page's colours for each run. */
  | {
      readonly form: 'lines';
      readonly labels: readonly string[];
      readonly colours: readonly number[];
      readonly charts: readonly Chart[];
      readonly measureS: number;
    }
  /** Every round of two arms, one panel for each metric. */
  | { readonly form: 'rounds'; readonly panels: readonly Panel[] }
  /** Every run of a capacity search. */
  | { readonly form: 'curves'; readonly curves: readonly Curve[] };

/** Beyond this span a linear axis hides the smaller half of the figures. */
const WIDEST_LINEAR_SPAN = 20;

interface ChartParts {
  readonly title: string;
  readonly note: string;
  readonly xAxis: Chart['xAxis'];
  /** Kind of the figures in `lines`, which are in its base unit. */
  readonly kind: Kind;
  readonly lines: readonly Line[];
}

/** Chooses unit and axis for all lines; null when no line has a point. Only times get a logarithmic axis. */
export function makeChart({ kind, lines, ...parts }: ChartParts): Chart | null {
  const values = lines.flatMap(({ y }) => y.filter((value) => value !== null));
  if (values.length === 0) return null;
  const { name, scale } = chooseUnit(kind, values);
  const span = Math.max(...values) / Math.min(...values);
  return {
    ...parts,
    unit: name,
    logarithmicY: kind === 'duration' && span > WIDEST_LINEAR_SPAN && Number.isFinite(span),
    lines: lines.map((line) => ({ ...line, y: line.y.map((value) => scaled(value, scale)) })),
  };
}

/** Six digits are more than a chart shows, and keep the page small. */
function scaled(value: number | null, scale: number): number | null {
  return value === null ? null : Number((value / scale).toPrecision(6));
}
