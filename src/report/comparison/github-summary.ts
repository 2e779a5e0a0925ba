import type { Comparison } from '../../result/comparison.ts';
import { formatPercent } from '../../units.ts';
import { renderComparisonMarkdown } from './markdown.ts';
import { comparisonTone } from './tone.ts';

/** GitHub refuses summaries of 1 MiB; a step may hold others beside this one. */
const MOST_BYTES = 512 * 1024;

const MARKS = { good: '✅', warning: '⚠️', bad: '❌' } as const;

const CUT = '*Cut here: GitHub shows no more. All of it is in the other reports.*';

function howToRead({ design }: Comparison): string[] {
  const alike = design.command === 'gate' ? 'Equal builds' : 'Equal arms';
  return [
    '### How to read this',
    '',
    '- Base and head took turns, round by round, each with fresh processes. The ratio is head over base.',
    '- The interval is what the rounds leave possible for it. **REGRESSED**: all of that is more than is tolerated. **OK**: none of it is. **IMPROVED**: all of it is better by as much. **INCONCLUSIVE**: some is more and some is not. **INVALID**: the runs cannot be believed, whatever they show.',
    `- ${alike} are called REGRESSED in at most ${formatPercent(design.alpha)} of comparisons.`,
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
  const report = `${MARKS[comparisonTone(comparison)]} ${renderComparisonMarkdown(comparison)}`;
  return `${cutToFit([...report.trimEnd().split('\n'), '', ...howToRead(comparison)]).join('\n')}\n`;
}
