import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { CAPACITY, COMPARISON, type DocumentKind, REPEATED, RUNS } from '../../src/report/index.ts';
import { capacitySchema } from '../../src/result/capacity.ts';
import { comparisonSchema } from '../../src/result/comparison.ts';
import { repeatedSchema } from '../../src/result/repeated.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { unsafeCharacters, workflowCommands } from '../support/unsafe-text.ts';
import { makeCapacity } from './capacity-fixture.ts';
import { comparisons } from './comparison-fixture.ts';
import { results } from './fixture.ts';
import { makeRepeated } from './repeated-fixture.ts';

/** What nothing that is shown may contain. The words make it distinct from our own text. */
const HOSTILE = [
  '=evil()',
  '\u001b[31m\u001b]0;evil\u0007\u009b31m\u0000\u0008\r\n::stop-commands::evil\n::set-output name=a::evil',
  '##[add-mask]evil ##vso[evil] ##teamcity[evil] \u202eevil\u2066\u200f\u061c\u2028\u2029\u200b\u{e0041}\ufeff\ud800',
  '</script><img src=x onerror=evil>',
].join(' ');

type Path = readonly PropertyKey[];

/** The name of a place without its positions in lists. */
const placeOf = (path: Path) =>
  path.filter((step) => typeof step === 'string' && !/^\d+$/.test(step)).join('.');

/** A copy with every text replaced, but those at `kept` places, and encoded histograms. */
function replaced(value: unknown, kept: ReadonlySet<string>, path: Path = []): unknown {
  if (typeof value === 'string') {
    return value.startsWith('HISTF') || kept.has(placeOf(path))
      ? value
      : `${HOSTILE} ${path.at(-1)?.toString()}`;
  }
  if (Array.isArray(value)) return value.map((each, index) => replaced(each, kept, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, replaced(each, kept, [...path, key])]),
  );
}

/** A document that the schema accepts, in which every text that may be any text is hostile. */
function hostile<Schema extends z.ZodType>(
  schema: Schema,
  document: unknown,
): { made: z.output<Schema>; kept: string[] } {
  // The formats of one series are rendered for a headline that exists.
  const kept = new Set(['headline']);
  for (;;) {
    const parsed = schema.safeParse(replaced(document, kept));
    if (parsed.success) return { made: parsed.data, kept: [...kept] };
    const size = kept.size;
    for (const { path } of parsed.error.issues) kept.add(placeOf(path));
    if (kept.size === size) throw parsed.error;
  }
}

/** Adds a package, a series and a meaning with hostile names. */
function withHostileNames(result: RunResult): RunResult {
  const { environment, series, ownSeries } = result;
  return {
    ...result,
    environment: { ...environment, packages: { ...environment.packages, [HOSTILE]: '1' } },
    series: { ...series, ...(series['delivery'] === undefined ? {} : { [HOSTILE]: series['delivery'] }) },
    ownSeries: { ...ownSeries, [HOSTILE]: 'evil' },
  };
}

/** What a format shows. */
function shown<Document>(kind: DocumentKind<Document>, name: string, document: Document): string {
  return kind.formats.find((format) => format.name === name)?.render(document) ?? '';
}

const run = hostile(runResultSchema, withHostileNames(results.polling()));
const comparison = hostile(comparisonSchema, comparisons.hostile());
const repeated = hostile(repeatedSchema, makeRepeated({ starts: [1, 1], thresholds: ['lost==0'] }));
const capacity = hostile(capacitySchema, makeCapacity());

const namesOf = <Document>({ formats }: DocumentKind<Document>) =>
  formats.map(({ name }) => name).filter((name) => name !== 'json');

describe('a stored document in which every text is hostile', () => {
  it('keeps only texts that the schema limits to known words, times and formats', () => {
    const places = [
      ...new Set(
        [...run.kept, ...comparison.kept, ...repeated.kept, ...capacity.kept].map((place) =>
          place.split('.').at(-1),
        ),
      ),
    ];
    expect(places).toMatchInlineSnapshot(`
      [
        "headline",
        "name",
        "startedAt",
        "originMonotonicNs",
        "originWallNs",
        "clock",
        "sockets",
        "status",
        "protocol",
        "transport",
        "arrival",
        "payloadType",
        "kind",
        "endedBy",
        "unit",
        "source",
        "command",
        "verdict",
        "code",
        "vary",
        "phase",
        "outcome",
      ]
    `);
  });

  it.each([
    ...namesOf(RUNS).map((name) => ['run', name, () => shown(RUNS, name, [run.made])] as const),
    ...namesOf(COMPARISON).map(
      (name) => ['comparison', name, () => shown(COMPARISON, name, comparison.made)] as const,
    ),
    ...namesOf(REPEATED).map(
      (name) => ['repeated run', name, () => shown(REPEATED, name, [repeated.made])] as const,
    ),
    ...namesOf(CAPACITY).map(
      (name) => ['capacity', name, () => shown(CAPACITY, name, capacity.made)] as const,
    ),
  ])('of a %s is safe as %s', (_kind, name, render) => {
    const text = render();
    expect(text.length).toBeGreaterThan(0);
    const lines = name === 'github-annotations' ? text.replaceAll(/^::(error|warning|notice) /gm, '') : text;
    expect(unsafeCharacters(lines)).toEqual([]);
    expect(workflowCommands(lines)).toEqual([]);
    if (name === 'html') expect(text).not.toContain('<img src=x');
    if (name === 'csv') expect(text).not.toMatch(/(^|,)"?=evil/m);
  });
});
