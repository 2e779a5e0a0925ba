import { describe, expect, it } from 'vitest';
import {
  CAPACITY,
  COMPARISON,
  DOCUMENT_KINDS,
  type DocumentKind,
  parseFormats,
  REPEATED,
  RUNS,
  TREND,
} from '../../src/report/index.ts';
import { capacitySchema } from '../../src/result/capacity.ts';
import { comparisonSchema } from '../../src/result/comparison.ts';
import { repeatedSchema } from '../../src/result/repeated.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { thrownBy } from '../thrown.ts';
import { makeCapacity } from './capacity-fixture.ts';
import { comparisons } from './comparison-fixture.ts';
import { makeResult, results } from './fixture.ts';
import { makeRepeated } from './repeated-fixture.ts';

function render<Document>(kind: DocumentKind<Document>, name: string, document: Document): string {
  const [format] = parseFormats(kind, name);
  return format?.render(document) ?? '';
}

const valid = results.valid();

describe('formats', () => {
  it('have names and files of their own', () => {
    const told = DOCUMENT_KINDS.map(({ formats }) => formats.map(({ name, file }) => `${name} ${file}`));
    expect(told).toMatchInlineSnapshot(`
      [
        [
          "text txt",
          "table table.txt",
          "md md",
          "json json",
          "html html",
          "hgrm hgrm",
          "hlog hlog",
          "csv csv",
          "badge badge.svg",
        ],
        [
          "text txt",
          "md md",
          "json json",
          "html html",
          "csv csv",
          "badge badge.svg",
        ],
        [
          "text report.txt",
          "md report.md",
          "json rounds.json",
          "html report.html",
          "csv metrics.csv",
          "badge badge.svg",
          "junit junit.xml",
          "github-summary github-summary.md",
          "github-comment github-comment.md",
          "github-annotations github-annotations.txt",
          "benchmark-smaller benchmark-smaller-is-better.json",
          "benchmark-bigger benchmark-bigger-is-better.json",
          "bencher bencher.json",
          "go benchmark.txt",
          "openmetrics metrics.prom",
        ],
        [
          "text txt",
          "md md",
          "json json",
          "html html",
          "csv csv",
          "badge badge.svg",
        ],
        [
          "text trend.txt",
          "md trend.md",
          "json trend.json",
          "html trend.html",
        ],
      ]
    `);
    for (const names of told) expect(new Set(names).size).toBe(names.length);
  });

  it('include json and the defaults for every kind of document', () => {
    for (const kind of [RUNS, REPEATED, COMPARISON, CAPACITY, TREND] as ReadonlyArray<DocumentKind<never>>) {
      expect(kind.formats.map(({ name }) => name)).toContain('json');
      expect(parseFormats(kind, kind.defaultFormats)).toHaveLength(3);
    }
  });

  it.each(RUNS.formats.map(({ name }) => name))('%s of a run ends in exactly one line break', (name) => {
    expect(render(RUNS, name, [valid])).toMatch(/[^\n]\n$/);
  });

  it.each(COMPARISON.formats)(
    '$name of a comparison ends in exactly one line break and has no control characters',
    (format) => {
      const isPage = format.name === 'html';
      for (const make of isPage ? [comparisons.ok, comparisons.hostile] : Object.values(comparisons)) {
        const text = format.render(make());
        if (text !== '') expect(text).toMatch(/[^\n]\n$/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
        const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/;
        // The library inside a page has its own, and JSON escapes only those below U+0020.
        if (!isPage && format.name !== 'json') expect(text).not.toMatch(control);
      }
    },
  );

  it.each(['hgrm', 'hlog'])('%s refuses several results', (name) => {
    expect(thrownBy(() => render(RUNS, name, [valid, valid]))).toMatchObject({
      code: 'ONE_RESULT_ONLY',
      message: `${name} holds one result; 2 were given`,
      exitCode: 2,
    });
  });

  it('give back the stored document as JSON, and an array of several runs', () => {
    expect(runResultSchema.parse(JSON.parse(render(RUNS, 'json', [valid])))).toEqual(valid);
    expect(JSON.parse(render(RUNS, 'json', [valid, valid]))).toEqual([valid, valid]);
    const comparison = comparisons.several();
    const stored: unknown = JSON.parse(render(COMPARISON, 'json', comparison));
    expect(comparisonSchema.parse(stored)).toEqual(comparison);
    const repeated = makeRepeated({ starts: [1, 1] });
    expect(repeatedSchema.parse(JSON.parse(render(REPEATED, 'json', [repeated])))).toEqual(repeated);
    const capacity = makeCapacity({ steps: 2 });
    expect(capacitySchema.parse(JSON.parse(render(CAPACITY, 'json', capacity)))).toEqual(capacity);
  });

  it.each(['text', 'md', 'html'])('%s begins with the verdict', (name) => {
    const body = render(RUNS, name, [results.invalid()]).replace(/^[\s\S]*<body>/, '');
    const first = body
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('*', '')
      .trim()
      .split('\n')[0];
    // A page has the verdict as a badge before its heading.
    expect(first?.replace(/^INVALID:? /, '')).toBe('sent 80.1/s of 100/s; send lag p99 was 12 ms');
    expect(first).toMatch(/^INVALID/);
  });
});

describe('a list of formats', () => {
  it.each([
    ['text', ['text']],
    ['text,json,html', ['text', 'json', 'html']],
    [' csv , md', ['csv', 'md']],
  ])('is read from "%s"', (list, names) => {
    expect(parseFormats(RUNS, list).map(({ name }) => name)).toEqual(names);
  });

  const OF_A_RUN = 'the formats of a run are text, table, md, json, html, hgrm, hlog, csv, badge';

  it.each([
    [RUNS, 'htm', `there is no format "htm"; ${OF_A_RUN}`, 'Did you mean html?'],
    [RUNS, 'text,', `there is no format ""; ${OF_A_RUN}`, ''],
    [RUNS, 'postscript', `there is no format "postscript"; ${OF_A_RUN}`, ''],
    [RUNS, 'junit', `"junit" is a format of a comparison, not of a run; ${OF_A_RUN}`, ''],
    [
      CAPACITY,
      'hlog',
      '"hlog" is a format of a run, not of a capacity search; the formats of a capacity search are text, md, json, html, csv, badge',
      '',
    ],
  ] as ReadonlyArray<[DocumentKind<never>, string, string, string]>)(
    'is refused where the kind of document lacks one: %#',
    (kind, list, problem, hint) => {
      expect(thrownBy(() => parseFormats(kind, list))).toMatchObject({
        code: 'UNKNOWN_FORMAT',
        message: `--format: ${problem}`,
        hint,
      });
    },
  );
});

describe('the file name of a run', () => {
  const nameOf = (given: Parameters<typeof RUNS.fileName>[0]) => {
    const [json] = parseFormats(RUNS, 'json');
    return json === undefined ? '' : RUNS.fileName(given, json);
  };

  it('says what was measured, over what, and when', () => {
    expect(nameOf([results.polling()])).toBe('broadcast-latency-socketio-polling-20260304-050607-891.json');
    expect(nameOf([results.polling(), valid])).toBe('comparison-of-2.json');
  });

  it.each(['../../../x', '/x', '..', '', 'a\0b', 'x'.repeat(300)])(
    'stays in its folder when the document says %j',
    (text) => {
      const result = makeResult({ protocol: 'ws', seconds: 1 });
      const target = { ...result.plan.target, name: text, url: null };
      const name = nameOf([{ ...result, plan: { ...result.plan, scenario: text, target } }]);
      expect(name).toMatch(/^[\w-][\w.-]*-websocket-20260304-050607-891\.json$/);
      expect(name.length).toBeLessThan(200);
    },
  );

  it('has no URL in it', () => {
    const result = makeResult({ protocol: 'ws', seconds: 1 });
    const url = 'ws://127.0.0.1:3000/path?token=secret';
    const target = { ...result.plan.target, name: url, url };
    expect(nameOf([{ ...result, plan: { ...result.plan, target } }])).toBe(
      'broadcast-latency-ws-websocket-20260304-050607-891.json',
    );
  });
});
