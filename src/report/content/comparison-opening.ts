import type { Comparison } from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import { list, pastedCommand } from '../../text.ts';
import { formatDurationMs, formatMinute } from '../../units.ts';
import type { Block } from '../blocks.ts';
import { briefly } from '../plain.ts';
import { armsSentence, pairConclusion } from './comparison-conclusion.ts';
import { effectsConclusion, excludedRoundsText, factorsText } from './comparison-effects.ts';
import { agreed, firstResults } from './comparison-facts.ts';
import { armName, baseName } from './comparison-metrics.ts';
import { adviceFor, comparisonNotes, limitTexts, noteTexts } from './comparison-notes.ts';
import { comparisonSeverity, pairSentence, verdictWord } from './comparison-verdict.ts';
import { loadText } from './run-facts.ts';
import { versionsText } from './run-opening.ts';
import { thresholdText } from './run-verdict.ts';

/** The conclusion without the verdict before it. */
function conclusionText(comparison: Comparison): string {
  const { verdict, heads, effects } = comparison.judgement;
  if (effects !== null) {
    const [first = ''] = effectsConclusion(comparison, effects);
    return first.replace(new RegExp(`^${verdict}:? `), '');
  }
  const [only] = heads;
  if (only === undefined || heads.length > 1) return armsSentence(comparison);
  return pairConclusion(comparison, only).replace(new RegExp(`^${verdict}:? `), '');
}

/** What limits the use of the comparison: an early end, notes, overloaded servers, a stored base, excluded pairs. */
function caveatTexts(comparison: Comparison): string[] {
  const early = comparison.status === 'partial' ? ['the comparison ended early'] : [];
  const { effects } = comparison.judgement;
  if (effects !== null) {
    const rounds = excludedRoundsText(comparison, effects);
    return [...early, ...limitTexts(comparison), ...(rounds === null ? [] : [`excluded: ${rounds}`])];
  }
  const excluded = comparison.judgement.heads.flatMap(({ head, excluded: pairs }) =>
    pairs.length === 0
      ? []
      : [
          `${armName(comparison, head)}: ${pairs.length} of ${comparison.judgement.rounds} pairs are excluded`,
        ],
  );
  return [...early, ...limitTexts(comparison), ...excluded];
}

/** The load of every arm; of combinations that differ in it, that of the first. */
function loadOfArms(comparison: Comparison, firsts: ReadonlyArray<RunResult | null>): string {
  const loads = firsts.map((result) => (result === null ? null : loadText(result)));
  const known = loads.filter((load) => load !== null);
  if (comparison.judgement.effects === null || new Set(known).size < 2) return agreed(comparison, loads);
  return `${known[0]}, of ${baseName(comparison)}`;
}

/** The top of the page of a comparison. */
export function comparisonOpening(comparison: Comparison): Block {
  const { design, rounds, thresholds, judgement, startedAt, durationMs } = comparison;
  const firsts = firstResults(comparison);
  const results = firsts.filter((result): result is RunResult => result !== null);
  const caveats = caveatTexts(comparison);
  const shown = new Set([
    ...noteTexts(comparison),
    ...adviceFor(comparison),
    ...judgement.heads.map((pair) => pairSentence(comparison, pair)),
  ]);
  const outcomes = new Set(thresholds.map(thresholdText));
  const names = design.arms.map((_, arm) => armName(comparison, arm));
  return {
    kind: 'opening',
    severity: comparisonSeverity(comparison),
    word: verdictWord(comparison),
    conclusion: briefly(conclusionText(comparison)) || 'nothing was compared',
    caveats,
    thresholds: thresholds.map((threshold) => {
      const name = judgement.heads.length === 1 ? '' : `${armName(comparison, threshold.arm)}: `;
      return { passed: threshold.passed, text: `${name}${thresholdText(threshold)}` };
    }),
    notes: [
      ...(judgement.effects === null ? [] : effectsConclusion(comparison, judgement.effects).slice(1)),
      ...(judgement.heads.length === 1 || judgement.effects !== null
        ? []
        : judgement.heads.map((pair) => pairConclusion(comparison, pair))),
      ...comparisonNotes(comparison).filter(
        (note) => !shown.has(note) && ![...outcomes].some((outcome) => note.endsWith(outcome)),
      ),
    ],
    tested: [
      ['scenario', list(new Set(design.arms.map(({ plan }) => plan.scenario)))],
      judgement.effects === null ? ['arms', list(names)] : ['factors', factorsText(comparison)],
      ['load', loadOfArms(comparison, firsts)],
      ['rounds', `${rounds.length}, ${judgement.rounds} judged, in ${formatDurationMs(durationMs)}`],
      ['versions', results.length === 0 ? '-' : versionsText(results)],
      ['measured', `${formatMinute(startedAt)} UTC`],
    ],
    command: pastedCommand(comparison.commandLine),
    blocks: [],
    appendix: [],
  };
}
