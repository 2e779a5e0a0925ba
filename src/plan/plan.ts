import { type GivenOptions, parseOptions } from '../contract/options.ts';
import type { Layout, Scenario } from '../contract/scenario.ts';
import type { ServerSettings } from '../contract/server.ts';
import type { Protocol, Transport } from '../contract/target.ts';
import { SockbenchError } from '../errors.ts';
import { MIN_PAYLOAD_BYTES } from '../measure/stamp.ts';
import type { ARRIVALS } from './arrivals.ts';
import { requireSoundLayout } from './layout.ts';
import { PLAN_OPTIONS, type PlanOptions } from './options.ts';
import { type Profile, parseProfile, profileDurationMs } from './profile.ts';
import type { Settings } from './settings.ts';

/** The program that runs a reference server. */
export interface RuntimePlan {
  /** Its absolute path; null for the usual one: that which runs sockbench, or the installed Bun. */
  readonly program: string | null;
  /** As it tells itself: v24.1.0 of Node.js, 1.3.0 of Bun; null when nobody asked. */
  readonly version: string | null;
}

/** How a reference server is run. */
export interface ReferencePlan extends RuntimePlan {
  readonly runtime: 'node' | 'bun';
  readonly settings: ServerSettings;
  /** Whether its clients can ask which process serves them. */
  readonly hasNodes: boolean;
}

/** The server under test, resolved. */
export interface TargetPlan {
  /** Name of the reference server, or the URL. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Null for a reference server: it takes a free port. */
  readonly url: string | null;
  readonly exec: string | null;
  /** Absolute path of the folder in which `exec` runs; null for the working directory. */
  readonly cwd: string | null;
  /** What runs the reference server, and what is asked of it; null for a server of the user's own. */
  readonly reference: ReferencePlan | null;
  /** Absolute path of the file that defines the target; null when it follows our own mapping. */
  readonly file: string | null;
  /** Socket.IO namespace that the clients enter; null for the main one. */
  readonly namespace: string | null;
}

/** All that a run does, complete and JSON-safe: the same plan gives the same schedule. */
export interface Plan {
  readonly scenario: string;
  /** Absolute path of the file that defines the scenario; null for one of ours. */
  readonly scenarioFile: string | null;
  /** The series that is shown first and judged. */
  readonly headline: string;
  readonly scenarioOptions: Readonly<Record<string, string | number | boolean | null>>;
  readonly target: TargetPlan;
  readonly transport: Transport;
  readonly settings: Settings;
  readonly driver: string;
  readonly clients: number;
  readonly workers: number;
  readonly pin: boolean;
  readonly profile: Profile;
  readonly arrival: (typeof ARRIVALS)[number];
  readonly seed: number;
  readonly payloadBytes: number;
  readonly payloadType: 'text' | 'binary';
  readonly durationMs: number;
  readonly warmupMs: number;
  readonly warmupMaxMs: number;
  readonly drainMs: number;
  readonly lateAfterMs: number;
  readonly connectRateHz: number;
  readonly connectTimeoutMs: number;
  /** Threshold expressions as given. */
  readonly thresholds: readonly string[];
}

function refuse(code: string, message: string, hint: string): never {
  throw new SockbenchError({ code, message, hint });
}

/**
 * Turns what was given into a frozen plan. `target` is resolved by the caller, who knows the registries.
 * Throws for values that are not allowed, alone or together.
 */
