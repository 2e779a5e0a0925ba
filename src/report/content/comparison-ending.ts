import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { type Effects, gatingEffects } from '../../result/effects.ts';
import { list, plural } from '../../text.ts';
import type { Fact } from '../blocks.ts';
import { EMPTY_ENDING, type Ending } from '../ending.ts';
import { armsSentence, confidenceText, metricLabel, pairConclusion } from './comparison-conclusion.ts';
import {
  effectsConclusion,
  effectsNotes,
  effectsTable,
  excludedRoundsText,
  factorsText,
  faultTexts,
} from './comparison-effects.ts';
import {
  armName,
  baseName,
  gatingOf,
  gradeOf,
  intervalText,
  pairCells,
  pairValues,
  quotientNote,
  ratioTexts,
  unitOfMetric,
} from './comparison-metrics.ts';
import { adviceFor, limitTexts, rankingTexts } from './comparison-notes.ts';
import { boundsNote } from './comparison-values.ts';
import { comparisonSeverity } from './comparison-verdict.ts';
import { thresholdsClause } from './run-ending.ts';
import { profileText } from './run-facts.ts';
import { type Heading, headingText, NO_VALUE, type Table } from './table.ts';

function endingHeading(title: string, numeric: boolean, unit: string | null = null): Heading {
  return { title, unit, meaning: '', numeric, isProse: false };
}

/** The confidence that all intervals share; null where they differ. */
function sharedConfidence(metrics: readonly MetricOutcome[]): string | null {
  const levels = new Set(metrics.filter((metric) => intervalText(metric) !== null).map(confidenceText));
  return levels.size === 1 ? ([...levels][0] ?? null) : null;
}

function intervalCell(metric: MetricOutcome, shared: string | null): string {
  const text = intervalText(metric);
  if (text === null) return NO_VALUE;
  return shared === null ? `${text} (${confidenceText(metric)})` : text;
}

const intervalTitle = (shared: string | null) => (shared === null ? 'CI' : `${shared} CI`);

/** A count that is zero in both arms. */
const isNothing = ({ kind, points }: MetricOutcome) =>
  kind === 'exact' && points.length > 0 && points.every(({ base, head }) => base === 0 && head === 0);

/** Two arms: one row for each gating metric, whose unit stands in its name. */
function pairTable(comparison: Comparison, pair: PairOutcome): Table {
  const metrics = gatingOf(pair).filter((metric) => !isNothing(metric));
  const shared = sharedConfidence(metrics);
  return {
    headings: [
      endingHeading('metric', false),
      endingHeading(baseName(comparison), true),
      endingHeading(armName(comparison, pair.head), true),
      endingHeading('ratio', true),
      endingHeading(intervalTitle(shared), false),
      endingHeading('verdict', false),
    ],
    rows: metrics.map((metric) => {
      const unit = unitOfMetric(metric);
      const { base, head } = pairCells(metric, unit);
      return [
        headingText({ title: metricLabel(metric), unit: unit.name }),
        base,
        head,
        ratioTexts(metric).ratio ?? NO_VALUE,
        intervalCell(metric, shared),
        gradeOf(comparison, pair, metric),
      ];
    }),
  };
}

/** Three arms or more: one row for each arm, by the first gating metric, the best first. */
export function armsTable(comparison: Comparison): Table | null {
  const { heads } = comparison.judgement;
  const firsts = heads.map((pair) => gatingOf(pair).find(({ ratio }) => ratio !== null) ?? null);
  const known = firsts.filter((metric) => metric !== null);
  const [first] = known;
  if (first === undefined) return null;
  const shared = sharedConfidence(known);
  const values = known.flatMap((metric) => Object.values(pairValues(metric)));
  const unit = unitOfMetric(first, values);
  const title = headingText({ title: metricLabel(first), unit: unit.name });
  return {
    headings: [
      endingHeading('arm', false),
      endingHeading(title, true),
      endingHeading(`ratio to ${baseName(comparison)}`, true),
      endingHeading(intervalTitle(shared), false),
      endingHeading('verdict', false),
    ],
    rows: inOrderOfRanks(comparison, [
      [baseName(comparison), pairCells(first, unit).base, NO_VALUE, NO_VALUE, NO_VALUE],
      ...heads.map((pair, index) => {
        const metric = firsts[index];
        const name = armName(comparison, pair.head);
        if (metric === null || metric === undefined)
          return [name, NO_VALUE, NO_VALUE, NO_VALUE, pair.verdict];
        return [
          name,
          pairCells(metric, unit).head,
          ratioTexts(metric).ratio ?? NO_VALUE,
          intervalCell(metric, shared),
          pair.verdict,
        ];
      }),
    ]),
  };
}

/** Puts a value of each arm in the order of the ranking, the best first; in that of the arms without a ranking. */
function inOrderOfRanks<T>({ judgement }: Comparison, ofArms: readonly T[]): T[] {
  const places = judgement.ranking?.places ?? [];
  if (places.length !== ofArms.length) return [...ofArms];
  return places.flatMap(({ arm }) => ofArms.slice(arm, arm + 1));
}

