import type { RunResult } from '../../result/run-result.ts';
import { plain } from '../plain.ts';
import { numbered, runLabel } from './labels.ts';
import { thresholdText } from './run-facts.ts';
import { verdict } from './run-verdict.ts';

/** What has to be said right after the first line; `label` names the run where there are several. */
export interface Remark {
  readonly label: string | null;
  readonly text: string;
}

/**
 * Of one result, how each threshold came out. Of several, every verdict that is more than `VALID` and every
 * threshold that was not passed.
 */
export function remarks(results: readonly RunResult[]): Remark[] {
  const [only] = results;
  if (only !== undefined && results.length === 1) {
    return only.thresholds.map((outcome) => ({ label: null, text: thresholdText(outcome) }));
  }
  const labels = numbered(results.map(runLabel));
  return results.flatMap((result, index) => {
    const label = plain(labels[index] ?? '');
    const missed = result.thresholds.filter(({ passed }) => passed !== true).map(thresholdText);
    const told = verdict(result) === 'VALID' ? missed : [verdict(result), ...missed];
    return told.map((text) => ({ label, text }));
  });
}

/** `label: text` on one line. */
export function remarkLine({ label, text }: Remark): string {
  return label === null ? text : `${label}: ${text}`;
}
