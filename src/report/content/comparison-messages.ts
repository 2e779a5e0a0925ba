import type { Comparison } from '../../result/comparison.ts';
import type { Finding } from '../../result/run-result.ts';
import { brieflyAll, isCut, linesOf } from './brief.ts';

/** Messages that stand only in part elsewhere, such as those with the last lines of a server, line by line. */
export function wholeMessages({ judgement, notes }: Comparison): string[][] {
  const cutNotes = notes.filter(({ message }) => isCut(message));
  const findings = judgement.heads.flatMap(({ invalid, excluded }): Finding[] => {
    const messages = invalid.map(({ message }) => message);
    const isTold = !messages.some(isCut) && !/and \d+ more$/.test(brieflyAll(messages));
    const reasons = excluded.flatMap(({ reasons }) => reasons).filter(({ message }) => isCut(message));
    return [...(isTold ? [] : invalid), ...reasons];
  });
  const messages = [...new Set([...findings, ...cutNotes].map(({ message }) => message))];
  return messages
    .filter((message) => !messages.some((other) => other !== message && other.includes(message)))
    .map(linesOf);
}

export const WHOLE_TITLE = 'Messages in full';
