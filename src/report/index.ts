import { fail } from '../errors.ts';
import type { Capacity } from '../result/capacity.ts';
import type { Comparison } from '../result/comparison.ts';
import type { RunResult } from '../result/run-result.ts';
import type { Trend } from '../result/trend.ts';
import { viewResult } from '../result/view.ts';
import { didYouMean } from '../text.ts';
import { renderCapacityBadge, renderComparisonBadge, renderRunBadge } from './badge.ts';
import { renderGithubAnnotations, renderGithubSummary } from './ci/github.ts';
import { renderGithubComment } from './ci/github-comment.ts';
import { renderGoBenchmark } from './ci/go-benchmark.ts';
import { renderJunit } from './ci/junit.ts';
import { renderOpenMetrics } from './ci/openmetrics.ts';
import { renderBencher, renderBiggerIsBetter, renderSmallerIsBetter } from './ci/trackers.ts';
import { renderComparisonCsv } from './comparison-csv.ts';
import { capacityReport } from './content/capacity.ts';
import { capacityEnding } from './content/capacity-ending.ts';
import { firstResult } from './content/capacity-verdict.ts';
import { comparisonReport } from './content/comparison.ts';
import { comparisonEnding } from './content/comparison-ending.ts';
import { runReport, summaryReport } from './content/run.ts';
import { runEnding } from './content/run-ending.ts';
import { trendReport } from './content/trend.ts';
import { trendEnding } from './content/trend-ending.ts';
import { renderCapacityCsv, renderCsv } from './csv.ts';
import {
  DEFAULT_FORMATS,
  type DocumentKind,
  type Format,
  filesOfPage,
  format,
  renderDense,
  runName,
  shown,
} from './formats.ts';
import { renderHgrm } from './hgrm.ts';
import { renderHlog } from './hlog.ts';
import { pageData } from './page-data.ts';
import { renderHtml } from './render/html.ts';
import type { PageFile } from './render/page/downloads.ts';
import { renderText } from './render/text.ts';
import { wrapLines } from './render/wrap.ts';
import { REPEATED } from './repeated-kind.ts';

export { overallVerdict, verdict } from './content/run-verdict.ts';
export type { DocumentKind, Format } from './formats.ts';
export { timeInName } from './formats.ts';
export { REPEATED } from './repeated-kind.ts';

const renderRuns = (results: readonly RunResult[]) =>
  `${JSON.stringify(results.length === 1 ? results[0] : results, null, 2)}\n`;

/** Returns the only result; throws ONE_RESULT_ONLY for several. */
function onlyResult(format: string, results: readonly RunResult[]): RunResult {
  const [only] = results;
  if (only !== undefined && results.length === 1) return only;
  return fail(
    'ONE_RESULT_ONLY',
    `${format} holds one result; ${results.length} were given`,
    `Write ${format} for each result separately.`,
  );
}

/** The log of each result. */
function hlogFiles(results: readonly RunResult[]): PageFile[] {
  const isAlone = results.length === 1;
  return results.map((result) => {
    const name = `${runName(result)}.hlog`;
    return { name, label: isAlone ? '.hlog' : name, type: 'text/plain', text: renderHlog(result) };
  });
}

/** One run, or several in one report. */
export const RUNS: DocumentKind<readonly RunResult[]> = {
  noun: 'run',
  ending: runEnding,
  defaultFormats: DEFAULT_FORMATS,
  fileName: (results, { file }) => {
    const [first] = results;
    const isAlone = first !== undefined && results.length === 1;
    return `${isAlone ? runName(first) : `comparison-of-${results.length}`}.${file}`;
  },
  formats: [
    shown('text', 'txt', 'tables for a terminal', runReport),
    format('table', 'table.txt', 'one row per result', (results) => renderText(summaryReport(results))),
    shown('md', 'md', 'Markdown for a pull request', runReport),
    format('json', 'json', 'the stored result', renderRuns),
    format('html', 'html', 'a page with charts and the data that opens from disk', (results) =>
      renderHtml(
        runReport(results),
        pageData(() => filesOfPage(RUNS, results, hlogFiles(results))),
      ),
    ),
    format('hgrm', 'hgrm', 'percentiles of the headline series for the HdrHistogram plotter', (results) =>
      renderHgrm(viewResult(onlyResult('hgrm', results))),
    ),
    format('hlog', 'hlog', 'every series over time as an HdrHistogram log', (results) =>
      renderHlog(onlyResult('hlog', results)),
    ),
    format('csv', 'csv', 'one row per result and population in fixed units', renderCsv),
    format('badge', 'badge.svg', 'an SVG badge of the verdict', renderRunBadge),
  ],
};

