import { describe, expect, it } from 'vitest';
import { HEADLINE_GROUPS } from '../../src/report/content/columns.ts';
import { runReport, summaryReport } from '../../src/report/content/run.ts';
import {
  type Cell,
  cellFigure,
  headingText,
  intervalOf,
  type Table,
} from '../../src/report/content/table.ts';
import { renderCsv } from '../../src/report/csv.ts';
import { renderHlog } from '../../src/report/hlog.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { formatCount, formatFigure } from '../../src/units.ts';
import { makeResult, results } from './fixture.ts';
import { readHlog, sumByTag } from './hlog-reader.ts';
import { runMarkdown, runPage, runText, summaryText } from './renderings.ts';

/** Heading to cell, of the first row under every heading in a report. */
type Shown = ReadonlyMap<string, string>;

function pair(headings: readonly string[], cells: readonly string[]): Array<readonly [string, string]> {
  return headings.map((heading, index) => [heading, cells[index] ?? ''] as const);
}

/** The main tables of one result, from its blocks. */
function mainTables(result: RunResult): Table[] {
  const { blocks } = runReport([result]);
  return blocks.flatMap((block) => (block.kind === 'table' ? [block.table] : []));
}

/** `3.02 (2.7-3.6)` */
function cellText(cell: Cell): string {
  const interval = intervalOf(cell);
  return interval === null ? cellFigure(cell) : `${cellFigure(cell)} (${interval})`;
}

function shownIn(tables: readonly Table[]): Shown {
  return new Map(
    tables.flatMap(({ headings, rows }) => pair(headings.map(headingText), (rows[0] ?? []).map(cellText))),
  );
}

/** The lines of a text, with one space between cells. */
const linesOf = (text: string) => text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
const lineOf = (cells: readonly string[]) => cells.join(' ');

function readMarkdown(markdown: string): Shown {
  const lines = markdown.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/<br><sub>(.*)<\/sub>/, ' ($1)')),
  );
  return new Map(
    lines.flatMap((headings, index) =>
      headings[0] === 'target' && headings.length > 2 ? pair(headings, lines[index + 2] ?? []) : [],
    ),
  );
}

const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, '').trim();

/** The tiles that stand for tables of a single result: title with unit to figure. */
function readHtml(html: string): Shown {
  const lists = [...html.matchAll(/<dl class="tiles">(.*?)<\/dl>/gs)];
  const tiles = lists.flatMap(([, list = '']) => [
    ...list.matchAll(
      /<dt[^>]*>(.*?)<dd>(.*?)(?:( ?)<small>(.*?)<\/small>)?(?:<dd class="interval">(.*?))?<\/div>/g,
    ),
  ]);
  const name = textOf(/<span class="of">(.*?)<\/span>/.exec(html)?.[1] ?? '');
  const shown = tiles.map(([, title = '', figure = '', space = '', unit = '', interval = '']) => {
    const cell = `${textOf(figure)}${interval === '' ? '' : ` (${interval})`}`;
    return [textOf(`${title}${space}${unit}`), cell] as const;
  });
  return new Map([['target', name], ...shown]);
}

function readCsv(csv: string): Map<string, string> {
  const [header = '', row = ''] = csv.split('\n');
  return new Map(pair(header.split(','), row.split(',')));
}

const NS_PER: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, µs: 1e3, ns: 1 };

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
  const view = viewResult(result);
  const tables = mainTables(result);
  const shown = shownIn(tables);
  const csv = readCsv(renderCsv([result]));
  const histograms = sumByTag(readHlog(renderHlog(result)));

  it('show the same cells in text, Markdown and the page', () => {
    expect(shown.size).toBeGreaterThan(15);
    expect(readMarkdown(runMarkdown(result))).toEqual(shown);
    // A tile without a figure has no unit either.
    const titleOf = (heading: string, cell: string) =>
      cell === '-' ? heading.replace(/ (?:[nµm]?s|%|(?:[KM]i)?B)$/, '') : heading;
    expect(readHtml(runPage(result))).toEqual(
      new Map([...shown].map(([heading, cell]) => [titleOf(heading, cell), cell])),
    );
    const lines = linesOf(runText(result));
    for (const [row = []] of tables.map(({ rows }) => rows)) {
      expect(lines).toContain(lineOf(row.map(cellFigure)));
      const intervals = row.map(intervalOf).filter((interval) => interval !== null);
      if (intervals.length > 0) expect(lines).toContain(lineOf(['95 % interval', ...intervals]));
    }
  });

  it('show the same cells in the summary', () => {
    const [block] = summaryReport([result]).blocks.filter(({ kind }) => kind === 'table');
    if (block?.kind !== 'table') throw new Error('no table');
    const [, cells = []] = block.table.rows;
    for (const [heading, cell] of pair(block.table.headings.map(headingText), cells.map(cellText))) {
      expect([heading, cell]).toEqual([heading, shown.get(heading)]);
    }
    expect(linesOf(summaryText(result))).toContain(lineOf(cells.map(cellFigure)));
  });

  it('show what the CSV holds, to three digits', () => {
    const columns = HEADLINE_GROUPS.flatMap((group) => group.columns).filter(({ kind }) => kind !== 'text');
    const rawOf = (id: string) =>
      [...csv].find(([header]) => header.replace(/_(ms|hz|ratio|bytes)$/, '') === id)?.[1] ?? '';
    const figures = columns.map(({ id, title, kind, isSilent }) => {
      const heading = findHeading(shown, title) ?? '';
      const raw = rawOf(id);
      const expected = isSilent?.(view) === true ? '-' : asShown(kind, heading, raw);
      return { title, raw, shown: (shown.get(heading) ?? '-').replace(/ \(.*/, ''), expected };
    });
    for (const { id, title, interval } of columns.filter((column) => column.interval !== null)) {
      const cell = shown.get(findHeading(shown, title) ?? '') ?? '-';
      expect([id, rawOf(`${id}_low`) !== '', rawOf(`${id}_high`) !== '']).toEqual([
        id,
        cell.includes('('),
        cell.includes('('),
      ]);
      const { lower, upper } = interval?.(view) ?? {};
      if (cell !== '-') expect([id, rawOf(`${id}_low`)]).toEqual([id, String((lower ?? 0) / 1e6)]);
      if (cell !== '-') expect([id, rawOf(`${id}_high`)]).toEqual([id, String((upper ?? 0) / 1e6)]);
    }
    expect(figures.filter(({ raw }) => raw !== '').length).toBeGreaterThan(14);
    for (const each of figures) expect([each.title, each.shown]).toEqual([each.title, each.expected]);
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
