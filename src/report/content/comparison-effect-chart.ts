import { foreign } from '../../foreign.ts';
import { type ArmRound, type Comparison, roundsOfArms } from '../../result/comparison.ts';
import type { EffectsOfMetric } from '../../result/effects.ts';
import { median } from '../../result/order-statistics.ts';
import { plural } from '../../text.ts';
import {
  type Axis,
  type Dot,
  type DotChart,
  LINEAR_AXIS,
  type LinkStyle,
  LOGARITHMIC_AXIS,
  type Panel,
} from '../charts.ts';
import { cut } from '../plain.ts';
import { metricLabel } from './comparison-conclusion.ts';
import { levelName } from './comparison-effects.ts';
import { armName, valueText } from './comparison-metrics.ts';
import { chooseUnit, extent } from './table.ts';

const EFFECT_HEIGHT_PX = 260;
/** Of a level at the x axis. */
const MAX_LABEL_CHARACTERS = 16;
const SHAPES = ['disc', 'diamond', 'cross'] as const;

/** Where each factor is in the chart: panels side by side, along the x axis, and as lines in a panel. */
interface Roles {
  readonly panel: number;
  readonly x: number;
  readonly lines: readonly number[];
}

/** The factor with the most levels lies along the x axis, of several the last; the first of the others has the panels. */
function rolesOf({ design: { factors } }: Comparison): Roles {
  const most = Math.max(...factors.map(({ levels }) => levels.length));
  const x = factors.findLastIndex(({ levels }) => levels.length === most);
  const [panel = 0, ...lines] = factors.map((_, factor) => factor).filter((factor) => factor !== x);
  return { panel, x, lines };
}

/** What every panel is drawn from. */
interface EffectPlot {
  readonly comparison: Comparison;
  readonly metric: EffectsOfMetric;
  readonly rounds: readonly ArmRound[];
  readonly roles: Roles;
  /** The names of the lines, in their order; one without a name for two factors. */
  readonly lines: readonly string[];
  readonly scale: number;
  readonly y: Axis;
}

/** The name of the line that an arm is on: its levels of the factors that are neither panel nor x axis. */
function lineNameOf(comparison: Comparison, { lines }: Roles, arm: number): string {
  const levels = comparison.design.arms[arm]?.levels ?? [];
  return lines.map((factor) => levelName(comparison, factor, levels[factor] ?? 0)).join(' ');
}

function markOfLine(line: number) {
  return {
    shape: SHAPES[line % SHAPES.length] ?? 'disc',
    colour: `line-${line % 8}`,
    hollow: false,
  } as const;
}

/** The arms of one line in one panel, in the order of the x axis. */
function armsOn({ comparison, roles, lines }: EffectPlot, level: number, line: number): number[] {
  return comparison.design.arms.flatMap(({ levels }, arm) =>
    levels[roles.panel] === level && lineNameOf(comparison, roles, arm) === lines[line] ? [arm] : [],
  );
}

/** Joins neighbours. */
function linksThrough(ys: readonly number[], style: LinkStyle, colour: string): Panel['links'] {
  return ys
    .slice(1)
    .map((y, index) => ({ from: [index, ys[index] ?? y], to: [index + 1, y], style, colour }));
}

function effectPanel(plot: EffectPlot, level: number): Panel {
  const { comparison, metric, rounds, roles, lines, scale, y } = plot;
  const name = levelName(comparison, roles.panel, level);
  const xFactor = comparison.design.factors[roles.x];
  const drawn = lines.map((_, line) => {
    const arms = armsOn(plot, level, line);
    const medians = arms.map((arm) => median(rounds.map(({ values }) => values[arm] ?? Number.NaN)));
    const dots = arms.map((arm, index): Dot => {
      const value = medians[index] ?? Number.NaN;
      const text = `${armName(comparison, arm)}: ${valueText(metric, value)}, median of ${plural(rounds.length, 'round')}`;
      return { ...markOfLine(line), x: index, y: value / scale, interval: null, shiftPx: 0, text };
    });
    // Rounds of several lines would cover each other.
    const ofRounds = lines.length > 1 ? [] : rounds.map(({ values }) => arms.map((arm) => values[arm] ?? 0));
    return {
      dots,
      links: [
        ...ofRounds.flatMap((values) =>
          linksThrough(
            values.map((value) => value / scale),
            'thin',
            'ink-soft',
          ),
        ),
        ...linksThrough(
          medians.map((value) => value / scale),
          'solid',
          markOfLine(line).colour,
        ),
      ],
    };
  });
  return {
    title: name,
    description: `${metricLabel(metric)} with ${name}; the table has every effect`,
    heightPx: EFFECT_HEIGHT_PX,
    x: {
      ...LINEAR_AXIS,
      title: foreign(xFactor?.name ?? ''),
      range: [-0.4, (xFactor?.levels.length ?? 1) - 0.6],
      labels: (xFactor?.levels ?? []).map((text, at) => ({
        at,
        text: cut(foreign(text), MAX_LABEL_CHARACTERS),
      })),
    },
    y,
    dots: drawn.flatMap(({ dots }) => dots),
    links: drawn.flatMap(({ links }) => links),
    rules: [],
    shaded: null,
  };
}

/**
 * Every combination in small multiples: one panel for each level of a factor, all with the same axes. Different
 * slopes are an interaction. Null where no complete round has a positive value.
 */
export function effectChart(comparison: Comparison, metric: EffectsOfMetric): DotChart | null {
  const rounds = roundsOfArms(comparison.judgement.heads, metric.metric);
  const values = rounds.flatMap((round) => round.values);
  const [min, max] = extent(values) ?? [0, 0];
  if (min <= 0) return null;
  const roles = rolesOf(comparison);
  const lines = [...new Set(comparison.design.arms.map((_, arm) => lineNameOf(comparison, roles, arm)))];
  const { name: unit, scale } = chooseUnit(metric.unit, values);
  const y: Axis = { ...LOGARITHMIC_AXIS, range: [min / scale / 1.15, (max / scale) * 1.15] };
  const plot = { comparison, metric, rounds, roles, lines, scale, y };
  const levels = comparison.design.factors[roles.panel]?.levels ?? [];
  return {
    title: `${metricLabel(metric)}${unit === null ? '' : ` ${unit}`} (logarithmic)`,
    note:
      lines.length > 1
        ? 'Medians of the valid rounds. Different slopes are an interaction.'
        : 'Medians of the valid rounds; each thin line is a round. Different slopes are an interaction.',
    keys: lines.length > 1 ? lines.map((text, line) => ({ ...markOfLine(line), text })) : [],
    isWide: true,
    panels: levels.map((_, level) => effectPanel(plot, level)),
  };
}
