import type { Repeated, StartFigure } from '../../result/repeated.ts';
import { type Dot, type DotChart, LINEAR_AXIS, type Panel } from '../charts.ts';
import { figureName } from './repeated-figures.ts';
import { chooseUnit, formatValue } from './table.ts';

/** The height of a row of a start, and of the plot around the rows. */
const ROW_PX = 22;
const AROUND_PX = 70;
const MAX_HEIGHT_PX = 480;
/** At most so many starts have a label. */
const MAX_NAMED_STARTS = 15;
/** A figure that differs by less has nothing to show. */
const MIN_SHOWN_SPREAD = 1.002;

const ONE_START = { shape: 'disc', colour: 'line-0', hollow: false } as const;
const OVER_STARTS = { shape: 'diamond', colour: 'line-1', hollow: false } as const;

/** `(0.98 ms to 1.10 ms)`; nothing without bounds. */
function boundsText(figure: StartFigure, lower: number | null, upper: number | null): string {
  if (lower === null || upper === null) return '';
  return ` (${formatValue(figure.unit, lower)} to ${formatValue(figure.unit, upper)})`;
}

/** One row for each start, with the interval of its own samples, and the median of the starts under them. */
function figurePanel(figure: StartFigure): Panel {
  const known = figure.values.flatMap(({ start, value, lower, upper }) =>
    value === null ? [] : [{ start, value, lower, upper }],
  );
  const { name, scale } = chooseUnit(
    figure.unit,
    known.map(({ value }) => value),
  );
  const row = (index: number) => known.length - index;
  const along = (lower: number | null, upper: number | null): Dot['interval'] =>
    lower === null && upper === null
      ? null
      : {
          along: 'x',
          low: lower === null ? null : lower / scale,
          high: upper === null ? null : upper / scale,
        };
  const dots = known.map(({ start, value, lower, upper }, index): Dot => {
    const text = `start ${start}: ${formatValue(figure.unit, value)}${boundsText(figure, lower, upper)}`;
    return { ...ONE_START, x: value / scale, y: row(index), interval: along(lower, upper), shiftPx: 0, text };
  });
  const { median, lower, upper } = figure;
  const all = `median of ${known.length} starts: ${formatValue(figure.unit, median ?? 0)}${boundsText(figure, lower, upper)}`;
  if (median !== null) {
    const interval = along(lower, upper);
    dots.push({ ...OVER_STARTS, x: median / scale, y: 0, interval, shiftPx: 0, text: all });
  }
  const every = Math.ceil(known.length / MAX_NAMED_STARTS);
  const labels = known.flatMap(({ start }, index) =>
    index % every === 0 ? [{ at: row(index), text: `start ${start}` }] : [],
  );
  return {
    title: '',
    description: `${figureName(figure)} in each start; ${all}`,
    heightPx: Math.min(MAX_HEIGHT_PX, AROUND_PX + ROW_PX * (known.length + 1)),
    x: { ...LINEAR_AXIS, title: name ?? '' },
    y: {
      ...LINEAR_AXIS,
      range: [-0.7, known.length + 0.5],
      labels: [...labels, { at: 0, text: 'median' }],
    },
    dots,
    links: [],
    rules: [],
    shaded: median === null || lower === null || upper === null ? null : [lower / scale, upper / scale],
  };
}

/** A chart of every figure that differs between the starts. */
export function startCharts({ figures }: Repeated): DotChart[] {
  return figures
    .filter(({ spread }) => spread !== null && spread > MIN_SHOWN_SPREAD)
    .map((figure) => ({
      title: figureName(figure),
      note: '',
      keys: [
        {
          ...ONE_START,
          text: figure.withinRun === null ? 'one start' : 'one start and its own interval',
        },
        { ...OVER_STARTS, text: 'median and its interval (shaded)' },
      ],
      isWide: false,
      panels: [figurePanel(figure)],
    }));
}
