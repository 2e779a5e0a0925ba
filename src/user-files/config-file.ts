import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type GivenOptions, joinRepeated, type Option } from '../contract/options.ts';
import { PLAN_OPTIONS, type PlanOptions } from '../plan/options.ts';
import { loadUserFile } from './user-file.ts';

/** Names of the config in the working directory; the first that exists is used. */
export const CONFIG_FILES = [
  'sockbench.config.mts',
  'sockbench.config.ts',
  'sockbench.config.mjs',
  'sockbench.config.js',
];

/** A list for an option whose flag may be given several times. */
type Value = string | number | boolean | readonly string[];

/**
 * Values of flags for every run in this folder, by the flag's name in camelCase: `excludeSender` is --exclude-sender.
 * Quantities carry their units as on the command line. A flag of the command line overrides the config.
 */
export interface Config extends Readonly<Partial<Record<keyof PlanOptions, Value>>> {
  /** Options of scenarios, by the name of the scenario. */
  readonly scenarios?: Readonly<Record<string, Readonly<Record<string, Value>>>>;
  /**
   * Threshold expressions, in addition to those of the command line. A threshold on something that a run does not
   * have, such as a series or a base, is ignored in that run.
   */
  readonly threshold?: readonly string[];
  readonly out?: string;
  readonly format?: string;
}

/** Types a config. */
export function defineConfig(config: Config): Config {
  return config;
}

const value = z
  .union([z.string(), z.number(), z.boolean()], 'expected text, a number, true or false')
  .transform(String);

const givenValue = (option: Option<unknown>) =>
  option.isRepeated === true ? z.union([z.array(z.string()).transform(joinRepeated), value]) : value;

const configSchema = z.strictObject({
  ...Object.fromEntries(
    Object.entries(PLAN_OPTIONS).map(([name, option]) => [name, givenValue(option).optional()]),
  ),
  scenarios: z.record(z.string(), z.record(z.string(), value)).default({}),
  threshold: z.array(z.string()).default([]),
  out: z.string().optional(),
  format: z.string().optional(),
});

/** A config as text, as the command line would give it. */
export interface LoadedConfig {
  /** Path of the file; null when there is none. */
  readonly file: string | null;
  readonly given: GivenOptions;
  readonly scenarios: Readonly<Record<string, GivenOptions>>;
  readonly threshold: readonly string[];
  readonly out: string | undefined;
  readonly format: string | undefined;
}

/**
 * Loads the given config, or that of the working directory if there is one. Throws BAD_CONFIG for an unknown key or a
 * wrong value.
 */
export async function loadConfig(given: string | null): Promise<LoadedConfig> {
  const file = given ?? CONFIG_FILES.find((name) => existsSync(name)) ?? null;
  const config = file === null ? configSchema.parse({}) : await loadUserFile(file, 'config', configSchema);
  const { scenarios, threshold, out, format, ...options } = config;
  return { file, given: options as GivenOptions, scenarios, threshold, out, format };
}
