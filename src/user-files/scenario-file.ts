import { z } from 'zod';
import type { Scenario } from '../contract/scenario.ts';
import { isUnstalled, SERIES } from '../measure/series.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import { SCENARIO_RESULTS } from './results.ts';
import { fn, loadUserFile } from './user-file.ts';

const scenarioFields = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected lower-case letters, digits and hyphens'),
  summary: z.string(),
  headline: z.string(),
  connections: z.enum(['clients', 'iterations']).optional(),
  series: z.record(z.string(), z.string()).optional(),
  options: z.record(
    z.string(),
    z.looseObject({
      value: z.string().nullable(),
      default: z.string().nullable(),
      summary: z.string(),
      parse: fn,
    }),
  ),
  defaults: z.record(z.string(), z.string()).optional(),
  layout: fn,
  steps: fn.optional(),
});

/** Names that stand for something else in a run: its own series, and the base in a threshold. */
const RESERVED_SERIES = new Set([...SERIES.map(({ name }) => name), 'warmup', 'base']);

/** Explains why a series cannot have this name; null when it can. */
function problemOfSeries(name: string): string | null {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return 'expected lower-case letters, digits and underscores';
  return RESERVED_SERIES.has(name) || name.endsWith('_actual') || isUnstalled(name)
    ? `${name} is a reserved name`
    : null;
}

const scenarioSchema = scenarioFields.superRefine(({ series = {}, options, defaults = {} }, context) => {
  const check = (field: string, name: string, problem: string | null) => {
    if (problem !== null) context.addIssue({ code: 'custom', path: [field, name], message: problem });
  };
  const isPlanOption = (name: string) => Object.hasOwn(PLAN_OPTIONS, name);
  for (const name of Object.keys(series)) check('series', name, problemOfSeries(name));
  for (const name of Object.keys(options)) {
    check('options', name, isPlanOption(name) ? `${name} is an option of every run` : null);
  }
  for (const name of Object.keys(defaults)) {
    const isOption = isPlanOption(name) || Object.hasOwn(options, name);
    check('defaults', name, isOption ? null : `${name} is not an option of the scenario or of every run`);
  }
});

/** Loads a scenario file. Throws BAD_SCENARIO_FILE for a definition that does not fit. */
export async function loadScenarioFile(file: string): Promise<Scenario> {
  return (await loadUserFile(file, 'scenario', scenarioSchema, SCENARIO_RESULTS)) as unknown as Scenario;
}
