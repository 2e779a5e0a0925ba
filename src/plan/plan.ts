import { z } from 'zod';
import { type GivenOptions, parseOptions } from '../contract/options.ts';
import type { Layout, Scenario } from '../contract/scenario.ts';
import { type Protocol, TRANSPORTS, type Transport } from '../contract/target.ts';
import { ARRIVALS } from './arrivals.ts';
import { disruptionSchema, parseDisruptions, planDisruptions, requireConnections } from './disruptions.ts';
import { requireEnoughClients } from './disturbed-clients.ts';
import { requireReceivers, requireSenders, requireSoundLayout } from './layout.ts';
import { networkSchema, planNetwork } from './network.ts';
import { requireConsistent } from './option-conflicts.ts';
import { PLAN_OPTIONS, type PlanOptions, plannedWorkers } from './options.ts';
import { payloadPlanSchema, payloadTypes, planPayload } from './payload-plan.ts';
import {
  planPopulations,
  rateOfPopulations,
  requireLinksApart,
  requirePopulated,
  requireTurns,
} from './population-load.ts';
import { publishersOfRun, sizePopulations } from './population-plan.ts';
import { seriesOfPlan } from './population-series.ts';
import { populationSchema } from './populations.ts';
import { parseProfile, profileDurationMs } from './profile.ts';
import { NO_RECONNECT, reconnectSchema } from './reconnect.ts';
import { SETTING_NAMES, type SettingName, type Settings } from './settings.ts';
import { type TargetPlan, targetPlanSchema } from './target-plan.ts';

const whole = z.number().int().nonnegative();
const decimal = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const text = z.string();

/** The settings as given, by name; null for one that was not given, or that a stored plan is too old to have. */
const settingsSchema = z
  .partialRecord(z.enum(SETTING_NAMES), z.union([text, decimal, z.null()]))
  .transform(
    (given) => Object.fromEntries(SETTING_NAMES.map((name) => [name, given[name] ?? null])) as Settings,
  );

/** A complete description of a run, which is stored with it. The same plan gives the same schedule in every process. */
export const planSchema = z
  .object({
    scenario: text,
    /** Absolute path of the scenario file; null for a built-in scenario. */
    scenarioFile: text.nullable(),
    /** The series that is shown first and judged. */
    headline: text,
    scenarioOptions: z.record(text, z.union([text, decimal, z.boolean(), z.null()])).readonly(),
    target: targetPlanSchema,
    transport: z.enum(TRANSPORTS),
    settings: settingsSchema,
    driver: text,
    /** Which sockets the wire driver was asked to use. */
    sockets: z.enum(['auto', 'kernel', 'node']).default('auto'),
    /** Addresses that clients were asked to connect from, in turn; empty to leave the choice to the run. */
    sourceAddresses: z.array(text).readonly().default([]),
    /** The links between clients and server; null where they connect directly. */
    network: networkSchema.nullable().default(null),
    /** Clients that have something in common; none where all clients are alike. */
    populations: z.array(populationSchema).readonly().default([]),
    clients: whole,
    workers: whole,
    /** Why --workers auto chose this number; null for a number that was given. */
    workersReason: text.nullable().default(null),
    pin: z.boolean(),
    profile: z.array(z.object({ durationMs: decimal, fromHz: decimal, toHz: decimal }).readonly()).readonly(),
    arrival: z.enum(ARRIVALS),
    seed: whole,
    /** The minimum time between two messages of one sender; null for none. */
    senderCooldownMs: decimal.nullable().default(null),
    /** Bytes of a payload; of the largest where sizes differ. */
    payloadBytes: whole,
    /** Null in results of older versions, whose payloads have one size. */
    payload: payloadPlanSchema.nullable().default(null),
    payloadType: z.enum(['text', 'binary']),
    /** Whether the content of received payloads is compared with the sent ones, beside their length. */
    verify: z.boolean().default(false),
    /** Whether the processes of the server are profiled, which makes them slower. */
    cpuProfile: z.boolean().default(false),
    /** What happens to clients and the server during the measured time. */
    disruptions: z.array(disruptionSchema).readonly().default([]),
    reconnect: reconnectSchema.default(NO_RECONNECT),
    durationMs: decimal,
    warmupMs: decimal,
    warmupMaxMs: decimal,
    drainMs: decimal,
    lateAfterMs: decimal,
    connectRateHz: decimal,
    connectTimeoutMs: decimal,
    /** Threshold expressions as given. */
    thresholds: z.array(text).readonly(),
  })
  .readonly();

export type Plan = z.infer<typeof planSchema>;
export type { ReferencePlan, TargetPlan } from './target-plan.ts';

/** A run to carry out. The layout is the one that the scenario computed from the plan. */
export interface PlannedRun {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly layout: Layout;
}

/**
 * Turns given options into a frozen plan and its layout. `targetOf` resolves the target from the parsed options and the
 * names of the settings that were given. Throws a SockbenchError for values that are not allowed, alone or together.
 */
