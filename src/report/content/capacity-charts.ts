import type { Capacity, CapacityStep, StepOutcome } from '../../result/capacity.ts';
import { FIGURES } from '../../result/metrics.ts';
import { median } from '../../result/order-statistics.ts';
import {
  type Dot,
  type DotChart,
  LINEAR_AXIS,
  LOGARITHMIC_AXIS,
  type MarkStyle,
  needsLogarithm,
  type Panel,
} from '../charts.ts';
import { OUTCOME_WORDS, reasonsOfStep, variedText } from './capacity-verdict.ts';
import { chooseUnit, formatValue, type Kind } from './table.ts';

const OUTCOME_MARKS: Readonly<Record<StepOutcome, MarkStyle & { readonly text: string }>> = {
  passed: { shape: 'disc', colour: 'good', hollow: false, text: 'passed' },
  failed: { shape: 'cross', colour: 'bad', hollow: false, text: 'failed' },
  excluded: { shape: 'diamond', colour: 'ink-soft', hollow: true, text: 'excluded' },
};

/** One value of a step in the base unit of its kind. */
interface Reading {
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** A value of every run over the parameter that was searched. */
interface Curve {
  readonly title: string;
  readonly note: string;
  readonly kind: Kind;
  /** Null where a step has no such value. */
  readonly read: (step: CapacityStep) => Reading | null;
  readonly limit: { readonly y: number; readonly text: string } | null;
  readonly isWide: boolean;
}

interface Run extends Reading {
  readonly step: CapacityStep;
}

/** Pixels between runs of one value, which would cover each other. */
const APART_PX = 4;

/** `1,240/s (confirming): 43.1 ms (38.0 ms to 47.2 ms), passed` */
function runText({ design }: Capacity, kind: Kind, { step, y, low, high }: Run): string {
  const bounds =
    low === null || high === null ? '' : ` (${formatValue(kind, low)} to ${formatValue(kind, high)})`;
  const why = step.reasons.length === 0 ? '' : `: ${reasonsOfStep(step)}`;
  return `${variedText(design.vary, step.value)} (${step.phase}): ${formatValue(kind, y)}${bounds}, ${OUTCOME_WORDS[step.outcome]}${why}`;
}

/** Values that differ by less are joined as one: the search is no finer. */
const ALIKE = 1.05;

/** The curve through the middle of runs of like values; excluded runs do not count. */
function middles(runs: readonly Run[]): Array<readonly [x: number, y: number]> {
  const groups: Run[][] = [];
  const counted = runs.filter(({ step }) => step.outcome !== 'excluded');
  for (const run of counted.toSorted((a, b) => a.step.value - b.step.value)) {
    const first = groups.at(-1)?.[0];
    if (first !== undefined && run.step.value <= first.step.value * ALIKE) groups.at(-1)?.push(run);
    else groups.push([run]);
  }
  return groups.map((group) => [
    median(group.map(({ step }) => step.value)),
    median(group.map(({ y }) => y)),
  ]);
}

/** The confirmed answer; null for none. */
function confirmedValue({ answer }: Capacity): number | null {
  return answer.kind === 'found' || answer.kind === 'at_least' ? answer.value : null;
}

function dotsOf(capacity: Capacity, kind: Kind, runs: readonly Run[], scale: number): Dot[] {
  const inUnit = (value: number | null) => (value === null ? null : value / scale);
  return [...Map.groupBy(runs, ({ step }) => step.value).values()].flatMap((alike) =>
    alike.map((run, index): Dot => {
      const { y, low, high, step } = run;
      return {
        ...OUTCOME_MARKS[step.outcome],
        x: step.value,
        y: y / scale,
        interval: high === null ? null : { along: 'y', low: inUnit(low), high: high / scale },
        shiftPx: (index - (alike.length - 1) / 2) * APART_PX,
        text: runText(capacity, kind, run),
      };
    }),
  );
}

function chartOf(capacity: Capacity, curve: Curve, runs: readonly Run[], heightPx: number): DotChart {
  const { kind, limit } = curve;
  const values = runs.flatMap(({ y, low, high }) => [y, low, high]).filter((value) => value !== null);
  const shown = limit === null ? values : [...values, limit.y];
  const { name: unit, scale } = chooseUnit(kind, shown);
  const isLogarithmic = needsLogarithm(kind, shown);
  const answer = confirmedValue(capacity);
  const points = middles(runs).map(([x, y]) => [x, y / scale] as const);
  const { vary } = capacity.design;
  const panel: Panel = {
    description: `${curve.title}; the table below has every value`,
    heightPx,
    x: { ...LOGARITHMIC_AXIS, title: `${vary === 'rate' ? 'messages/s' : 'clients'} (logarithmic)` },
    y: isLogarithmic
      ? LOGARITHMIC_AXIS
      : { ...LINEAR_AXIS, range: 'zero', minStep: kind === 'count' ? 1 : 0 },
    dots: dotsOf(capacity, kind, runs, scale),
    links: points.slice(1).map((to, index) => ({ from: points[index] ?? to, to, isFaint: false })),
    rules: [
      ...(limit === null
        ? []
        : [{ across: 'x', at: limit.y / scale, style: 'limit', text: limit.text } as const]),
      ...(answer === null
        ? []
        : [{ across: 'y', at: answer, style: 'answer', text: variedText(vary, answer) } as const]),
    ],
    shaded: null,
  };
  const present = new Set(runs.map(({ step }) => step.outcome));
  return {
    title: `${curve.title}${unit === null ? '' : `, ${unit}`}${isLogarithmic ? ' (logarithmic)' : ''}`,
    note: curve.note,
    keys: (['passed', 'failed', 'excluded'] as const)
      .filter((each) => present.has(each))
      .map((each) => OUTCOME_MARKS[each]),
    isWide: curve.isWide,
    panels: [panel],
  };
}

/** Runs between these multiples of the answer bisected and confirmed it. */
const NEAR = { from: 0.75, to: 1.35 } as const;

/** The chart of a curve, and one of the part around the answer where that shows more; none without runs. */
function chartsOf(capacity: Capacity, curve: Curve): DotChart[] {
  const runs = capacity.steps.flatMap((step): Run[] => {
    const reading = curve.read(step);
    return reading === null ? [] : [{ ...reading, step }];
  });
  if (runs.length === 0) return [];
  const chart = chartOf(capacity, curve, runs, curve.isWide ? 320 : 240);
  const answer = confirmedValue(capacity);
  const near = runs.filter(
    ({ step }) => answer !== null && step.value >= answer * NEAR.from && step.value <= answer * NEAR.to,
  );
  const isNew = near.length < runs.length && new Set(near.map(({ step }) => step.value)).size >= 3;
  if (!curve.isWide || !isNew) return [chart];
  const around = {
    ...curve,
    title: `${curve.title}, near the answer`,
    note: 'Runs that bisected and confirmed.',
    isWide: false,
  };
  return [chart, chartOf(capacity, around, near, 240)];
}

/** One curve for each objective of the user. */
function objectiveCurves({ design, steps }: Capacity): Curve[] {
  const figures = steps.find((step) => step.figures.length > 0)?.figures ?? [];
  return figures
    .filter(({ expression }) => design.objectives.includes(expression))
    .map(({ expression, metric, unit, limit }) => {
      const ofStep = (step: CapacityStep) => step.figures.find((figure) => figure.expression === expression);
      const isBounded = steps.some((step) => (ofStep(step)?.upper ?? null) !== null);
      return {
        title: `${metric} by ${design.vary}`,
        note: `One point per run.${isBounded ? ' Bars are the bounds of the quantile; a run passes when its upper bound meets the objective.' : ''} The line joins the medians of runs within 5 % of each other.`,
        kind: unit,
        read: (step) => {
          const figure = ofStep(step);
          if (figure === undefined || figure.value === null) return null;
          return { y: figure.value, low: figure.lower, high: figure.upper };
        },
        limit: { y: limit, text: expression },
        isWide: true,
      };
    });
}

function cpuCurve({ design }: Capacity): Curve {
  const { value, meaning } = FIGURES.server_cpu;
  return {
    title: `Server CPU by ${design.vary}`,
    note: `${meaning}.`,
    kind: 'share',
    read: ({ result }) => {
      const y = result === null ? null : value(result);
      return y === null ? null : { y, low: null, high: null };
    },
    limit: null,
    isWide: false,
  };
}

/** Every objective over the parameter of the search, as a whole and near the answer, then the server's CPU. */
export function capacityCharts(capacity: Capacity): DotChart[] {
  return [...objectiveCurves(capacity), cpuCurve(capacity)].flatMap((curve) => chartsOf(capacity, curve));
}
