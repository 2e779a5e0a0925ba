import { z } from 'zod';
import type { Scenario } from '../contract/scenario.ts';
import { SockbenchError } from '../errors.ts';
import { SERIES } from '../measure/series.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import { firstIssue } from './first-issue.ts';
import { nameFunctions } from './functions.ts';
import { importUserModule } from './module.ts';

const fn = z.custom<never>((value) => typeof value === 'function', 'expected a function');
const seriesName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'a series is named in lower case, with underscores')
  .refine((name) => name !== 'base', 'no series is named base, which is what gate compares with');
const reserved = new Set([...SERIES.map(({ name }) => name), 'warmup']);

const fields = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'a scenario is named in lower case, with hyphens'),
  summary: z.string(),
  headline: z.string(),
  series: z
    .record(
      seriesName.refine(
        (name) => !reserved.has(name) && !name.endsWith('_actual'),
        'is a series of every run',
      ),
      z.string(),
    )
    .optional(),
  options: z.record(
    z.string().refine((name) => !Object.hasOwn(PLAN_OPTIONS, name), 'is an option of every run'),
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

const scenarioSchema = fields.superRefine(({ options, defaults = {} }, context) => {
  for (const name of Object.keys(defaults)) {
    if (Object.hasOwn(PLAN_OPTIONS, name) || Object.hasOwn(options, name)) continue;
    context.addIssue({
      code: 'custom',
      path: ['defaults', name],
      message: 'is no option, of every run or of its own',
    });
  }
});

/** Loads a scenario file and checks it. Throws BAD_SCENARIO_FILE, or what importing the file throws. */
export async function loadScenarioFile(file: string): Promise<Scenario> {
  const scenario = await importUserModule(file, 'scenario');
  const checked = scenarioSchema.safeParse(scenario);
  if (checked.success) return nameFunctions(scenario as Scenario, file);
  throw new SockbenchError({
    code: 'BAD_SCENARIO_FILE',
    message: `${file}: ${firstIssue(checked.error, 'the default export')}`,
    hint: 'Write export default defineScenario({...}): your editor then shows what belongs in it.',
  });
}
