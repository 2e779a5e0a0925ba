import { capacityReport } from '../../src/report/content/capacity.ts';
import { comparisonReport } from '../../src/report/content/comparison.ts';
import { runReport, summaryReport } from '../../src/report/content/run.ts';
import { renderHtml } from '../../src/report/render/html.ts';
import { renderMarkdown } from '../../src/report/render/markdown.ts';
import { renderText } from '../../src/report/render/text.ts';
import type { Capacity } from '../../src/result/capacity.ts';
import type { Comparison } from '../../src/result/comparison.ts';
import type { RunResult } from '../../src/result/run-result.ts';

/** The reports of one result or several. */
export const runText = (...results: readonly RunResult[]) => renderText(runReport(results));
export const runMarkdown = (...results: readonly RunResult[]) => renderMarkdown(runReport(results));
export const runPage = (...results: readonly RunResult[]) => renderHtml(runReport(results));
export const summaryText = (...results: readonly RunResult[]) => renderText(summaryReport(results));

/** The reports of a comparison. */
export const comparisonText = (comparison: Comparison) => renderText(comparisonReport(comparison));
export const comparisonMarkdown = (comparison: Comparison) => renderMarkdown(comparisonReport(comparison));
export const comparisonPage = (comparison: Comparison) => renderHtml(comparisonReport(comparison));

/** The reports of a capacity search. */
export const capacityText = (capacity: Capacity) => renderText(capacityReport(capacity));
export const capacityMarkdown = (capacity: Capacity) => renderMarkdown(capacityReport(capacity));
export const capacityPage = (capacity: Capacity) => renderHtml(capacityReport(capacity));
