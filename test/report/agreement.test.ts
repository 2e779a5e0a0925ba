import { describe, expect, it } from 'vitest';
import { FLAT_COLUMNS } from '../../src/report/content/columns.ts';
import { renderMarkdown } from '../../src/report/content/run-markdown.ts';
import { renderHtml } from '../../src/report/content/run-page.ts';
import { renderTable, renderText } from '../../src/report/content/run-text.ts';
import { formatFigure } from '../../src/report/content/table.ts';
import { renderCsv } from '../../src/report/csv.ts';
import { renderHlog } from '../../src/report/hlog.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { formatCount } from '../../src/units.ts';
import { makeResult, results } from './fixture.ts';
import { readHlog, sumByTag } from './hlog-reader.ts';

/** Heading to cell, of the first row under every heading in a report. */
type Shown = ReadonlyMap<string, string>;

function pair(headings: readonly string[], cells: readonly string[]): Array<readonly [string, string]> {
  return headings.map((heading, index) => [heading, cells[index] ?? ''] as const);
}

/** Tables of a text report: a line that begins with `target`, `scenario` or `series`, and the line below it. */
function readText(text: string): Shown {
  const lines = text.split('\n').map((line) => line.trim().split(/ {2,}/));
  return new Map(
    lines.flatMap((headings, index) =>
      ['target', 'scenario'].includes(headings[0] ?? '') ? pair(headings, lines[index + 1] ?? []) : [],
    ),
  );
}

function readMarkdown(markdown: string): Shown {
  const lines = markdown.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(
    lines.flatMap((headings, index) =>
      headings[0] === 'target' && headings.length > 2 ? pair(headings, lines[index + 2] ?? []) : [],
    ),
  );
}

const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, '').trim();

function readHtml(html: string): Shown {
  const tables = html.split('<table>').filter((table) => /<thead><tr><th[^>]*>target/.test(table));
  return new Map(
    tables.flatMap((table) => {
      const [head = '', body = ''] = (table.split('</table>')[0] ?? '').split('</thead>');
      const cells = (row: string) =>
        [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => textOf(cell ?? ''));
      return pair(cells(head), cells(body.split('</tr>')[0] ?? ''));
    }),
  );
}

function readCsv(csv: string): Map<string, string> {
  const [header = '', row = ''] = csv.split('\n');
  return new Map(pair(header.split(','), row.split(',')));
}

const NS_PER: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

/** A figure of the CSV (milliseconds, Hz, counts, shares of one) as a table shows it under this heading. */
function asShown(kind: string, heading: string, raw: string): string {
  const figure = Number(raw);
  if (raw === '') return '-';
  if (kind === 'count') return formatCount(figure);
  if (kind === 'share') return formatFigure(figure / 0.01);
  const nsPerUnit = NS_PER[heading.split(' ').at(-1) ?? ''];
  return formatFigure(nsPerUnit === undefined ? figure : Math.round(figure * 1e6) / nsPerUnit);
}

/** The heading of a column in a report, whatever unit it was given. */
function findHeading(shown: Shown, title: string): string | undefined {
  return [...shown.keys()].find(
    (heading) => heading === title || heading.startsWith(`${title} `) || heading === `${title}/s`,
  );
}

const cases: ReadonlyArray<readonly [string, () => RunResult]> = [
  ['a valid run', results.valid],
  ['a run in microseconds', () => makeResult({ medianNs: 15_000 })],
  ['polling', results.polling],
  ['acknowledgements', results.ack],
  ['an overloaded server', results.overloaded],
  ['too few samples', results.fewSamples],
];

describe.each(cases)('the reports of %s', (_, make) => {
  const result = make();
  // Twice the same, so that text shows every table; rows and units are those of one.
  const text = readText(renderText([result, result]));
  const markdown = readMarkdown(renderMarkdown([result]));
  const html = readHtml(renderHtml([result]));
  const csv = readCsv(renderCsv([result]));
  const histograms = sumByTag(readHlog(renderHlog(result)));

  it('show the same cells in text, Markdown and the page', () => {
    expect(text.size).toBeGreaterThan(15);
    expect(markdown).toEqual(text);
    // The page names the scenario in the heading above its tables.
    expect(html).toEqual(new Map([...text].filter(([heading]) => heading !== 'scenario')));
  });

  it('show the same cells in the text of this one result and in the summary', () => {
    for (const shown of [readText(renderText([result])), readText(renderTable([result]))]) {
      expect(shown.size).toBeGreaterThan(5);
      for (const [heading, cell] of shown) expect([heading, cell]).toEqual([heading, text.get(heading)]);
    }
  });

  it('show what the CSV holds, to three digits', () => {
    const figures = FLAT_COLUMNS.filter(({ kind }) => kind !== 'text').map((column) => {
      const { id, title, kind, isSilent } = column;
      const heading = findHeading(text, title) ?? '';
      const [, raw = ''] =
        [...csv].find(([header]) => header.replace(/_(ms|hz|ratio|bytes)$/, '') === id) ?? [];
      const expected = isSilent !== undefined && raw === '0' ? '-' : asShown(kind, heading, raw);
      return { title, raw, shown: text.get(heading) ?? '-', expected };
    });
    expect(figures.filter(({ raw }) => raw !== '').length).toBeGreaterThan(14);
    for (const { title, shown, expected } of figures) expect([title, shown]).toEqual([title, expected]);
  });

  it('hold in the CSV the quantiles of the histograms that the log adds up to', () => {
    const told = [
      [result.headline, 'p50_ms', 0.5],
      [result.headline, 'p95_ms', 0.95],
      [result.headline, 'p99_ms', 0.99],
      [result.headline, 'max_ms', 1],
      ['fanout_last', 'last_receiver_p50_ms', 0.5],
    ] as const;
    const compared = told.filter(([, header]) => csv.get(header) !== '');
    expect(compared.length).toBeGreaterThan(2);
    for (const [series, header, quantile] of compared) {
      const quantileNs = histograms.get(series)?.quantileNs(quantile) ?? Number.NaN;
      expect([header, Number(csv.get(header))]).toEqual([header, quantileNs / 1e6]);
    }
  });

  it('count as many deliveries as the log has values', () => {
    expect(Number(csv.get('delivered'))).toBe(histograms.get(result.headline)?.count);
  });
});
