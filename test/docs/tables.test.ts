import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DOC_TABLE_NAMES, PAGES_WITH_TABLES, withCurrentTables } from '../../scripts/docs.ts';
import { intervalsPicture } from '../../scripts/intervals-picture.ts';
import { EXIT } from '../../src/errors.ts';
import { OPERATIONS } from '../../src/generator/operations/index.ts';
import { KEYS_OF_KIND } from '../../src/plan/disruptions.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { KEYS_OF_POLICY } from '../../src/plan/reconnect.ts';
import { capacitySchema } from '../../src/result/capacity.ts';
import { comparisonSchema } from '../../src/result/comparison.ts';
import { repeatedSchema } from '../../src/result/repeated.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { trendSchema } from '../../src/result/trend.ts';
import { pages, ROOT } from './pages.ts';

const textOf = (path: string) => pages.find((page) => page.path === path)?.text ?? '';

describe('the reference tables', () => {
  it.each(PAGES_WITH_TABLES)('of %s match the code (npm run docs writes them)', async (path) => {
    expect(textOf(path)).toContain('<!-- table: ');
    expect(textOf(path)).toBe(await withCurrentTables(textOf(path)));
  });

  it('stand beside a picture of intervals that is current, too', () => {
    expect(readFileSync(join(ROOT, 'docs', 'intervals.svg'), 'utf8')).toBe(intervalsPicture());
    expect(textOf('docs/method.md')).toContain('](intervals.svg)');
  });

  it('are each on one page', () => {
    const marked = PAGES_WITH_TABLES.flatMap((path) => [
      ...textOf(path).matchAll(/<!-- table: ([a-z ]+) -->/g),
    ]);
    expect(marked.map(([, name]) => name).toSorted()).toEqual(DOC_TABLE_NAMES.toSorted());
  });

  it('are on pages that npm run docs writes', () => {
    const paths = pages.filter(({ text }) => text.includes('<!-- table: ')).map(({ path }) => path);
    expect(paths.toSorted()).toEqual([...PAGES_WITH_TABLES].toSorted());
  });

  it('list every exit code', () => {
    const [, section = ''] = textOf('docs/result.md').split('## Exit codes');
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(listed).toEqual(expect.arrayContaining(Object.values(EXIT)));
  });
});

it('docs/scenario.md lists every operation', () => {
  const listed = [...textOf('docs/scenario.md').matchAll(/^\| `\{ kind: '([a-z-]+)'/gm)].map(
    ([, kind]) => kind,
  );
  expect(listed.toSorted()).toEqual(Object.keys(OPERATIONS).toSorted());
});

describe('docs/disruption.md', () => {
  const named = (text: string) => [...text.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  /** The rows of the table whose header begins so: the name, and the names in the last cell. */
  const rowsBelow = (header: string) => {
    const [, table = ''] = textOf('docs/disruption.md').split(`| ${header} |`);
    const rows = (table.split('\n\n')[0] ?? '').matchAll(/^\| `([a-z-]+)` \|(?:.*\|)?([^|]*)\|$/gm);
    return Object.fromEntries([...rows].map(([, name = '', cell = '']) => [name, named(cell)]));
  };

  it('lists every kind of disruption with its keys', () => {
    expect(rowsBelow('kind')).toEqual(KEYS_OF_KIND);
    expect(Object.keys(rowsBelow('key'))).toEqual(expect.arrayContaining(Object.values(KEYS_OF_KIND).flat()));
  });

  it('lists every policy with its keys', () => {
    expect(rowsBelow('policy')).toEqual(KEYS_OF_POLICY);
  });
});

/** Returns the names of all fields in a JSON schema, at any depth. */
function fieldsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema && typeof schema.properties === 'object' ? schema.properties : null;
  return [...Object.keys(own ?? {}), ...Object.values(schema).flatMap(fieldsIn)];
}

describe('docs/result.md', () => {
  /** `connectRateHz` holds the option `connectRate`. */
  const isOption = (field: string) => Object.keys(PLAN_OPTIONS).some((option) => field.startsWith(option));

  it.each([
    ['run', runResultSchema],
    ['repeated run', repeatedSchema],
    ['comparison', comparisonSchema],
    ['capacity search', capacitySchema],
    ['trend', trendSchema],
  ] as const)('names every field of a stored %s', (_, schema) => {
    const fields = new Set(
      fieldsIn(z.toJSONSchema(schema, { io: 'input' })).filter((field) => !isOption(field)),
    );
    expect(fields.size).toBeGreaterThan(40);
    expect([...fields].filter((field) => !textOf('docs/result.md').includes(`\`${field}\``))).toEqual([]);
  });
});
