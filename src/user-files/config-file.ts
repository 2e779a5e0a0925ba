import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { GivenOptions } from '../contract/options.ts';
import { SockbenchError } from '../errors.ts';
import type { PlanOptions } from '../plan/options.ts';
import { firstIssue } from './first-issue.ts';
import { importUserModule } from './module.ts';

/** Looked for in the working directory, in this order. */
export const CONFIG_FILES = [
  'sockbench.config.ts',
  'sockbench.config.mts',
  'sockbench.config.js',
  'sockbench.config.mjs',
];

type Value = string | number | boolean;

/**
 * Values of flags for every run from this folder, by the flag's name in camelCase: `excludeSender` is
 * --exclude-sender. Quantities carry their units as on the command line. A flag that is given goes before.
 */
export interface Config extends Readonly<Partial<Record<keyof PlanOptions, Value>>> {
  /** Options of scenarios, by the scenario's name. */
  readonly scenarios?: Readonly<Record<string, Readonly<Record<string, Value>>>>;
  /**
   * Threshold expressions, beside those of the command line. One on anything that a run does not have, such as a
   * series or a base, is left out of it.
   */
  readonly threshold?: readonly string[];
  readonly out?: string;
  readonly format?: string;
}

/** Types a config. */
export function defineConfig(config: Config): Config {
  return config;
}

/** A config as the command line takes it. */
export interface LoadedConfig {
  /** Path of the file; null when there is none. */
  readonly file: string | null;
  readonly given: GivenOptions;
  readonly scenarios: Readonly<Record<string, GivenOptions>>;
  readonly threshold: readonly string[];
  readonly out: string | undefined;
  readonly format: string | undefined;
}

const value = z
  .union([z.string(), z.number(), z.boolean()], 'expected text, a number, true or false')
  .transform(String);

/**
 * Loads the config of the working directory, or the one given. Throws BAD_CONFIG for a key that is no option, or
 * what importing the file throws.
 */
export async function loadConfig(given: string | undefined, known: readonly string[]): Promise<LoadedConfig> {
  const file = given ?? CONFIG_FILES.find((name) => existsSync(name)) ?? null;
  const none = { file, given: {}, scenarios: {}, threshold: [], out: undefined, format: undefined };
  if (file === null) return none;
  const schema = z.strictObject({
    ...Object.fromEntries(known.map((name) => [name, value.optional()])),
    scenarios: z.record(z.string(), z.record(z.string(), value)).default({}),
    threshold: z.array(z.string()).default([]),
    out: z.string().optional(),
    format: z.string().optional(),
  });
  const checked = schema.safeParse(await importUserModule(file, 'config'));
  if (!checked.success) {
    throw new SockbenchError({
      code: 'BAD_CONFIG',
      message: `${file}: ${firstIssue(checked.error, 'the default export')}`,
      hint: 'Its keys are the flags of every sockbench run in camelCase; those of one scenario go into scenarios: { NAME: { ... } }.',
    });
  }
  const { scenarios, threshold, out, format, ...options } = checked.data;
  return { file, given: options as GivenOptions, scenarios, threshold, out, format };
}