export function buildPlan(
  scenario: Scenario,
  asked: GivenOptions,
  targetOf: (options: PlanOptions, settings: readonly SettingName[]) => TargetPlan,
  scenarioFile: string | null = null,
): PlannedRun {
  const given = { ...scenario.defaults, ...asked };
  const options = parseOptions(PLAN_OPTIONS, given);
  const scenarioOptions = parseOptions(scenario.options, given) as Plan['scenarioOptions'];
  const settings = SETTING_NAMES.filter((name) => given[name] !== undefined);
  const target = targetOf(options, settings);
  requireConsistent(options, given, asked);
  const { clients, seed, rate } = options;
  const sized = sizePopulations(options.population, options.network, clients);
  const profile = parseProfile(rateOfPopulations(sized, asked['rate']) ?? rate, options.duration);
  const speech = { protocol: target.protocol, transport: options.transport };
  const publishers = publishersOfRun({ populations: sized, clients, seed });
  const layout = scenario.layout(scenarioOptions, clients, speech, publishers);
  requireSoundLayout(scenario, layout, clients);
  requireReceivers(layout, scenario, clients);
  const warmupMaxMs = Math.max(options.warmup, options.warmupMax);
  requireTurns(sized, options.senderCooldown);
  if (options.senderCooldown !== null)
    requireSenders(layout, { ...options, cooldownMs: options.senderCooldown, profile, warmupMaxMs });
  const headline = headlineOf(scenario, layout, target);
  if (options.population !== null)
    requirePopulated(scenario, headline, publishers, asked['publishers'] !== undefined);
  const durationMs = profileDurationMs(profile);
  const driverOf = (transport: Transport) => options.driver ?? defaultDriver(target.protocol, transport);
  const payloads = { ...options, types: payloadTypes(layout, options.payloadType) };
  const ofRun = planPayload(payloads);
  const { populations, links } = planPopulations({ ...options, sized, layout, driverOf, payloads });
  const network = planNetwork({ ...options, network: links }, target, asked['networkVia'] !== undefined);
  requireLinksApart(populations, network);
  const plan: Plan = {
    scenario: scenario.name,
    scenarioFile,
    headline,
    scenarioOptions,
    target,
    transport: options.transport,
    settings: Object.fromEntries(
      SETTING_NAMES.map((name) => [name, settings.includes(name) ? options[name] : null]),
    ) as Settings,
    driver: driverOf(options.transport),
    sockets: options.sockets,
    sourceAddresses: options.sourceAddresses ?? [],
    network,
    populations,
    clients,
    ...plannedWorkers(options.workers),
    pin: options.pin === 'on',
    profile,
    arrival: options.arrival,
    seed,
    senderCooldownMs: options.senderCooldown,
    payload: ofRun.payload,
    payloadBytes: Math.max(ofRun.payloadBytes, ...populations.map(({ payloadBytes }) => payloadBytes)),
    payloadType: options.payloadType,
    verify: options.verify,
    cpuProfile: options.profile,
    disruptions: disruptionsOf(scenario, scenarioOptions, options, durationMs, layout),
    reconnect: options.reconnect,
    durationMs,
    warmupMs: options.warmup,
    warmupMaxMs,
    drainMs: options.drain,
    lateAfterMs: options.lateAfter,
    connectRateHz: options.connectRate,
    connectTimeoutMs: options.connectTimeout,
    thresholds: [],
  };
  return { scenario: withSeriesOfPlan(scenario, plan), plan: Object.freeze(plan), layout };
}

/** The disruptions that are given, or those of the scenario. */
function disruptionsOf(
  scenario: Scenario,
  scenarioOptions: Plan['scenarioOptions'],
  { disrupt, clients }: PlanOptions,
  durationMs: number,
  layout: Layout,
): Plan['disruptions'] {
  const own = scenario.disrupt?.(scenarioOptions);
  const given = disrupt ?? (own === undefined ? [] : parseDisruptions(own));
  const isOwn = disrupt === null && own !== undefined;
  const disruptions = planDisruptions(given, durationMs, isOwn ? scenario.name : undefined);
  if (disruptions.length > 0) requireConnections(scenario);
  requireEnoughClients(disruptions, layout, clients);
  return disruptions;
}

/** Returns the scenario with the series of a plan that are of populations, or about links, as its own. */
export function withSeriesOfPlan(
  scenario: Scenario,
  plan: Pick<Plan, 'headline' | 'network' | 'populations'>,
): Scenario {
  return { ...scenario, series: { ...scenario.series, ...seriesOfPlan(plan) } };
}

/** Pushes to one client each have no skew: their latency is shown first, or the gap between them. */
function headlineOf(scenario: Scenario, layout: Layout, { pushes }: TargetPlan): string {
  const headline = layout.headline ?? scenario.headline;
  if (headline !== 'push_skew' || pushes?.areOwn !== true) return headline;
  return pushes.sentAt === 'here' ? 'push_latency' : 'push_gap';
}

/** The driver of a plan that names none: `wire` wherever it can speak. */
export function defaultDriver(protocol: Protocol, transport: Transport): string {
  return protocol !== 'http' && transport === 'websocket' ? 'wire' : 'official';
}

/** Returns the plan with the command of its target running in `folder`, a checkout of the same project. */
export function planIn(folder: string, plan: Plan): Plan {
  return Object.freeze({ ...plan, target: { ...plan.target, cwd: folder } });
}
