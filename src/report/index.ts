import { fail } from '../errors.ts';
import type { Capacity } from '../result/capacity.ts';
import type { Comparison } from '../result/comparison.ts';
import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { didYouMean } from '../text.ts';
import { renderBencher } from './ci/bencher.ts';
import { renderBiggerIsBetter, renderSmallerIsBetter } from './ci/github-action-benchmark.ts';
import { renderGithubAnnotations } from './ci/github-annotations.ts';
import { renderGithubSummary } from './ci/github-summary.ts';
import { renderGoBenchmark } from './ci/go-benchmark.ts';
import { renderJunit } from './ci/junit.ts';
import { renderOpenMetrics } from './ci/openmetrics.ts';
import { capacityReport } from './content/capacity.ts';
import { firstResult } from './content/capacity-verdict.ts';
import { comparisonReport } from './content/comparison.ts';
import { runReport, summaryReport } from './content/run.ts';
import { renderCsv } from './csv.ts';
import { renderHgrm } from './hgrm.ts';
import { renderHlog } from './hlog.ts';
import { renderHtml } from './render/html.ts';
import { renderMarkdown } from './render/markdown.ts';
import { renderText } from './render/text.ts';

export { overallVerdict, verdict } from './content/run-verdict.ts';

/** One format of a kind of document. */
export interface Format<Document> {
  /** As in `--format`. */
  readonly name: string;
  /** File name, or its extension without the dot where the file is named after the document. */
  readonly file: string;
  readonly summary: string;
  render(document: Document): string;
}

/** A kind of stored document, its formats in the order of help, and how its files are named. */
export interface DocumentKind<Document> {
  readonly noun: string;
  /** One of them is `json`: the stored document, from which every other format can be made again. */
  readonly formats: ReadonlyArray<Format<Document>>;
  /** Default of `--format`. */
  readonly defaultFormats: string;
  fileName(document: Document, format: Format<Document>): string;
}

const DEFAULT_FORMATS = 'text,json,html';

/** Turns a document into JSON without spaces: comparisons and searches hold many runs. */
const renderDense = (document: unknown) => `${JSON.stringify(document)}\n`;

/** Shows a time as part of a file name, in UTC: `20261121-233355-042`. */
export function timeInName(startedAt: string): string {
  return startedAt.slice(0, 23).replaceAll(/[-:]/g, '').replaceAll(/[T.]/g, '-');
}

/** `room-fanout-socketio-polling-20261121-233355-042`; a URL, which may hold a token, is left out. */
function runName({ plan, startedAt }: RunResult): string {
  const target = plan.target.url === null ? plan.target.name : plan.target.protocol;
  return `${plan.scenario}-${target}-${plan.transport}-${timeInName(startedAt)}`;
}

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

/** One run, or several in one report. */
export const RUNS: DocumentKind<readonly RunResult[]> = {
  noun: 'run',
  defaultFormats: DEFAULT_FORMATS,
  fileName: (results, { file }) => {
    const [first] = results;
    const isAlone = first !== undefined && results.length === 1;
    return `${isAlone ? runName(first) : `comparison-of-${results.length}`}.${file}`;
  },
  formats: [
    {
      name: 'text',
      file: 'txt',
      summary: 'tables for a terminal',
      render: (runs) => renderText(runReport(runs)),
    },
    {
      name: 'table',
      file: 'table.txt',
      summary: 'one row per result',
      render: (runs) => renderText(summaryReport(runs)),
    },
    {
      name: 'md',
      file: 'md',
      summary: 'Markdown for a pull request',
      render: (runs) => renderMarkdown(runReport(runs)),
    },
    {
      name: 'json',
      file: 'json',
      summary: 'the stored result',
      render: (results) => `${JSON.stringify(results.length === 1 ? results[0] : results, null, 2)}\n`,
    },
    {
      name: 'html',
      file: 'html',
      summary: 'a page with charts that opens from disk',
      render: (runs) => renderHtml(runReport(runs)),
    },
    {
      name: 'hgrm',
      file: 'hgrm',
      summary: 'percentiles of the headline series for the HdrHistogram plotter',
      render: (results) => renderHgrm(viewResult(onlyResult('hgrm', results))),
    },
    {
      name: 'hlog',
      file: 'hlog',
      summary: 'every series over time as an HdrHistogram log',
      render: (results) => renderHlog(onlyResult('hlog', results)),
    },
    { name: 'csv', file: 'csv', summary: 'one row per result in fixed units', render: renderCsv },
  ],
};