export function buildPlan(
  scenario: Scenario,
  target: TargetPlan,
  asked: GivenOptions,
  thresholds: readonly string[],
  scenarioFile: string | null = null,
): Plan {
  const given = { ...scenario.defaults, ...asked };
  const options = parseOptions(PLAN_OPTIONS, given);
  const scenarioOptions = parseOptions(scenario.options, given);
  if (options.rate.includes('@') && asked['duration'] !== undefined) {
    refuse(
      'RATE_AND_DURATION',
      `--duration ${asked['duration']} contradicts the profile --rate ${options.rate}, whose stages have their own durations`,
      'Leave --duration out, of the config too.',
    );
  }
  const profile = parseProfile(options.rate, options.duration);
  const minBytes = MIN_PAYLOAD_BYTES[options.payloadType];
  if (options.payload < minBytes) {
    refuse(
      'PAYLOAD_TOO_SMALL',
      `--payload ${options.payload}B has no room for the time stamp: ${options.payloadType} needs ${minBytes}B`,
      `Give --payload ${minBytes}B or more.`,
    );
  }
  if (options.warmupMax < options.warmup && given['warmupMax'] !== undefined) {
    refuse(
      'WARMUP_RANGE',
      `--warmup-max ${given['warmupMax']} is less than --warmup ${given['warmup'] ?? PLAN_OPTIONS.warmup.default}`,
      'Give the same for a warm-up of fixed length.',
    );
  }
  const speech = { protocol: target.protocol, transport: options.transport };
  const layout = scenario.layout(scenarioOptions, options.clients, speech);
  requireSoundLayout(scenario, layout, options.clients);
  const { streams } = layout;
  if (streams.length > 0 && streams.every(({ receivers }) => receivers.length === 0)) {
    refuse(
      'NO_RECEIVERS',
      `with --clients ${options.clients}, nobody would receive any message of ${scenario.name}`,
      'Give more clients, or let senders receive their own messages.',
    );
  }
  return Object.freeze({
    scenario: scenario.name,
    scenarioFile,
    headline: layout.headline ?? scenario.headline,
    scenarioOptions: scenarioOptions as Plan['scenarioOptions'],
    target,
    transport: options.transport,
    settings: settingsOf(options),
    driver: options.driver,
    clients: options.clients,
    workers: options.workers,
    pin: options.pin === 'on',
    profile,
    arrival: options.arrival,
    seed: options.seed,
    payloadBytes: options.payload,
    payloadType: options.payloadType,
    durationMs: profileDurationMs(profile),
    warmupMs: options.warmup,
    warmupMaxMs: Math.max(options.warmup, options.warmupMax),
    drainMs: options.drain,
    lateAfterMs: options.lateAfter,
    connectRateHz: options.connectRate,
    connectTimeoutMs: options.connectTimeout,
    thresholds,
  });
}

/**
 * The same plan with the user's command in another checkout of the project. Throws BASE_WITHOUT_EXEC for a server that
 * no command starts: what runs already, and servers of ours, are not of that checkout.
 */
export function planIn(folder: string, plan: Plan): Plan {
  if (plan.target.exec !== null) return Object.freeze({ ...plan, target: { ...plan.target, cwd: folder } });
  return refuse(
    'BASE_WITHOUT_EXEC',
    `--base-ref needs the command that starts your server, and --target ${plan.target.name} has none`,
    'Give --exec CMD, and as --target the URL at which it listens.',
  );
}

/** The layout of a planned run: the same in every process of it. */
export function layoutOf({ scenarioOptions, clients, target, transport }: Plan, scenario: Scenario): Layout {
  return scenario.layout(scenarioOptions, clients, { protocol: target.protocol, transport });
}

function settingsOf(options: PlanOptions): Settings {
  const { namespace, parser, compression, recovery, processes, redis, redisAdapter, pollInterval } = options;
  return { namespace, parser, compression, recovery, processes, redis, redisAdapter, pollInterval };
}

/** Refuses a host that is not this machine unless it was allowed by name. */
export function requireAllowedHost(url: URL, allowRemote: string | null): void {
  const host = url.hostname;
  const loopback = host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
  if (loopback || host === allowRemote) return;
  refuse(
    'REMOTE_TARGET',
    `${host} is not this machine, and load on a machine that is not yours is an attack`,
    `If its owner agrees, add --allow-remote ${host}.`,
  );
}
