import type { Comparison, PairOutcome } from '../../result/comparison.ts';
import { stripLines } from '../render/strip.ts';
import { factLines, tableLines } from '../render/text-lines.ts';
import { designFacts, excludedTexts, machineFacts, pairTitle, rankingTexts } from './comparison-facts.ts';
import { WHOLE_TITLE, wholeMessages } from './comparison-messages.ts';
import { metricNotes, metricTables } from './comparison-metric-table.ts';
import { remarkTexts, verdictSentence } from './comparison-words.ts';

const RULE = '- told, not judged by:';

/** A title and what belongs to it, with an empty line before; nothing when there is nothing. */
function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

const listedLines = (texts: readonly string[]) => texts.map((text) => `- ${text}`);

/** Both tables of metrics as one, so that their columns agree. */
function metricLines(comparison: Comparison, pair: PairOutcome): string[] {
  const { gating, told } = metricTables(comparison, pair);
  const [titles = '', ...rows] = tableLines({ ...gating, rows: [...gating.rows, ...told.rows] });
  const judged = rows.slice(0, gating.rows.length);
  const rest = rows.slice(gating.rows.length);
  return [titles, ...judged, ...(rest.length === 0 ? [] : [RULE, ...rest])];
}

function pairLines(comparison: Comparison, pair: PairOutcome): string[] {
  return [
    ...block(pairTitle(comparison, pair), metricLines(comparison, pair)),
    ...listedLines(metricNotes(comparison, pair)),
    ...block('ratio of each round', stripLines(pair)),
    ...block('excluded', listedLines(excludedTexts(comparison, pair))),
  ];
}

/** For a terminal: what was found, by how much, how sure and what to do; then every metric, round by round. */
export function renderComparisonText(comparison: Comparison): string {
  const lines = [
    verdictSentence(comparison),
    ...remarkTexts(comparison),
    ...wholeMessages(comparison).flatMap((lines) =>
      block(
        WHOLE_TITLE.toLowerCase(),
        lines.map((line) => `  ${line}`),
      ),
    ),
    ...comparison.judgement.heads.flatMap((pair) => pairLines(comparison, pair)),
    ...block('ranking', listedLines(rankingTexts(comparison))),
    ...block('design', factLines(designFacts(comparison))),
    ...block('environment', factLines(machineFacts(comparison))),
  ];
  return `${lines.join('\n')}\n`;
}
