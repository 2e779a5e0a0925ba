import type { Capacity } from '../../result/capacity.ts';
import { details, escapeMarkdown, factTable, tableLines } from '../render/markdown-lines.ts';
import { explainedStepsTable } from './capacity-steps.ts';
import { adviceTexts, answerText, designText, firstResult } from './capacity-words.ts';
import { environmentFacts, planFacts } from './run-facts.ts';

/** For a pull request or a job summary: the answer, one row for each run, plan and environment of the first. */
export function renderCapacityMarkdown(capacity: Capacity): string {
  const result = firstResult(capacity);
  const told = [
    ...adviceTexts(capacity),
    designText(capacity),
    ...capacity.notes.map(({ message }) => message),
  ];
  const lines = [
    `**${escapeMarkdown(answerText(capacity))}**`,
    '',
    ...told.map((text) => `- ${escapeMarkdown(text)}`),
    '',
    ...tableLines(explainedStepsTable(capacity)),
    ...details('Plan of the first run', result === null ? [] : factTable(planFacts(result))),
    ...details('Environment', result === null ? [] : factTable(environmentFacts(result))),
  ];
  return `${lines.join('\n')}\n`;
}
