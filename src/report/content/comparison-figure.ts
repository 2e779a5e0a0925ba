import type { Comparison, MetricOutcome, PairOutcome } from '../../result/comparison.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { type Panel, ratiosPanel, valuesPanel } from '../render/panels.ts';
import { metricSentence } from './comparison-metric-words.ts';
import { armName, baseName } from './comparison-names.ts';
import { roundPoints } from './comparison-points.ts';

function keyHtml(shape: string, colour: number, text: string): string {
  return `<span class="key"><svg class="mark" viewBox="0 0 12 12" aria-hidden="true" style="--mark:var(--line-${colour % 8})">${shape}</svg>${escapeHtml(text)}</span>`;
}

const CIRCLE = '<circle cx="6" cy="6" r="4.5" class="dot"/>';
const HOLLOW = '<circle cx="6" cy="6" r="4.5" class="excluded"/>';
const DIAMOND = '<path d="M6 0L12 6L6 12L0 6Z" class="dot"/>';

function keysHtml({ points, baseName, headName, colour }: Panel): string {
  const keys = [keyHtml(CIRCLE, 0, baseName), keyHtml(DIAMOND, colour, headName)];
  if (points.some(({ isExcluded }) => isExcluded))
    keys.push(keyHtml(HOLLOW, 7, 'hollow: spoilt, counts for nothing'));
  return `<span class="keys">${keys.join(' ')}</span>`;
}

/** Nothing to see in a count that is always zero. */
function isDrawn({ metric, points }: Panel): boolean {
  return points.length > 0 && (metric.kind === 'ratio' || points.some(({ base, head }) => base + head > 0));
}

/** The points of every round of one metric; nothing where there are none. */
export function figureHtml(comparison: Comparison, pair: PairOutcome, metric: MetricOutcome): string {
  const index = pair.metrics.indexOf(metric);
  const panel: Panel = {
    id: `points-${pair.head}-${index}`,
    metric,
    points: roundPoints(comparison, pair, metric),
    baseName: baseName(comparison),
    headName: armName(comparison, pair.head),
    colour: pair.head,
  };
  if (!isDrawn(panel)) return '';
  const ratios = metric.kind === 'ratio' ? ratiosPanel(panel) : null;
  return [
    '<figure class="rounds">',
    `<figcaption><strong>${escapeHtml(metric.metric)}</strong> ${keysHtml(panel)}`,
    `<span class="note">${escapeHtml(metricSentence(comparison, pair, metric))}</span></figcaption>`,
    '<div class="panels">',
    valuesPanel(panel),
    ratios ?? '',
    '</div>',
    '</figure>',
  ].join('\n');
}
