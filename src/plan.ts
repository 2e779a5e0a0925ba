import type { ServerSettings } from '../servers/server.ts';
import { UNAVAILABLE_TRANSPORTS, unavailable } from '../servers/unavailable.ts';
import { SockbenchError } from './errors.ts';
import { ARRIVALS } from './load/arrivals.ts';
import { type Profile, parseProfile, profileDurationMs } from './load/profile.ts';
import { MIN_PAYLOAD_BYTES } from './measure/stamp.ts';
import {
  atMost,
  choice,
  type GivenOptions,
  integer,
  type OptionTable,
  type OptionValues,
  parseOptions,
  positive,
} from './options.ts';
import type { Scenario } from './scenario.ts';
import { SETTING_OPTIONS, type Settings } from './settings.ts';
import { type Protocol, TRANSPORTS, type Transport } from './target.ts';
import { parseBytes, parseDurationMs, parseRateHz } from './units.ts';

const text = (value: string) => value;
const timeMs = atMost(parseDurationMs, 24 * 3600e3, '24h');

/** Refuses what is no rate while the flag can still be named; how long it holds is not known yet. */
const rateText = (value: string) => {
  parseProfile(value, 1);
  return value;
};

const transportName = (name: string) => {
  const missing = unavailable(UNAVAILABLE_TRANSPORTS, name);
  if (missing === undefined) return choice(TRANSPORTS)(name);
  throw new SockbenchError({
    code: 'BAD_OPTION',
    message: `${name} cannot be had: ${missing.reason}`,
    hint: missing.hint,
  });
};

/** Every option of a run that is not a scenario's own: flags, config keys, defaults and help come from here. */
export const PLAN_OPTIONS = {
  target: {
    value: 'NAME|URL',
    default: 'socketio',
    summary:
      'a reference server by name, or the URL of a server that speaks like one (http: Socket.IO, ws: raw)',
    parse: text,
  },
  exec: {
    value: 'CMD',
    default: null,
    summary:
      'command that starts the server at the target URL; it is probed when it is Node, and stopped after',
    parse: text,
  },
  transport: {
    value: TRANSPORTS.join('|'),
    default: 'websocket',
    summary: "Engine.IO's transport",
    parse: transportName,
  },
  driver: { value: 'NAME', default: 'official', summary: 'how clients speak; see list', parse: text },
  ...SETTING_OPTIONS,
  clients: { value: 'N', default: '200', summary: 'connections', parse: integer(1, 100_000) },
  rate: {
    value: 'RATE',
    default: '100/s',
    summary: 'messages over all senders, 100/s, or a profile of stages, 10s@50/s,20s@50..500/s',
    parse: rateText,
  },
  arrival: {
    value: ARRIVALS.join('|'),
    default: 'constant',
    summary: 'spacing of the messages',
    parse: choice(ARRIVALS),
  },
  payload: {
    value: 'SIZE',
    default: '64B',
    summary: `size of a message, at least ${MIN_PAYLOAD_BYTES.text}B as text and ${MIN_PAYLOAD_BYTES.binary}B as binary`,
    parse: positive(parseBytes),
  },
  payloadType: {
    value: 'text|binary',
    default: 'text',
    summary: 'kind of message',
    parse: choice(['text', 'binary']),
  },
  duration: {
    value: 'TIME',
    default: '10s',
    summary: 'how long to measure, unless the rate is a profile',
    parse: positive(timeMs),
  },
  warmup: {
    value: 'TIME',
    default: '2s',
    summary: 'least warm-up; it goes on until three seconds agree within 5 % on the median',
    parse: timeMs,
  },
  warmupMax: {
    value: 'TIME',
    default: '10s',
    summary: 'most warm-up; the same as --warmup fixes its length',
    parse: timeMs,
  },
  drain: {
    value: 'TIME',
    default: '5s',
    summary: 'wait for what is still under way after the last message; what comes later is lost',
    parse: timeMs,
  },
  lateAfter: {
    value: 'TIME',
    default: '1s',
    summary: 'a message that takes longer counts as late',
    parse: positive(timeMs),
  },
  connectRate: {
    value: 'RATE',
    default: '500/s',
    summary: 'new connections over all workers',
    parse: positive(parseRateHz),
  },
  connectTimeout: {
    value: 'TIME',
    default: '10s',
    summary: 'most time for one connection, or for a server to start',
    parse: positive(timeMs),
  },
  workers: { value: 'N', default: '1', summary: 'generator processes', parse: integer(1, 256) },
  pin: {
    value: 'on|off',
    default: 'on',
    summary: 'on Linux, keep server and workers on CPUs of their own',
    parse: choice(['on', 'off']),
  },
  seed: { value: 'N', default: '1', summary: 'of random arrivals', parse: integer(0, 2 ** 31 - 1) },
  allowRemote: {
    value: 'HOST',
    default: null,
    summary: "permits load on this host, which is not this machine; only with its owner's consent",
    parse: text,
  },
} as const satisfies OptionTable;

export type PlanOptions = OptionValues<typeof PLAN_OPTIONS>;

/** How a reference server is run. */
export interface ReferencePlan {
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
      'Leave --duration out.',
    );
  }
  const profile = parseProfile(options.rate, options.duration);
  const leastBytes = MIN_PAYLOAD_BYTES[options.payloadType];
  if (options.payload < leastBytes) {
    refuse(
      'PAYLOAD_TOO_SMALL',
      `--payload ${options.payload}B has no room for the time stamp: ${options.payloadType} needs ${leastBytes}B`,
      `Give --payload ${leastBytes}B or more.`,
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