/** A comparison or a gate. Its files stand in a folder of their own. */
export const COMPARISON: DocumentKind<Comparison> = {
  noun: 'comparison',
  defaultFormats: DEFAULT_FORMATS,
  fileName: (_, { file }) => file,
  formats: [
    {
      name: 'text',
      file: 'report.txt',
      summary: 'tables for a terminal',
      render: (comparison) => renderText(comparisonReport(comparison)),
    },
    {
      name: 'md',
      file: 'report.md',
      summary: 'Markdown for a pull request',
      render: (comparison) => renderMarkdown(comparisonReport(comparison)),
    },
    { name: 'json', file: 'rounds.json', summary: 'every round and the verdicts', render: renderDense },
    {
      name: 'html',
      file: 'report.html',
      summary: 'a page with every round',
      render: (comparison) => renderHtml(comparisonReport(comparison)),
    },
    {
      name: 'junit',
      file: 'junit.xml',
      summary: 'test cases for GitLab, Jenkins and others',
      render: renderJunit,
    },
    {
      name: 'github-summary',
      file: 'github-summary.md',
      summary: 'Markdown for the summary of a GitHub step',
      render: renderGithubSummary,
    },
    {
      name: 'github-annotations',
      file: 'github-annotations.txt',
      summary: 'workflow commands for the log of a GitHub step',
      render: renderGithubAnnotations,
    },
    {
      name: 'benchmark-smaller',
      file: 'benchmark-smaller-is-better.json',
      summary: 'customSmallerIsBetter of github-action-benchmark',
      render: renderSmallerIsBetter,
    },
    {
      name: 'benchmark-bigger',
      file: 'benchmark-bigger-is-better.json',
      summary: 'customBiggerIsBetter of github-action-benchmark',
      render: renderBiggerIsBetter,
    },
    { name: 'bencher', file: 'bencher.json', summary: 'Bencher Metric Format', render: renderBencher },
    {
      name: 'go',
      file: 'benchmark.txt',
      summary: 'Go benchmark text for benchstat',
      render: renderGoBenchmark,
    },
    { name: 'openmetrics', file: 'metrics.prom', summary: 'OpenMetrics text', render: renderOpenMetrics },
  ],
};

export const CAPACITY: DocumentKind<Capacity> = {
  noun: 'capacity search',
  defaultFormats: DEFAULT_FORMATS,
  fileName: (capacity, { file }) => {
    const result = firstResult(capacity);
    return `capacity${result === null ? '' : `-${runName(result)}`}.${file}`;
  },
  formats: [
    {
      name: 'text',
      file: 'txt',
      summary: 'the answer and one row per run',
      render: (capacity) => renderText(capacityReport(capacity)),
    },
    {
      name: 'md',
      file: 'md',
      summary: 'Markdown for a pull request',
      render: (capacity) => renderMarkdown(capacityReport(capacity)),
    },
    { name: 'json', file: 'json', summary: 'every run and the answer', render: renderDense },
    {
      name: 'html',
      file: 'html',
      summary: 'a page with the curve',
      render: (capacity) => renderHtml(capacityReport(capacity)),
    },
  ],
};

/** Every kind of document that sockbench stores. */
export const DOCUMENT_KINDS = [RUNS, COMPARISON, CAPACITY] as const;

/** The names of all formats of a kind: `text, json, html`. */
export function formatNames({ formats }: DocumentKind<never>): string {
  return formats.map(({ name }) => name).join(', ');
}

/** Reads `--format text,html`; throws UNKNOWN_FORMAT for a format that the kind of document does not have. */
export function parseFormats<Document>(kind: DocumentKind<Document>, given: string): Array<Format<Document>> {
  return given.split(',').map((part) => {
    const name = part.trim();
    return kind.formats.find((format) => format.name === name) ?? refuseFormat(kind, name);
  });
}

function refuseFormat(kind: DocumentKind<never>, name: string): never {
  const other = DOCUMENT_KINDS.find(({ formats }) => formats.some((format) => format.name === name));
  const problem =
    other === undefined
      ? `there is no format "${name}"`
      : `"${name}" is a format of a ${other.noun}, not of a ${kind.noun}`;
  const known = kind.formats.map((format) => format.name);
  return fail(
    'UNKNOWN_FORMAT',
    `--format: ${problem}; the formats of a ${kind.noun} are ${known.join(', ')}`,
    other === undefined ? didYouMean(name, known) : '',
  );
}
