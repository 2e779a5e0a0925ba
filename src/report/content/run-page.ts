import type { RunResult } from '../../result/run-result.ts';
import { viewResult } from '../../result/view.ts';
import { htmlDocument } from '../render/page/document.ts';
import { escapeHtml } from '../render/page/markup.ts';
import { headerHtml } from '../render/page/parts.ts';
import { targetLabel } from './labels.ts';
import { remarks } from './remarks.ts';
import { makeSections, sectionHtml } from './run-section.ts';
import { overallVerdict, verdictSeverity } from './run-verdict.ts';

const SEVERITIES = ['bad', 'warning', 'good'] as const;

/** The gravest tone of all results. */
function overallSeverity(results: readonly RunResult[]): (typeof SEVERITIES)[number] {
  const tones = results.map(verdictSeverity);
  return SEVERITIES.find((tone) => tones.includes(tone)) ?? 'good';
}

function remarksHtml(results: readonly RunResult[]): string[] {
  return remarks(results).map(({ label, text }) => {
    const name = label === null ? '' : `<strong>${escapeHtml(label)}</strong>: `;
    return `${name}${escapeHtml(text)}`;
  });
}

function pageTitle(results: readonly RunResult[]): string {
  const scenarios = new Set(results.map(({ plan }) => plan.scenario));
  const targets = new Set(results.map(targetLabel));
  return `${[...scenarios].join(', ')} on ${[...targets].join(', ')} - sockbench`;
}

function footerHtml(results: readonly RunResult[]): string {
  const tools = new Set(results.map(({ tool }) => `${tool.name} ${tool.version}`));
  const days = [...new Set(results.map(({ startedAt }) => startedAt.slice(0, 10)))].sort();
  const when = days.length < 2 ? days.join('') : `${days[0] ?? ''} to ${days.at(-1) ?? ''}`;
  return `<footer>Measured ${escapeHtml(when)} with ${escapeHtml([...tools].join(', '))}. Latency is measured from the intended send time.</footer>`;
}

/**
 * One page: the verdict, then for each scenario the headline tables, charts with all its results overlaid, and
 * every figure, plan and environment.
 */
export function renderHtml(results: readonly RunResult[]): string {
  const sections = makeSections(results.map(viewResult));
  const header = headerHtml(overallSeverity(results), overallVerdict(results), remarksHtml(results));
  const body = [header, ...sections.map(sectionHtml), footerHtml(results)].join('\n');
  return htmlDocument({ title: pageTitle(results), body });
}
