import type { Capacity } from '../../result/capacity.ts';
import { plural } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';
import { EMPTY_ENDING, type Ending } from '../ending.ts';
import {
  answerSeverity,
  answerText,
  capacityAdvice,
  firstResult,
  searchFacts,
  serverName,
} from './capacity-verdict.ts';

/** The facts of a search that stand at its end; the report has all. */
const SHOWN_FACTS: readonly string[] = ['objective', 'confirmed', 'failed', 'inconclusive', 'range'];

/** The end of a capacity search: what confirmed and what limited the answer, and the answer. */
export function capacityEnding(capacity: Capacity): Ending {
  const { steps, durationMs, notes } = capacity;
  const scenario = firstResult(capacity)?.plan.scenario ?? 'capacity';
  return {
    ...EMPTY_ENDING,
    subject: `${scenario} on ${serverName(capacity)}, ${plural(steps.length, 'run')} in ${formatDurationMs(durationMs)}`,
    facts: searchFacts(capacity).filter(([name]) => SHOWN_FACTS.includes(name)),
    caveats: notes.map(({ message }) => message),
    advice: capacityAdvice(capacity),
    severity: answerSeverity(capacity),
    conclusion: [answerText(capacity)],
  };
}
