import type { Plan } from '../plan/plan.ts';
import type { RunResult } from './run-result.ts';

/** What must agree before figures of two sessions may be compared, by its name for people. */
export type Fingerprint = Readonly<Record<string, string>>;

/** One thing that does not agree; `-` for what one of them does not have. */
export interface Difference {
  readonly field: string;
  readonly baseline: string;
  readonly now: string;
}

/** Packages of the generator, by which all figures are measured. */
const GENERATOR_PACKAGES = ['socket.io-client', 'ws', 'hdr-histogram-js'];

const NONE = '-';
const GIB = 1024 ** 3;
const orNone = (value: string | number | null) => (value === null ? NONE : String(value));

/**
 * The machine and the programs behind a result. Not the commit, which is what a comparison is about, nor what
 * disturbed the run, which its validity is about. Memory is rounded to GiB: machines of one kind differ by a little.
 */
export function environmentFingerprint(result: RunResult): Fingerprint {
  const { environment: env, tool } = result;
  const { server, workers } = env.affinity;
  return {
    'CPU model': env.cpuModel,
    CPUs: String(env.cpuCount),
    governor: orNone(env.governor),
    platform: env.platform,
    kernel: env.kernel,
    memory: `${Math.round(env.totalMemoryBytes / GIB)} GiB`,
    'CPU limit': orNone(env.cgroupCpuLimit),
    'Node.js': env.nodeVersion,
    V8: env.v8Version,
    'server runtime': serverRuntimeOf(result),
    'CPUs of the server': server ?? 'any',
    'CPUs of the generator': workers.map((cpus) => cpus ?? 'any').join(' and ') || NONE,
    sockbench: tool.version,
    ...Object.fromEntries(GENERATOR_PACKAGES.map((name) => [name, env.packages[name] ?? NONE])),
  };
}

/** A server of the user's own names its runtime itself: a change of it is theirs to compare. */
function serverRuntimeOf({ plan: { target }, environment: env }: RunResult): string {
  if (target.reference === null) return 'its own';
  const { runtime, version } = target.reference;
  const usual = runtime === 'node' ? env.nodeVersion : (env.packages['bun'] ?? NONE);
  return `${runtime} ${version ?? usual}`;
}

/**
 * The load of a run: all that the schedule and the clients' side of the connections follow from. Not the target,
 * which may be called something else and listen elsewhere, nor thresholds. Nothing is rounded.
 */
export function loadFingerprint(plan: Plan): Fingerprint {
  return {
    scenario: plan.scenario,
    ...named('option ', plan.scenarioOptions),
    protocol: plan.target.protocol,
    transport: plan.transport,
    driver: plan.driver,
    namespace: orNone(plan.target.namespace),
    // The address of a Redis is none of it, and is stored without its password.
    ...named('', { ...plan.settings, namespace: null, redis: plan.settings.redis === null ? null : 'given' }),
    clients: String(plan.clients),
    workers: String(plan.workers),
    'bound to CPUs': plan.pin ? 'where possible' : 'no',
    rate: plan.profile.map(stageText).join(', then '),
    arrival: plan.arrival,
    seed: String(plan.seed),
    payload: `${plan.payloadBytes} B ${plan.payloadType}`,
    duration: `${plan.durationMs} ms`,
    'warm-up': `${plan.warmupMs} to ${plan.warmupMaxMs} ms`,
    drain: `${plan.drainMs} ms`,
    'late after': `${plan.lateAfterMs} ms`,
    'connect rate': `${plan.connectRateHz}/s`,
  };
}

/** What was not given stays out. */
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

/** Where two fingerprints do not agree, in their order; empty when they do. */
export function differences(baseline: Fingerprint, now: Fingerprint): Difference[] {
  return Object.keys({ ...baseline, ...now })
    .map((field) => ({ field, baseline: baseline[field] ?? NONE, now: now[field] ?? NONE }))
    .filter((each) => each.baseline !== each.now);
}

/** `kernel: baseline 6.1.0, now 6.8.0` */
export function differenceText({ field, baseline, now }: Difference): string {
  return `${field}: baseline ${baseline}, now ${now}`;
}
