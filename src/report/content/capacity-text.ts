import type { Capacity } from '../../result/capacity.ts';
import { plain } from '../plain.ts';
import { tableLines } from '../render/text-lines.ts';
import { stepsTable } from './capacity-steps.ts';
import { adviceTexts, answerText, designText, firstResult } from './capacity-words.ts';
import { loadText } from './run-facts.ts';

/** For a terminal: the answer, what to do next, and one row for each run. */
export function renderCapacityText(capacity: Capacity): string {
  const result = firstResult(capacity);
  const lines = [
    answerText(capacity),
    ...adviceTexts(capacity),
    designText(capacity),
    ...(result === null ? [] : [`the first run: ${loadText(result)}`]),
    ...capacity.notes.map(({ message }) => `note: ${plain(message)}`),
    '',
    ...tableLines(stepsTable(capacity)),
  ];
  return `${lines.join('\n')}\n`;
}
