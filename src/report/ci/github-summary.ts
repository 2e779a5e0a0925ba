import type { Comparison } from '../../result/comparison.ts';
import { formatPercent } from '../../units.ts';
import { comparisonReport } from '../content/comparison.ts';
import { turnsText } from '../content/comparison-notes.ts';
import { comparisonSeverity } from '../content/comparison-verdict.ts';
import { escapeMarkdown, renderMarkdown } from '../render/markdown.ts';

/** GitHub refuses summaries of 1 MiB; a step may hold others beside this one. */
const MOST_BYTES = 512 * 1024;

const MARKS = { good: '✅', warning: '⚠️', bad: '❌' } as const;

const CUT = '*Cut here: GitHub shows no more. All of it is in the other reports.*';

function howToRead(comparison: Comparison): string[] {
  const { design } = comparison;
  const alike = design.command === 'gate' ? 'Equal builds' : 'Equal arms';
  const alarms = `- ${alike} are called REGRESSED by their ratios in at most ${formatPercent(design.alpha)} of comparisons, and by counts of what should never happen in at most as many more.`;
  const stored =
    '- What changed on the machine since the base was measured is in every ratio; how often that is a false alarm, nobody knows.';
  return [
    '### How to read this',
    '',
    `- ${escapeMarkdown(turnsText(comparison))} The ratio is head over base.`,
    '- The interval is what the rounds leave possible for it. **REGRESSED**: all of that is more than is tolerated. **OK**: none of it is, or the difference is surely within the one that is always tolerated. **IMPROVED**: all of it is better by as much. **INCONCLUSIVE**: some is more and some is not. **INVALID**: the runs cannot be believed, whatever they show.',
    '- Counts of what should never happen have no interval: where the base has none, none is tolerated; what is too rare to tell is INCONCLUSIVE.',
    design.baseline === null ? alarms : stored,
    '- In small letters: told only, not judged by.',
  ];
}

const isFence = (line: string) => line.startsWith('```');

/** What ends the block of code and the part with a fold that a cut went through. */
function closing(kept: readonly string[]): string[] {
  const fence = kept.filter(isFence).length % 2 === 1 ? ['```'] : [];
  const opened = kept.filter((line) => line.startsWith('<details>')).length;
  const closed = kept.filter((line) => line === '</details>').length;
  return [...fence, ...(opened > closed ? ['', '</details>'] : [])];
}

/** As many whole lines as there is room for, and a last one that says so. */
function cutToFit(lines: readonly string[]): string[] {
  const room = MOST_BYTES - Buffer.byteLength([...closing(['<details>', '```']), '', CUT, ''].join('\n'));
  let bytes = 0;
  const end = lines.findIndex((line) => {
    bytes += Buffer.byteLength(line) + 1;
    return bytes > room;
  });
  if (end === -1) return [...lines];
  const kept = lines.slice(0, end);
  return [...kept, ...closing(kept), '', CUT];
}

/** Markdown for $GITHUB_STEP_SUMMARY: the report for a pull request, and how to read it; always below 1 MiB. */
export function renderGithubSummary(comparison: Comparison): string {
  const report = `${MARKS[comparisonSeverity(comparison)]} ${renderMarkdown(comparisonReport(comparison))}`;
  return `${cutToFit([...report.trimEnd().split('\n'), '', ...howToRead(comparison)]).join('\n')}\n`;
}