/** A comparison or a gate. Its files stand in a folder of their own. */
export const COMPARISON: DocumentKind<Comparison> = {
  noun: 'comparison',
  ending: comparisonEnding,
  defaultFormats: DEFAULT_FORMATS,
  fileName: (_, { file }) => file,
  formats: [
    shown('text', 'report.txt', 'tables for a terminal', comparisonReport),
    shown('md', 'report.md', 'Markdown for a pull request', comparisonReport),
    format('json', 'rounds.json', 'every round and the verdicts', renderDense),
    format('html', 'report.html', 'a page with every round', (comparison) =>
      renderHtml(
        comparisonReport(comparison),
        pageData(() => filesOfPage(COMPARISON, comparison)),
      ),
    ),
    format('csv', 'metrics.csv', 'one row per metric of each head and each effect', renderComparisonCsv),
    format('badge', 'badge.svg', 'an SVG badge of the verdict', renderComparisonBadge),
    format('junit', 'junit.xml', 'test cases for GitLab, Jenkins and others', renderJunit),
    format(
      'github-summary',
      'github-summary.md',
      'Markdown for the summary of a GitHub step',
      renderGithubSummary,
    ),
    format(
      'github-comment',
      'github-comment.md',
      'Markdown of at most 15 lines for a comment on a pull request',
      renderGithubComment,
    ),
    format(
      'github-annotations',
      'github-annotations.txt',
      'workflow commands for the log of a GitHub step',
      renderGithubAnnotations,
    ),
    format(
      'benchmark-smaller',
      'benchmark-smaller-is-better.json',
      'customSmallerIsBetter of github-action-benchmark',
      renderSmallerIsBetter,
    ),
    format(
      'benchmark-bigger',
      'benchmark-bigger-is-better.json',
      'customBiggerIsBetter of github-action-benchmark',
      renderBiggerIsBetter,
    ),
    format('bencher', 'bencher.json', 'Bencher Metric Format', renderBencher),
    format('go', 'benchmark.txt', 'Go benchmark text for benchstat', renderGoBenchmark),
    format('openmetrics', 'metrics.prom', 'OpenMetrics text', renderOpenMetrics),
  ],
};

export const CAPACITY: DocumentKind<Capacity> = {
  noun: 'capacity search',
  ending: capacityEnding,
  defaultFormats: DEFAULT_FORMATS,
  fileName: (capacity, { file }) => {
    const result = firstResult(capacity);
    return `capacity${result === null ? '' : `-${runName(result)}`}.${file}`;
  },
  formats: [
    shown('text', 'txt', 'the answer and one row per run', capacityReport),
    shown('md', 'md', 'Markdown for a pull request', capacityReport),
    format('json', 'json', 'every run and the answer', renderDense),
    format('html', 'html', 'a page with the curve', (capacity) =>
      renderHtml(
        capacityReport(capacity),
        pageData(() => filesOfPage(CAPACITY, capacity)),
      ),
    ),
    format('csv', 'csv', 'one row per run in fixed units', renderCapacityCsv),
    format('badge', 'badge.svg', 'an SVG badge of the answer', renderCapacityBadge),
  ],
};

/** Its files have fixed names: a later trend of more results replaces them. */
export const TREND: DocumentKind<Trend> = {
  noun: 'trend',
  ending: trendEnding,
  defaultFormats: DEFAULT_FORMATS,
  fileName: (_, { file }) => file,
  formats: [
    format('text', 'trend.txt', 'changes, levels and bars for a terminal', (trend) =>
      wrapLines(renderText(trendReport(trend))),
    ),
    shown('md', 'trend.md', 'Markdown for a job summary', trendReport),
    format('json', 'trend.json', 'every history and change', renderDense),
    format('html', 'trend.html', 'a page with a chart of each metric', (trend) =>
      renderHtml(
        trendReport(trend),
        pageData(() => filesOfPage(TREND, trend)),
      ),
    ),
  ],
};

/** Every kind of document that sockbench stores. */
export const DOCUMENT_KINDS = [RUNS, REPEATED, COMPARISON, CAPACITY, TREND] as const;

/** The names of all formats of a kind: `text, json, html`. */
export function formatNames({ formats }: DocumentKind<never>): string {
  return formats.map(({ name }) => name).join(', ');
}

/** Reads `--format text,html`; throws UNKNOWN_FORMAT for a format that the kind of document does not have. */
export function parseFormats<Document>(kind: DocumentKind<Document>, given: string): Array<Format<Document>> {
  return given.split(',').map((part) => {
    const name = part.trim();
    const known = kind.formats.find((format) => format.name === name);
    if (known !== undefined) return known;
    const other = DOCUMENT_KINDS.find(({ formats }) => formats.some((format) => format.name === name));
    const problem =
      other === undefined
        ? `there is no format "${name}"`
        : `"${name}" is a format of a ${other.noun}, not of a ${kind.noun}`;
    const names = kind.formats.map((format) => format.name);
    return fail(
      'UNKNOWN_FORMAT',
      `--format: ${problem}; the formats of a ${kind.noun} are ${names.join(', ')}`,
      other === undefined ? didYouMean(name, names) : '',
    );
  });
}
