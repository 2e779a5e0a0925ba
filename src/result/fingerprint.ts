import { networkText } from '../plan/network.ts';
import type { Plan } from '../plan/plan.ts';
import { disruptionText, reconnectText } from './disruption-text.ts';
import { payloadText, populationsText } from './population-text.ts';
import type { RunResult } from './run-result.ts';

/** What must be equal before figures of two sessions may be compared, by its name for people. */
export type Fingerprint = Readonly<Record<string, string>>;

/** One field that differs; `-` where one of them does not have it. */
export interface Difference {
  readonly field: string;
  readonly baseline: string;
  readonly now: string;
}

/** The packages of the generator that all figures are measured with. */
const GENERATOR_PACKAGES = ['socket.io-client', 'ws'];

const NONE = '-';
const GIB = 1024 ** 3;
const textOrNone = (value: string | number | null) => (value === null ? NONE : String(value));

/**
 * The machine and the programs of a result. The commit is excluded, since a comparison is about it, and so are
 * disturbances, which make a run invalid. Memory is rounded to GiB, since machines of one kind differ a little.
 */
export function environmentFingerprint(
  result: Pick<RunResult, 'plan' | 'environment' | 'tool'>,
): Fingerprint {
  const { environment: env, tool } = result;
  const { server, workers } = env.affinity;
  return {
    'CPU model': env.cpuModel,
    CPUs: String(env.cpuCount),
    governor: textOrNone(env.governor),
    platform: env.platform,
    kernel: env.kernel,
    memory: `${Math.round(env.totalMemoryBytes / GIB)} GiB`,
    'CPU limit': textOrNone(env.cgroupCpuLimit),
    'Node.js': env.nodeVersion,
    V8: env.v8Version,
    'server runtime': serverRuntimeOf(result),
    'CPUs of the server': server ?? 'any',
    'CPUs of the generator': workers.map((cpus) => cpus ?? 'any').join(' and ') || NONE,
    sockbench: tool.version,
    ...Object.fromEntries(GENERATOR_PACKAGES.map((name) => [name, env.packages[name] ?? NONE])),
  };
}

/** The machine and the programs of a result, and who timed what its clients received. */
export function measurementFingerprint(result: RunResult): Fingerprint {
  return { ...environmentFingerprint(result), 'receive clock': result.receiving.clock };
}

/** The runtime of a user's own server is part of what the user compares. */
function serverRuntimeOf({
  plan: { target },
  environment: env,
}: Pick<RunResult, 'plan' | 'environment'>): string {
  if (target.reference === null) return 'its own';
  const { runtime, version } = target.reference;
  const usual = runtime === 'node' ? env.nodeVersion : (env.packages['bun'] ?? NONE);
  return `${runtime} ${version ?? usual}`;
}

/**
 * The load of a run: everything that the schedule and the clients depend on. The target is excluded, since it may have
 * another name and address, and so are thresholds. Nothing is rounded.
 */
export function loadFingerprint(plan: Plan): Fingerprint {
  return {
    scenario: plan.scenario,
    ...named('option ', plan.scenarioOptions),
    protocol: plan.target.protocol,
    transport: plan.transport,
    driver: plan.driver,
    namespace: textOrNone(plan.target.namespace),
    // Only whether there is a Redis is part of the load. Its address is stored without the password.
    ...named('', { ...plan.settings, namespace: null, redis: plan.settings.redis === null ? null : 'given' }),
    clients: String(plan.clients),
    workers: String(plan.workers),
    'bound to CPUs': plan.pin ? 'where possible' : 'no',
    rate: plan.profile.map(stageText).join(', then '),
    arrival: plan.arrival,
    'sender cool-down': plan.senderCooldownMs === null ? NONE : `${plan.senderCooldownMs} ms`,
    seed: String(plan.seed),
    payload: payloadText(plan),
    duration: `${plan.durationMs} ms`,
    'warm-up': `${plan.warmupMs} to ${plan.warmupMaxMs} ms`,
    drain: `${plan.drainMs} ms`,
    'late after': `${plan.lateAfterMs} ms`,
    disruptions: plan.disruptions.map(disruptionText).join(', ') || 'none',
    reconnect: reconnectText(plan.reconnect),
    'connect rate': `${plan.connectRateHz}/s`,
    ...(plan.network === null ? {} : { network: networkText(plan.network) }),
    ...(plan.populations.length === 0 ? {} : { populations: populationsText(plan) }),
    'CPU profile': plan.cpuProfile ? 'on' : 'off',
  };
}

/** Values that were not given are left out. */
function named(
  prefix: string,
  values: Readonly<Record<string, string | number | boolean | null>>,
): Fingerprint {
  const given = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [`${prefix}${name}`, String(value)]));
}

function stageText({ fromHz, toHz, durationMs }: Plan['profile'][number]): string {
  return `${fromHz === toHz ? toHz : `${fromHz}..${toHz}`}/s for ${durationMs} ms`;
}

/** The fields that differ between two fingerprints, in their order. */
export function differences(baseline: Fingerprint, now: Fingerprint): Difference[] {
  return Object.keys({ ...baseline, ...now })
    .map((field) => ({ field, baseline: baseline[field] ?? NONE, now: now[field] ?? NONE }))
    .filter((each) => each.baseline !== each.now);
}

/** `kernel: baseline 6.1.0, now 6.8.0` */
export function differenceText({ field, baseline, now }: Difference): string {
  return `${field}: baseline ${baseline}, now ${now}`;
}