/** `ws vs socketio, broadcast-latency, 100 clients, 50/s for 10s, 15 rounds` */
function subjectOf(comparison: Comparison): string {
  const { design, judgement } = comparison;
  const names = design.arms.map((_, arm) => armName(comparison, arm));
  const plans = design.arms.map(({ plan }) => plan);
  const agreed = (texts: readonly string[]) => (new Set(texts).size === 1 ? [texts[0] ?? ''] : []);
  return [
    design.factors.length > 1
      ? factorsText(comparison)
      : names.length === 2
        ? names.join(' vs ')
        : list(names),
    ...agreed(plans.map(({ scenario }) => scenario)),
    ...agreed(plans.map(({ clients }) => plural(clients, 'client'))),
    ...agreed(plans.map(({ profile }) => profileText(profile))),
    plural(judgement.rounds, 'round'),
  ].join(', ');
}

function pairFacts(comparison: Comparison): Fact[] {
  const { heads } = comparison.judgement;
  const nothing = heads.length === 1 ? heads.flatMap(gatingOf).filter(isNothing).map(metricLabel) : [];
  const excluded = heads.flatMap((pair) =>
    pair.excluded.length === 0
      ? []
      : [
          `${pair.excluded.length} of ${plural(pair.excluded.length + pair.pairs, 'pair')} of ${armName(comparison, pair.head)}`,
        ],
  );
  return [
    ...(nothing.length === 0 ? [] : [['none in any arm', nothing.join(', ')] as const]),
    ...(excluded.length === 0 ? [] : [['excluded', excluded.join(', ')] as const]),
  ];
}

/** The parts of an ending that all comparisons have. */
function commonEnding(comparison: Comparison) {
  const { thresholds, judgement } = comparison;
  return {
    ...EMPTY_ENDING,
    subject: subjectOf(comparison),
    thresholds: thresholds.map(({ arm, passed, expression, detail }) => {
      const name = judgement.heads.length === 1 ? '' : `${armName(comparison, arm)}: `;
      return { passed, text: `${name}${expression}: ${detail}` };
    }),
    advice: adviceFor(comparison),
    severity: comparisonSeverity(comparison),
  };
}

/** The end of a comparison over factors: the effects on the first gating metric. */
function effectsEnding(comparison: Comparison, effects: Effects): Ending {
  const { judgement, thresholds, status } = comparison;
  const [metric] = gatingEffects(effects);
  const excluded = excludedRoundsText(comparison, effects);
  const [first = '', ...others] = effectsConclusion(comparison, effects);
  const partial = status === 'partial' ? 'PARTIAL, ' : '';
  const isKnown = judgement.verdict !== 'INVALID' && metric !== undefined;
  return {
    ...commonEnding(comparison),
    table: isKnown ? effectsTable(comparison, effects, metric, `effect on ${metricLabel(metric)}`) : null,
    notes: isKnown ? effectsNotes(comparison, effects) : [],
    facts: excluded === null ? [] : [['excluded', excluded]],
    caveats: [...limitTexts(comparison), ...faultTexts(comparison)],
    conclusion: [`${partial}${first}${thresholdsClause(thresholds)}`, ...others],
  };
}

/** The end of a comparison or a gate: one small table, what limits it, and the difference in a sentence. */
export function comparisonEnding(comparison: Comparison): Ending {
  const { judgement, thresholds, status } = comparison;
  const { heads, effects } = judgement;
  if (effects !== null) return effectsEnding(comparison, effects);
  const [only] = heads;
  const isAlone = only !== undefined && heads.length === 1;
  const table = isAlone ? pairTable(comparison, only) : armsTable(comparison);
  const isKnown = judgement.verdict !== 'INVALID';
  const partial = status === 'partial' ? 'PARTIAL, ' : '';
  const sentence = isAlone ? pairConclusion(comparison, only) : armsSentence(comparison);
  const conclusion = `${partial}${sentence || judgement.verdict}${thresholdsClause(thresholds)}`;
  const unknown = (verdict: PairOutcome['verdict']) =>
    isAlone
      ? []
      : heads.filter((pair) => pair.verdict === verdict).map((pair) => pairConclusion(comparison, pair));
  const alike = rankingTexts(comparison).filter(
    (text) => text.endsWith('do not differ significantly') || text.startsWith('sorted by estimates'),
  );
  return {
    ...commonEnding(comparison),
    table: isKnown || heads.some(({ verdict }) => verdict !== 'INVALID') ? table : null,
    notes: [...boundsNote(heads.flatMap(gatingOf)), ...quotientNote(heads.flatMap(gatingOf)), ...alike],
    facts: pairFacts(comparison),
    caveats: [...limitTexts(comparison), ...unknown('INCONCLUSIVE')],
    reasons: unknown('INVALID'),
    conclusion: [conclusion],
  };
}
