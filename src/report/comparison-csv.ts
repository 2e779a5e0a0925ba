import type { Comparison, MetricOutcome, Verdict } from '../result/comparison.ts';
import { ciView } from './ci/view.ts';
import { effectSides } from './content/comparison-effects.ts';
import { gradeOf, pairBounds, pairValues } from './content/comparison-metrics.ts';
import { CSV_UNITS, type CsvColumn, csvTable, METRIC_UNIT_TEXTS } from './csv.ts';

/** A row of a comparison: what is compared, and the result. A field without a meaning in the row is null. */
interface OutcomeRow {
  readonly comparison: Comparison;
  readonly scenario: string;
  /** `arm`: a head vs the base; `main effect` and `interaction` of factors. */
  readonly contrast: 'arm' | 'main effect' | 'interaction';
  readonly base: string;
  readonly head: string;
  readonly metric: Pick<MetricOutcome, 'metric' | 'gating' | 'ratio' | 'lower' | 'upper'>;
  /** Of both values. */
  readonly unit: MetricOutcome['unit'];
  readonly baseValue: number | null;
  readonly headValue: number | null;
  readonly pairs: number;
  /** Null for effects, which are not judged. */
  readonly judged: { readonly verdict: Verdict; readonly outcome: MetricOutcome } | null;
}

const textColumn = (id: string, value: (row: OutcomeRow) => string | null): CsvColumn<OutcomeRow> => ({
  id,
  kind: 'text',
  value,
});
const plainNumber = (id: string, pick: (row: OutcomeRow) => number | null): CsvColumn<OutcomeRow> => ({
  id,
  kind: 'average',
  value: pick,
});
/** A value in the unit of its row. */
const inUnit = (id: string, pick: (row: OutcomeRow) => number | null) =>
  plainNumber(id, (row) => {
    const value = pick(row);
    return value === null ? null : value / CSV_UNITS[row.unit][1];
  });
const ofOutcome = (pick: (outcome: MetricOutcome) => number | null) => (row: OutcomeRow) =>
  row.judged === null ? null : pick(row.judged.outcome);

const OUTCOME_COLUMNS: ReadonlyArray<CsvColumn<OutcomeRow>> = [
  textColumn('scenario', ({ scenario }) => scenario),
  textColumn('contrast', ({ contrast }) => contrast),
  textColumn('base', ({ base }) => base),
  textColumn('head', ({ head }) => head),
  textColumn('metric', ({ metric }) => metric.metric),
  textColumn('unit', ({ unit }) => METRIC_UNIT_TEXTS[unit]),
  textColumn('gating', ({ metric }) => String(metric.gating)),
  textColumn('verdict', ({ judged }) => judged?.verdict ?? null),
  inUnit('base_value', ({ baseValue }) => baseValue),
  inUnit('head_value', ({ headValue }) => headValue),
  // What tables show: medians over the rounds, with their 95 % intervals.
  ...(['base', 'head'] as const).flatMap((side) => [
    inUnit(
      `${side}_median`,
      ofOutcome((outcome) => pairValues(outcome)[side]),
    ),
    inUnit(
      `${side}_low`,
      ofOutcome((outcome) => pairBounds(outcome)[side].lower),
    ),
    inUnit(
      `${side}_high`,
      ofOutcome((outcome) => pairBounds(outcome)[side].upper),
    ),
  ]),
  plainNumber('ratio', ({ metric }) => metric.ratio),
  plainNumber('ratio_lower', ({ metric }) => metric.lower),
  plainNumber('ratio_upper', ({ metric }) => metric.upper),
  inUnit(
    'difference',
    ofOutcome(({ difference }) => difference),
  ),
  plainNumber(
    'tolerated_ratio',
    ofOutcome(({ delta }) => delta),
  ),
  inUnit(
    'tolerated_difference',
    ofOutcome(({ floor }) => floor),
  ),
  plainNumber(
    'detectable_ratio',
    ofOutcome(({ detectable }) => detectable),
  ),
  plainNumber(
    'p_regressed',
    ofOutcome(({ pRegressed }) => pRegressed),
  ),
  plainNumber(
    'p_improved',
    ofOutcome(({ pImproved }) => pImproved),
  ),
  plainNumber('pairs', ({ pairs }) => pairs),
  textColumn('because', ({ judged }) => judged?.outcome.because ?? null),
  textColumn('started_at', ({ comparison }) => comparison.startedAt),
];

/** One row per head and metric. */
function armRows(comparison: Comparison): OutcomeRow[] {
  return ciView(comparison).pairs.flatMap(({ pair, scenario, base, head }) =>
    pair.metrics.map((metric): OutcomeRow => {
      const judged = { verdict: gradeOf(comparison, pair, metric), outcome: metric };
      const values = { unit: metric.unit, baseValue: metric.base, headValue: metric.head };
      const { pairs } = pair;
      return { comparison, scenario, contrast: 'arm', base, head, metric, ...values, pairs, judged };
    }),
  );
}

/** One row per effect and metric: its levels stand for the arms. The values of an interaction are ratios. */
function effectRows(comparison: Comparison): OutcomeRow[] {
  const { effects } = comparison.judgement;
  if (effects === null) return [];
  const { scenario } = ciView(comparison);
  return effects.metrics.flatMap(({ effects: all, ...metric }) =>
    all.map((effect): OutcomeRow => {
      const isMain = effect.factors.length === 1;
      const [base, head] = effectSides(comparison, effect);
      return {
        ...{ comparison, scenario, contrast: isMain ? 'main effect' : 'interaction', base, head },
        metric: { ...metric, ...effect },
        unit: isMain ? metric.unit : 'share',
        baseValue: effect.from,
        headValue: effect.to,
        pairs: effects.rounds,
        judged: null,
      };
    }),
  );
}

/** Renders one row per head and metric, then per effect and metric. `unit` is that of the values; ratios are head over base. */
export function renderComparisonCsv(comparison: Comparison): string {
  return csvTable(OUTCOME_COLUMNS, [...armRows(comparison), ...effectRows(comparison)]);
}
