import { parseArgsStringToArgv } from 'string-argv';
import { z } from 'zod';
import { TRANSPORTS, type Transport } from '../contract/target.ts';
import { fail, withContext } from '../errors.ts';
import { parseRateHz } from '../units.ts';
import { type Link, parseLink } from './link.ts';
import { type PayloadOption, parsePayload, payloadPlanSchema } from './payload-plan.ts';
import { type PayloadSizes, parsePayloadSizes } from './payload-sizes.ts';
import { transportName } from './settings.ts';
import { percentageOf, readTerms } from './terms.ts';

/** A share, above 0 to 1, or a number. */
export type Portion = { readonly share: number } | { readonly count: number };

/** Clients that have something in common, as they are given. What is null is that of the run. */
export interface PopulationOption {
  readonly name: string;
  /** What was given of it, without its name. */
  readonly text: string;
  /** Null for all clients that no other population has. */
  readonly clients: Portion | null;
  readonly transport: Transport | null;
  readonly link: Link | 'none' | null;
  /** How many of its clients publish. */
  readonly publishers: Portion | null;
  /** Messages per second of all its publishers, or their share of those of the run. */
  readonly rate: { readonly hz: number } | { readonly share: number } | null;
  readonly payload: PayloadOption | null;
  readonly payloadSizes: PayloadSizes | null;
}

/** A population as stored with the plan. */
export const populationSchema = z
  .object({
    name: z.string(),
    /** What was given of it, without its name. */
    text: z.string(),
    clients: z.number().int().nonnegative(),
    /** How many of its clients publish or request. */
    publishers: z.number().int().nonnegative(),
    transport: z.enum(TRANSPORTS),
    driver: z.string(),
    /** The index of its link in those of the network; null where its clients connect directly. */
    link: z.number().int().nonnegative().nullable(),
    /** The share of its publishers in the messages of the run, 0 to 1; null where all publishers take turns. */
    rateShare: z.number().min(0).max(1).nullable(),
    /** What its publishers send; null for the payloads of the run. */
    payload: payloadPlanSchema.nullable(),
    payloadBytes: z.number().int().nonnegative(),
  })
  .readonly();

export type Population = z.infer<typeof populationSchema>;

const KEYS = ['clients', 'transport', 'link', 'publishers', 'rate', 'payload', 'payload-sizes'] as const;
const POPULATION_EXAMPLE =
  'Write it like \'mobile: clients=20% transport=polling\', with quotes around a value that has spaces: link="rtt=200ms jitter=20ms".';
const MAX_POPULATIONS = 20;

function refusePopulation(problem: string, hint = POPULATION_EXAMPLE): never {
  return fail('BAD_POPULATION', problem, hint);
}

/**
 * Reads populations. Throws BAD_POPULATION, and as the readers of links, rates and payloads do.
 *
 *     populations = population *( ";" population )      ; or a line for each
 *     population  = name ":" *( " " key "=" value )     ; a value with spaces stands in quotes
 *     key         = "clients" | "transport" | "link" | "publishers" | "rate" | "payload" | "payload-sizes"
 *
 * `clients` and `publishers` are a percentage or a number; `link` is as one of --network, or `none`; `rate` is that of all
 * its publishers together, or a percentage of that of the run.
 */
export function parsePopulations(text: string): readonly PopulationOption[] {
  const populations = text
    .split(/[;\n]/)
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map(parsePopulation);
  if (populations.length === 0) refusePopulation('no population is given');
  if (populations.length > MAX_POPULATIONS)
    refusePopulation(`${populations.length} populations are given`, `The maximum is ${MAX_POPULATIONS}.`);
  const twice = populations.find(({ name }, at) => populations.findIndex((each) => each.name === name) < at);
  if (twice !== undefined) refusePopulation(`the name ${twice.name} is given twice`, 'Rename one of them.');
  return populations;
}

const POPULATION_NAME = /^[a-z][a-z0-9_-]{0,29}$/;

function parsePopulation(text: string): PopulationOption {
  const [, name = '', rest = ''] = /^([^:=\s]*)\s*:\s*(.*)$/s.exec(text) ?? [];
  if (name === '') refusePopulation(`"${text}" does not begin with a name and a colon`);
  if (!POPULATION_NAME.test(name))
    refusePopulation(
      `"${name}" is not the name of a population`,
      'Use up to 30 lower-case letters, digits, - and _, and begin with a letter.',
    );
  if (/["']/.test(rest.replaceAll(/"[^"]*"|'[^']*'/g, '')))
    refusePopulation(`"${text}" has a quote that is not closed`);
  const values = readTerms(parseArgsStringToArgv(rest), {
    ...{ of: `the population ${name}`, code: 'BAD_POPULATION', keys: KEYS, example: 'clients=20%' },
  });
  const read = <T>(key: (typeof KEYS)[number], parse: (value: string) => T): T | null => {
    const value = values.get(key);
    return value === undefined ? null : withContext(`${name}: ${key}`, () => parse(value));
  };
  const population: PopulationOption = {
    ...{ name, text: rest.trim() },
    clients: read('clients', positivePortion),
    transport: read('transport', transportName),
    link: read('link', (value) => (value === 'none' ? ('none' as const) : parseLink(value, name))),
    publishers: read('publishers', portion),
    rate: read('rate', parsePopulationRate),
    payload: read('payload', parsePayload),
    payloadSizes: read('payload-sizes', parsePayloadSizes),
  };
  if (population.payload !== null && population.payloadSizes !== null)
    refusePopulation(`${name} has both payload= and payload-sizes=`, 'Remove one of them.');
  return population;
}

function portion(text: string): Portion {
  const share = percentageOf(text);
  if (share >= 0 && share <= 1) return { share };
  if (/^\d{1,9}$/.test(text)) return { count: Number(text) };
  return refusePopulation(
    `"${text}" is neither a percentage up to 100% nor a number`,
    'Write it like 20% or 40.',
  );
}

function positivePortion(text: string): Portion {
  const given = portion(text);
  if (('share' in given ? given.share : given.count) > 0) return given;
  return refusePopulation(`"${text}" is not above 0`, 'Leave the population out, or give more.');
}

function parsePopulationRate(text: string): NonNullable<PopulationOption['rate']> {
  const share = percentageOf(text);
  if (share > 0 && share <= 1) return { share };
  if (text.includes('@') || text.endsWith('%'))
    return refusePopulation(
      `"${text}" is neither a rate nor a percentage above 0% up to 100%`,
      'Write it like 20/s, or 20% of --rate, which may have stages.',
    );
  const hz = parseRateHz(text);
  return hz > 0 ? { hz } : refusePopulation(`"${text}" is not above 0`, 'Remove it, or give more.');
}
