import type { Capacity } from '../result/capacity.ts';
import type { Comparison } from '../result/comparison.ts';
import type { Repeated } from '../result/repeated.ts';
import type { RunResult } from '../result/run-result.ts';
import { plural } from '../text.ts';
import type { Severity } from './blocks.ts';
import { answerSeverity, confirmedValue, variedText } from './content/capacity-verdict.ts';
import { comparisonSeverity, verdictWord } from './content/comparison-verdict.ts';
import { firstStart, repeatedSeverity, validStarts } from './content/repeated-figures.ts';
import { runSeverity } from './content/run-verdict.ts';
import { cut, displayWidth } from './plain.ts';
import { escapeHtml } from './render/page/document.ts';

/** White text on these has a contrast of 4.5:1 or more. */
const BADGE_COLOURS: Readonly<Record<Severity, string>> = {
  good: '#2a7d2e',
  warning: '#8f5b00',
  bad: '#b3261e',
};
const LABEL_COLOUR = '#444c56';

const HEIGHT = 20;
/** The width of a character of 11 px, on average; `textLength` fits the text to it. */
const CHARACTER_WIDTH = 6.6;
const PADDING_WIDTH = 7;
const MAX_CHARACTERS = 40;

function textWidth(text: string): number {
  return Math.round(displayWidth(text) * CHARACTER_WIDTH);
}

/** An SVG of two fields: what was measured, and the verdict in the colour of its severity. */
function badge(label: string, message: string, severity: Severity): string {
  const fields = [
    { text: cut(label, MAX_CHARACTERS), colour: LABEL_COLOUR },
    { text: cut(message, MAX_CHARACTERS), colour: BADGE_COLOURS[severity] },
  ];
  let left = 0;
  const drawn = fields.map(({ text, colour }) => {
    const inner = textWidth(text);
    const width = inner + 2 * PADDING_WIDTH;
    const x = left;
    left += width;
    return [
      `<rect x="${x}" width="${width}" height="${HEIGHT}" fill="${colour}"/>`,
      `<text x="${x + PADDING_WIDTH}" y="14" textLength="${inner}" lengthAdjust="spacingAndGlyphs">${escapeHtml(text)}</text>`,
    ].join('');
  });
  const title = escapeHtml(fields.map(({ text }) => text).join(': '));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left}" height="${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${drawn.join('')}</g>`,
    '</svg>',
    '',
  ].join('\n');
}

/** The scenario where all results have one, otherwise `sockbench`. */
function labelOf(scenarios: readonly string[]): string {
  const [only = 'sockbench', ...others] = new Set(scenarios);
  return others.length === 0 ? only : 'sockbench';
}

export function renderRunBadge(results: readonly RunResult[]): string {
  const severity = runSeverity(results);
  const isInvalid = results.some(({ invalid }) => invalid.length > 0);
  const isFailed = results.some(({ thresholds }) => thresholds.some(({ passed }) => passed === false));
  const message = isInvalid ? 'INVALID' : isFailed ? 'FAILED' : 'VALID';
  return badge(labelOf(results.map(({ plan }) => plan.scenario)), message, isFailed ? 'bad' : severity);
}

export function renderRepeatedBadge(documents: readonly Repeated[]): string {
  const severities = documents.map(repeatedSeverity);
  const severity = (['bad', 'warning'] as const).find((each) => severities.includes(each)) ?? 'good';
  const isInvalid = documents.some(({ invalid }) => invalid.length > 0);
  const isFailed = documents.some(({ thresholds }) => thresholds.some(({ passed }) => passed === false));
  const starts = documents.reduce((sum, each) => sum + validStarts(each), 0);
  const message = isInvalid ? 'INVALID' : `${isFailed ? 'FAILED' : 'VALID'}, ${plural(starts, 'start')}`;
  const scenarios = documents.flatMap((each) => firstStart(each)?.plan.scenario ?? []);
  return badge(labelOf(scenarios), message, severity);
}

export function renderComparisonBadge(comparison: Comparison): string {
  const { judgement, thresholds, design } = comparison;
  const isFailed = judgement.verdict !== 'INVALID' && thresholds.some(({ passed }) => passed === false);
  const word = verdictWord(comparison);
  const message = isFailed ? `${word}, threshold FAILED` : word;
  return badge(
    labelOf(design.arms.map(({ plan }) => plan.scenario)),
    message,
    comparisonSeverity(comparison),
  );
}

export function renderCapacityBadge(capacity: Capacity): string {
  const value = confirmedValue(capacity);
  const { answer, design, steps } = capacity;
  const least = answer.kind === 'at_least' ? 'at least ' : '';
  const message =
    value === null ? answer.kind.replaceAll('_', ' ') : `${least}${variedText(design.vary, value)}`;
  const scenarios = steps.flatMap(({ result }) => (result === null ? [] : [result.plan.scenario]));
  return badge(labelOf(scenarios), message, answerSeverity(capacity));
}
