import { formatCount, formatNumber } from '../../units.ts';
import type { Axis } from '../charts.ts';
import { extent } from '../content/table.ts';

/** Where a value lies along an axis, and which values are labelled. */
export interface Scale {
  /** 0 at the beginning of the axis, 1 at its end. */
  at(value: number): number;
  readonly ticks: ReadonlyArray<{ readonly at: number; readonly text: string }>;
}

/** More labels run into each other on a small screen. */
const MAX_TICKS = 7;
/** A logarithmic axis over less than this has evenly spaced labels. */
const NARROW = 4;
/** Free space beyond the outermost values, as a share of the axis. */
const PADDING = 0.06;

/** 1, 2 or 5 times a power of ten, so that `range` holds at most five steps. */
function evenStep(range: number): number {
  const power = 10 ** Math.floor(Math.log10(range / 5));
  return [1, 2, 5, 10].map((each) => each * power).find((step) => range / step <= 5) ?? 10 * power;
}

function evenTicks(min: number, max: number, minStep = 0): number[] {
  const step = Math.max(minStep, evenStep(max - min));
  const [first, last] = [Math.ceil(min / step), Math.floor(max / step)];
  // Adding the step up would result in 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(9)),
  );
}

/** Multiples of powers of ten from `min` to `max`, with as many in each decade as there is room for. */
function decadeTicks(min: number, max: number): number[] {
  const decades = Array.from(
    { length: Math.floor(Math.log10(max)) - Math.floor(Math.log10(min)) + 1 },
    (_, index) => Math.floor(Math.log10(min)) + index,
  );
  const choices = [[1, 2, 5], [1, 3], [1]].map((steps) =>
    decades
      .flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`)))
      .filter((tick) => tick >= min && tick <= max),
  );
  return choices.find((ticks) => ticks.length <= MAX_TICKS) ?? choices.at(-1) ?? [];
}

/** `0.5`, `20`, `5,000` */
function labelled(ticks: readonly number[]): Scale['ticks'] {
  return ticks.map((at) => ({ at, text: at >= 1000 ? formatCount(at) : formatNumber(at) }));
}

/** An axis from `min` to `max`, which are above zero and differ. Values that have no logarithm lie at its beginning. */
export function logarithmicScale(min: number, max: number): Scale {
  const ticks = max / min < NARROW ? evenTicks(min, max) : decadeTicks(min, max);
  const span = Math.log(max / min);
  return { at: (value) => (value > 0 ? Math.log(value / min) / span : 0), ticks: labelled(ticks) };
}

/** An axis from `min` to `max`, which differ. Labels are `minStep` or more apart. */
export function linearScale(min: number, max: number, minStep: number): Scale {
  return { at: (value) => (value - min) / (max - min), ticks: labelled(evenTicks(min, max, minStep)) };
}

/** Ends of an axis around the values. */
function endsOf({ scale, range }: Axis, values: Iterable<number>): readonly [number, number] {
  if (typeof range === 'object') return range;
  if (scale === 'logarithmic') return logarithmicEnds(values);
  const [min, max] = extent(values) ?? [0, 1];
  if (range === 'zero') {
    const wanted = max > 0 ? max * 1.05 : 1;
    return [0, Math.ceil(wanted / evenStep(wanted)) * evenStep(wanted)];
  }
  const pad = max > min ? (max - min) * PADDING : Math.abs(max) * PADDING || 1;
  return [min >= 0 ? Math.max(0, min - pad) : min - pad, max + pad];
}

/** The smallest share of its largest value that a logarithmic axis shows. */
const SMALLEST_SHARE = 1e-12;

function logarithmicEnds(values: Iterable<number>): readonly [number, number] {
  const [smallest, max] = extent([...values].filter((value) => value > 0)) ?? [1, 1];
  const min = Math.max(smallest, max * SMALLEST_SHARE);
  const room = max > min ? (max / min) ** PADDING : 1.5;
  return [min / room, max * room];
}

/** The scale of an axis that shows all `values`. */
export function scaleOf(axis: Axis, values: Iterable<number>): Scale {
  const [min, max] = endsOf(axis, values);
  const scale =
    axis.scale === 'logarithmic' ? logarithmicScale(min, max) : linearScale(min, max, axis.minStep);
  return axis.labels === null ? scale : { ...scale, ticks: axis.labels };
}
