import type { Comparison, PairOutcome } from '../../result/comparison.ts';
import { details, escapeMarkdown, factTable, tableLines } from '../render/markdown-lines.ts';
import { stripLines } from '../render/strip.ts';
import { designFacts, excludedTexts, machineFacts, pairTitle, rankingTexts } from './comparison-facts.ts';
import { WHOLE_TITLE, wholeMessages } from './comparison-messages.ts';
import { metricNotes, metricTables } from './comparison-metric-table.ts';
import { remarkTexts, verdictSentence } from './comparison-words.ts';

/** Points with an empty line before them; nothing for none. */
function points(texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : ['', ...texts.map((text) => `- ${escapeMarkdown(text)}`)];
}

/** Lines that keep their columns. */
function preformatted(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['```text', ...lines.map((line) => line.replaceAll('`', "'")), '```'];
}

function pairLines(comparison: Comparison, pair: PairOutcome): string[] {
  const { gating, told } = metricTables(comparison, pair);
  return [
    '',
    `### ${escapeMarkdown(pairTitle(comparison, pair))}`,
    '',
    ...tableLines(gating),
    ...points(metricNotes(comparison, pair)),
    ...details('Told, not judged by', told.rows.length === 0 ? [] : tableLines(told)),
    ...details('Ratio of each round', preformatted(stripLines(pair))),
    ...details(
      'Spoilt pairs',
      excludedTexts(comparison, pair).map((text) => `- ${escapeMarkdown(text)}`),
    ),
  ];
}

/** For a pull request or a job summary: what was found, by how much, how sure and what to do; then every metric. */
export function renderComparisonMarkdown(comparison: Comparison): string {
  const ranking = rankingTexts(comparison);
  const lines = [
    `**${escapeMarkdown(verdictSentence(comparison))}**`,
    ...points(remarkTexts(comparison)),
    ...details(WHOLE_TITLE, wholeMessages(comparison).flatMap(preformatted)),
    ...comparison.judgement.heads.flatMap((pair) => pairLines(comparison, pair)),
    ...(ranking.length === 0 ? [] : ['', '### Ranking', ...points(ranking)]),
    ...details('Design', factTable(designFacts(comparison))),
    ...details('Environment', factTable(machineFacts(comparison))),
  ];
  return `${lines.join('\n')}\n`;
}
