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
import { confirmedValue, OUTCOME_WORDS, reasonsOfStep, variedText } from './capacity-verdict.ts';
import { chooseUnit, formatValue, type Kind } from './table.ts';

const OUTCOME_MARKS: Readonly<Record<StepOutcome, MarkStyle & { readonly text: string }>> = {
  passed: { shape: 'disc', colour: 'good', hollow: false, text: 'passed' },
  failed: { shape: 'cross', colour: 'bad', hollow: false, text: 'failed' },
  excluded: { shape: 'diamond', colour: 'ink-soft', hollow: true, text: 'excluded' },
};

/** One value of a run in the base unit of its kind, with the bounds that it has. */
interface Run {
  readonly step: CapacityStep;
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** A value of every run over the parameter that was searched. */
interface Curve {
  readonly title: string;
  readonly note: string;
  readonly kind: Kind;
  readonly runs: readonly Run[];
  readonly limit: { readonly y: number; readonly text: string } | null;
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

/** Runs of one value stand side by side. */
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

function chartOf(capacity: Capacity, { title, note, kind, runs, limit }: Curve): DotChart {
  const { vary } = capacity.design;
  const answer = confirmedValue(capacity);
  const values = runs.flatMap(({ y, low, high }) => [y, low, high]).filter((value) => value !== null);
  const shown = limit === null ? values : [...values, limit.y];
  const { name: unit, scale } = chooseUnit(kind, shown);
  const isLogarithmic = needsLogarithm(kind, shown);
  const points = middles(runs).map(([x, y]) => [x, y / scale] as const);
  const panel: Panel = {
    title: '',
    description: `${title}; the table below has every value`,
    heightPx: limit === null ? 240 : 320,
    x: { ...LOGARITHMIC_AXIS, title: `${vary === 'rate' ? 'messages/s' : 'clients'} (logarithmic)` },
    y: isLogarithmic
      ? LOGARITHMIC_AXIS
      : { ...LINEAR_AXIS, range: 'zero', minStep: kind === 'count' ? 1 : 0 },
    dots: dotsOf(capacity, kind, runs, scale),
    links: points
      .slice(1)
      .map((to, index) => ({ from: points[index] ?? to, to, style: 'solid', colour: 'ink-soft' })),
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
    title: `${title}${unit === null ? '' : `, ${unit}`}${isLogarithmic ? ' (logarithmic)' : ''}`,
    note,
    keys: (['passed', 'failed', 'excluded'] as const)
      .filter((each) => present.has(each))
      .map((each) => OUTCOME_MARKS[each]),
    isWide: limit !== null,
    panels: [panel],
  };
}

/** One curve for each objective of the user. */
function objectiveCurves({ design, steps }: Capacity): Curve[] {
  const figures = steps.find((step) => step.figures.length > 0)?.figures ?? [];
  return figures
    .filter(({ expression }) => design.objectives.includes(expression))
    .map(({ expression, metric, unit, limit }) => {
      const runs = steps.flatMap((step): Run[] => {
        const figure = step.figures.find((each) => each.expression === expression);
        if (figure === undefined || figure.value === null) return [];
        return [{ step, y: figure.value, low: figure.lower, high: figure.upper }];
      });
      const bars = runs.some(({ high }) => high !== null)
        ? ' Bars are 95 % intervals; a run passes when the upper end of its interval meets the objective.'
        : '';
      return {
        title: `${metric} by ${design.vary}`,
        note: `One point per run.${bars} The line joins the medians of runs within 5 % of each other.`,
        kind: unit,
        runs,
        limit: { y: limit, text: expression },
      };
    });
}

function cpuCurve({ design, steps }: Capacity): Curve {
  const { value, meaning } = FIGURES.server_cpu;
  const runs = steps.flatMap((step): Run[] => {
    const y = step.result === null ? null : value(step.result);
    return y === null ? [] : [{ step, y, low: null, high: null }];
  });
  return { title: `Server CPU by ${design.vary}`, note: `${meaning}.`, kind: 'share', runs, limit: null };
}

/** Every objective over the parameter of the search, then the server's CPU. */
export function capacityCharts(capacity: Capacity): DotChart[] {
  return [...objectiveCurves(capacity), cpuCurve(capacity)]
    .filter(({ runs }) => runs.length > 0)
    .map((curve) => chartOf(capacity, curve));
}
