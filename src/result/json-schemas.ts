import { z } from 'zod';
import { calibrationSchema } from './calibration.ts';
import { capacitySchema } from './capacity.ts';
import { comparisonSchema } from './comparison.ts';
import { repeatedSchema } from './repeated.ts';
import { runResultSchema, SCHEMA_VERSION } from './run-result.ts';
import { trendSchema } from './trend.ts';

/** Every document that sockbench stores, by name. */
export const STORED_SCHEMAS = {
  run: runResultSchema,
  comparison: comparisonSchema,
  repeated: repeatedSchema,
  capacity: capacitySchema,
  calibration: calibrationSchema,
  trend: trendSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

export type StoredSchemaName = keyof typeof STORED_SCHEMAS;

export const STORED_SCHEMA_NAMES = Object.keys(STORED_SCHEMAS) as readonly StoredSchemaName[];

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * The JSON Schema (draft 2020-12) of a stored document. Fields with defaults, which older documents lack, are optional.
 * Sums that must agree, and the limits of a whole file, are not part of it.
 */
export function jsonSchemaOf(name: StoredSchemaName): Readonly<Record<string, unknown>> {
  const generated = z.toJSONSchema(STORED_SCHEMAS[name], { io: 'input' });
  return {
    $schema: DIALECT,
    title: `sockbench ${name}, schemaVersion ${SCHEMA_VERSION}`,
    ...(withoutDialect(generated) as Readonly<Record<string, unknown>>),
  };
}

/** Lists and records hold the schemas of their items, each of which names its dialect again. */
function withoutDialect(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDialect);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => key !== '$schema' || typeof value !== 'string',
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutDialect(value)]));
}
