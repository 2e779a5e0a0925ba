import { SockbenchError } from '../errors.ts';
import type { RunResult } from '../result/run-result.ts';
import { viewResult } from '../result/view.ts';
import { renderMarkdown } from './content/run-markdown.ts';
import { renderHtml } from './content/run-page.ts';
import { renderTable, renderText } from './content/run-text.ts';
import { renderCsv } from './csv.ts';
import { renderHgrm } from './hgrm.ts';
import { renderHlog } from './hlog.ts';
import { renderJson } from './json.ts';

export { overallVerdict, verdict } from './content/run-verdict.ts';

/** A way to write results down. */
export interface Format {
  /** As in `--format`. */
  readonly name: string;
  /** Of a file, without the dot. */
  readonly extension: string;
  readonly summary: string;
  /** `results` has one entry or more. Throws ONE_RESULT_ONLY. */
  render(results: readonly RunResult[]): string;
}

/** For formats that hold one run: refuses several. */
function onlyOne(name: string, results: readonly RunResult[]): RunResult {
  const [only] = results;
  if (only !== undefined && results.length === 1) return only;
  throw new SockbenchError({
    code: 'ONE_RESULT_ONLY',
    message: `${name} holds the histograms of one result; ${results.length} were given`,
    hint: `Write ${name} for each result on its own.`,
  });
}

/** Every report format, in the order of help. */
export const formats: readonly Format[] = [
  { name: 'text', extension: 'txt', summary: 'tables for a terminal', render: renderText },
  { name: 'table', extension: 'table.txt', summary: 'one row for each result', render: renderTable },
  { name: 'md', extension: 'md', summary: 'Markdown for a pull request', render: renderMarkdown },
  { name: 'json', extension: 'json', summary: 'the stored result itself', render: renderJson },
  {
    name: 'html',
    extension: 'html',
    summary: 'one page with charts that opens from disk',
    render: renderHtml,
  },
  {
    name: 'hgrm',
    extension: 'hgrm',
    summary: "percentiles of the headline series for HdrHistogram's plotter",
    render: (results) => renderHgrm(viewResult(onlyOne('hgrm', results))),
  },
  {
    name: 'hlog',
    extension: 'hlog',
    summary: 'every series, second by second, as an HdrHistogram log',
    render: (results) => renderHlog(onlyOne('hlog', results)),
  },
  { name: 'csv', extension: 'csv', summary: 'one row for each result, fixed units', render: renderCsv },
];
