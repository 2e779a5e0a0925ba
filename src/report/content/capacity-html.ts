import type { Capacity } from '../../result/capacity.ts';
import { htmlDocument } from '../render/page/document.ts';
import { chartGroupHtml } from '../render/page/lines.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { detailsHtml, headerHtml } from '../render/page/parts.ts';
import { factsHtml, notesHtml, tableHtml } from '../render/page/tables.ts';
import { capacityCharts } from './capacity-charts.ts';
import { explainedStepsTable } from './capacity-steps.ts';
import {
  adviceTexts,
  answerSeverity,
  answerText,
  designText,
  firstResult,
  whatText,
} from './capacity-words.ts';
import { environmentFacts, loadText, planFacts } from './run-facts.ts';

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
export function renderCapacityHtml(capacity: Capacity): string {
  const result = firstResult(capacity);
  const what = `${result?.plan.scenario ?? 'capacity'} on ${whatText(capacity)}`;
  const body = [
    answerHtml(capacity),
    '<section>',
    `<h2>${escapeHtml(`Capacity: ${what}`)}</h2>`,
    result === null ? '' : `<p class="load">The first run: ${escapeHtml(loadText(result))}</p>`,
    chartGroupHtml({ form: 'dots', charts: capacityCharts(capacity) }),
    `<div class="steps">${tableHtml('Every run, in order', explainedStepsTable(capacity))}</div>`,
    notesHtml([designText(capacity)]),
    firstRunHtml(capacity),
    '</section>',
    `<footer>Measured ${escapeHtml(capacity.startedAt.slice(0, 10))} with sockbench ${escapeHtml(capacity.tool.version)}. Latency is measured from the intended send time.</footer>`,
  ].join('\n');
  return htmlDocument({ title: `capacity: ${what} - sockbench`, body });
}
