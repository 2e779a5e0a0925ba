import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Calibration } from '../../src/result/calibration.ts';
import {
  jsonSchemaOf,
  STORED_SCHEMA_NAMES,
  STORED_SCHEMAS,
  type StoredSchemaName,
} from '../../src/result/json-schemas.ts';
import { makeCapacity } from '../report/capacity-fixture.ts';
import { makeComparison } from '../report/comparison-fixture.ts';
import { results } from '../report/fixture.ts';
import { makeRepeated } from '../report/repeated-fixture.ts';
import { makeTrend, runOfDay } from '../report/trend-fixture.ts';
import { madeShards } from '../support/made-shards.ts';
import { fromSchema2 } from '../support/schema-2.ts';
import { everyoneHears } from './merge/made-run.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'schema-2');

const calibration: Calibration = {
  schemaVersion: 3,
  kind: 'calibration',
  tool: { name: 'sockbench', version: '0.1.0' },
  calibratedAt: '2026-11-28T10:00:00.000Z',
  commandLine: ['calibrate'],
  setup: { scenario: 'broadcast-latency' },
  rateHz: 50,
  floors: [],
  capacity: null,
};

/** Recorded documents, and made-up ones of every kind. */
const documents: ReadonlyArray<readonly [name: string, kind: StoredSchemaName, document: unknown]> = [
  ...readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.json.gz') && !file.endsWith('.figures.json.gz'))
    .map((file) => {
      const document = fromSchema2(JSON.parse(gunzipSync(readFileSync(join(FIXTURES, file))).toString()));
      const { kind = 'run' } = document as { readonly kind?: StoredSchemaName };
      return [file, kind, document] as const;
    }),
  ...Object.entries(results).map(([name, make]) => [`run ${name}`, 'run', make()] as const),
  ['shard', 'run', madeShards(everyoneHears(6), 2)[0]],
  ['comparison', 'comparison', makeComparison({ rounds: 2, excluded: 1 })],
  ['repeated', 'repeated', makeRepeated({ starts: [1, 'it ended at once'], thresholds: ['lost==0'] })],
  ['capacity', 'capacity', makeCapacity({ steps: 2 })],
  ['calibration', 'calibration', calibration],
  ['trend', 'trend', makeTrend([runOfDay(0, 1), runOfDay(1, 1)])],
];

/** A validator made of the text of the schema alone. */
const VALIDATORS = Object.fromEntries(
  STORED_SCHEMA_NAMES.map((name) => [name, z.fromJSONSchema(JSON.parse(JSON.stringify(jsonSchemaOf(name))))]),
);

const isValid = (kind: StoredSchemaName, document: unknown) =>
  VALIDATORS[kind]?.safeParse(JSON.parse(JSON.stringify(document))).success;

/** The paths of all fields that are required at some depth of a document, without those in lists. */
function requiredPaths(schema: unknown, path: readonly string[] = []): string[][] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
  return required.flatMap((name) => [[...path, name], ...requiredPaths(properties[name], [...path, name])]);
}

function without(document: unknown, [name = '', ...rest]: readonly string[]): unknown {
  const { [name]: inner, ...others } = document as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [name]: without(inner, rest) };
}

describe('the JSON Schemas', () => {
  it.each(documents)('accept %s', (_, kind, document) => {
    expect(isValid(kind, document)).toBe(true);
  });

  it('are of one dialect, which is named once', () => {
    for (const name of STORED_SCHEMA_NAMES) {
      const text = JSON.stringify(jsonSchemaOf(name));
      expect(text.match(/https?:\/\//g)).toHaveLength(1);
      expect(text).toMatch(new RegExp(`^\\{"\\$schema":"[^"]*2020-12/schema","title":"sockbench ${name}, `));
    }
  });

  it.each(STORED_SCHEMA_NAMES)('refuse a %s without a field that sockbench requires', (name) => {
    const document = documents.find(([, kind]) => kind === name)?.[2];
    const paths = requiredPaths(jsonSchemaOf(name));
    expect(paths.length).toBeGreaterThan(9);
    for (const path of paths) {
      const cut = without(document, path);
      expect([path, isValid(name, cut)]).toEqual([path, false]);
      expect(STORED_SCHEMAS[name].safeParse(cut).success).toBe(false);
    }
  });

  it('refuse other kinds, other versions, and items of lists that are wrong', () => {
    const [run, trend] = [results.valid(), makeTrend([runOfDay(0, 1), runOfDay(1, 1)])];
    expect(isValid('comparison', run)).toBe(false);
    expect(isValid('run', { ...run, schemaVersion: 2 })).toBe(false);
    expect(isValid('run', { ...run, intervals: [{}] })).toBe(false);
    expect(isValid('run', { ...run, series: { delivery: 1 } })).toBe(false);
    expect(isValid('trend', { ...trend, skipped: [{ path: 1, reason: '' }] })).toBe(false);
    expect(isValid('trend', { ...trend, histories: [] })).toBe(false);
  });
});
