import type { Capacity, CapacityStep } from '../../result/capacity.ts';
import { FIGURES } from '../../result/metrics.ts';
import { CURVE_STYLE, type Curve, type CurvePoint, curveHtml, pointText } from '../render/curve.ts';
import { htmlDocument, type PageAssets } from '../render/page/document.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { detailsHtml, headerHtml } from '../render/page/parts.ts';
import { factsHtml, notesHtml, tableHtml } from '../render/page/tables.ts';
import { explainedStepsTable, OUTCOME_WORDS } from './capacity-steps.ts';
import {
  adviceTexts,
  answerSeverity,
  answerText,
  designText,
  firstResult,
  reasonsText,
  valueText,
  whatText,
} from './capacity-words.ts';
import { environmentFacts, loadText, planFacts } from './run-facts.ts';
import type { Kind } from './table.ts';

/** One figure of a step with its bounds; null where the step has none. */
type Reading = { readonly y: number; readonly low: number | null; readonly high: number | null } | null;

function pointsOf(
  { design, steps }: Capacity,
  kind: Kind,
  read: (step: CapacityStep) => Reading,
): CurvePoint[] {
  return steps.flatMap((step) => {
    const reading = read(step);
    if (reading === null) return [];
    const { y, low, high } = reading;
    const why = step.reasons.length === 0 ? '' : `: ${reasonsText(step)}`;
    const figure = pointText(kind, y, low, high);
    const text = `${valueText(design.vary, step.value)} (${step.phase}): ${figure}, ${OUTCOME_WORDS[step.outcome]}${why}`;
    return [{ x: step.value, y, low, high, outcome: step.outcome, text }];
  });
}

/** What all curves of a search have in common. */
function commonParts({ design, answer }: Capacity): Pick<Curve, 'xTitle' | 'answer'> {
  const isConfirmed = answer.kind === 'found' || answer.kind === 'at_least';
  return {
    xTitle: `${design.vary === 'rate' ? 'messages/s' : 'clients'} (logarithmic)`,
    answer:
      isConfirmed && answer.value !== null
        ? { x: answer.value, text: `takes ${valueText(design.vary, answer.value)}` }
        : null,
  };
}

/** One curve for each objective of the user's. */
function objectiveCurves(capacity: Capacity): Curve[] {
  const figures = capacity.steps.find((step) => step.figures.length > 0)?.figures ?? [];
  return figures
    .filter(({ expression }) => capacity.design.objectives.includes(expression))
    .map(({ expression, metric, unit, limit }) => {
      const points = pointsOf(capacity, unit, (step) => {
        const figure = step.figures.find((each) => each.expression === expression);
        if (figure === undefined || figure.value === null) return null;
        return { y: figure.value, low: figure.lower, high: figure.upper };
      });
      const isBounded = points.some(({ high }) => high !== null);
      return {
        ...commonParts(capacity),
        title: `${metric} against ${capacity.design.vary}`,
        note: `Every run is a point${isBounded ? '; the bars are bounds of the true quantile, and a run passes when the upper one does' : ''}. The line goes through the middle of the runs within 5 % of each other.`,
        kind: unit,
        points,
        limit: { y: limit, text: expression },
        heightPx: 380,
        isWide: true,
      };
    });
}

/** From so much of the answer to so much more lie the runs that bisected and confirmed. */
const NEAR = { from: 0.75, to: 1.35 } as const;

/** The same near the answer, where the runs crowd; null where it would show nothing new. */
function nearCurve(curve: Curve): Curve | null {
  const { answer, points } = curve;
  if (answer === null) return null;
  const near = points.filter(({ x }) => x >= answer.x * NEAR.from && x <= answer.x * NEAR.to);
  if (near.length === points.length || new Set(near.map(({ x }) => x)).size < 3) return null;
  return {
    ...curve,
    title: `${curve.title}, near the answer`,
    note: 'The runs that bisected and confirmed.',
    points: near,
    heightPx: 300,
    isWide: false,
  };
}

function cpuCurve(capacity: Capacity): Curve {
  const { value, meaning } = FIGURES.server_cpu;
  const points = pointsOf(capacity, 'share', ({ result }) => {
    const y = result === null ? null : value(result);
    return y === null ? null : { y, low: null, high: null };
  });
  return {
    ...commonParts(capacity),
    title: `Server CPU against ${capacity.design.vary}`,
    note: `${meaning}.`,
    kind: 'share',
    points,
    limit: null,
    heightPx: 300,
    isWide: false,
  };
}

function answerHtml(capacity: Capacity): string {
  const told = [...adviceTexts(capacity), ...capacity.notes.map(({ message }) => message)];
  return headerHtml(answerSeverity(capacity), answerText(capacity), told.map(escapeHtml));
}

function firstRunHtml(capacity: Capacity): string {
  const result = firstResult(capacity);
  if (result === null) return '';
  return detailsHtml('Plan of the first run, and environment', [
    '<div class="pair">',
    factsHtml('Plan', planFacts(result)),
    factsHtml('Environment', environmentFacts(result)),
    '</div>',
  ]);
}

/** One page: the answer, each objective and the server's CPU against what was varied, and every run. */
export function renderCapacityHtml(capacity: Capacity, assets: PageAssets): string {
  const result = firstResult(capacity);
  const what = `${result?.plan.scenario ?? 'capacity'} on ${whatText(capacity)}`;
  const curves = objectiveCurves(capacity);
  const near = curves.map(nearCurve).filter((curve) => curve !== null);
  const body = [
    CURVE_STYLE,
    answerHtml(capacity),
    '<section>',
    `<h2>${escapeHtml(`Capacity: ${what}`)}</h2>`,
    result === null ? '' : `<p class="load">The first run: ${escapeHtml(loadText(result))}</p>`,
    '<div class="charts">',
    ...[...curves, ...near, cpuCurve(capacity)].map(curveHtml),
    '</div>',
    `<div class="steps">${tableHtml('Every run, in order', explainedStepsTable(capacity))}</div>`,
    notesHtml([designText(capacity)]),
    firstRunHtml(capacity),
    '</section>',
    `<footer>Measured ${escapeHtml(capacity.startedAt.slice(0, 10))} with sockbench ${escapeHtml(capacity.tool.version)}. Latency runs from the time a message was meant to be sent, not from when it was.</footer>`,
  ].join('\n');
  return htmlDocument({ title: `capacity: ${what} - sockbench`, body, sections: [] }, assets);
}
