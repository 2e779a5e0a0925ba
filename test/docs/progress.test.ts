import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { progressSchema } from '../../src/result/progress.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/progress.md'), 'utf8');

/** The events and their fields in the table of the page, without `type` and `atMs`, which all have. */
const documented = [...PAGE.matchAll(/^\| `([a-z-]+)` \| [^|`]+ \| (.+) \|$/gm)].map(
  ([, type = '', cell = '']) => [
    type,
    [...(cell.split(':')[0]?.matchAll(/`(\w+)`/g) ?? [])].map(([, field]) => field),
  ],
);

it('the page of progress lists every event with its fields', () => {
  const events = progressSchema.options.map(({ shape }) => [
    shape.type.value,
    Object.keys(shape).filter((field) => field !== 'type' && field !== 'atMs'),
  ]);
  expect(events).toHaveLength(8);
  expect(documented).toEqual(events);
});
