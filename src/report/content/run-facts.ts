import { disruptionText, reconnectText } from '../../result/disruption-text.ts';
import { populationText, transportsText } from '../../result/population-text.ts';
import type { RunResult } from '../../result/run-result.ts';
import { networkText } from '../../result/stored-links.ts';
import { receivingOfWorkers } from '../../result/telemetry.ts';
import { isHeld } from '../../result/view.ts';
import { leadingReasons, listCounted, pastedCommand, plural } from '../../text.ts';
import { formatBytes, formatCount, formatDurationMs, formatNumber } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { correlationFacts } from './correlation.ts';
import { participants } from './participants.ts';
import { scheduleFacts, steadinessFacts, warmupText } from './steadiness.ts';
import { formatValue } from './table.ts';

type StoredPlan = RunResult['plan'];

/** `50/s for 10s, then 50..500/s for 20s` */
export function profileText(profile: StoredPlan['profile']): string {
  return profile
    .map(({ fromHz, toHz, durationMs }) => {
      const rate = fromHz === toHz ? formatNumber(toHz) : `${formatNumber(fromHz)}..${formatNumber(toHz)}`;
      return `${rate}/s for ${formatDurationMs(durationMs)}`;
    })
    .join(', then ');
}

/** `64 B text`; `p50 200 B, p99 8 KiB text`; `12 files of 300 B to 4 KiB text` */
function payloadSizeText({ payload, payloadBytes, payloadType }: StoredPlan): string {
  if (payload === null || payload.kind === 'size')
    return `${formatBytes(payload?.largestBytes ?? payloadBytes)} ${payloadType}`;
  const { p50Bytes, p99Bytes, fileCount } = payload;
  const sizes = `p50 ${formatBytes(p50Bytes)}, p99 ${formatBytes(p99Bytes)}`;
  return `${fileCount === null ? '' : `${plural(fileCount, 'file')}: `}${sizes} ${payloadType}`;
}

/** What payloads were: kind, sizes, and how well they compress. */
function payloadFact(plan: StoredPlan): string {
  const { payload, verify } = plan;
  const size = `${payloadSizeText(plan)}${verify ? ', verified' : ''}`;
  if (payload === null) return size;
  const max = payload.kind === 'size' ? '' : `; max ${formatBytes(payload.largestBytes)}`;
  const from = payload.path === null ? 'JSON-like filling' : payload.path;
  return `${size}${max}; ${from}, deflates to ${Math.round(payload.deflatedShare * 100)} %`;
}

/** The load of a run in one line. */
export function loadText(result: RunResult): string {
  const { plan, samples, shards } = result;
  const each = shards === null ? '' : ` in each of ${plural(shards.length, 'shard')}`;
  const by = `${plural(plan.workers, 'worker')}${each}, ${plan.driver} driver`;
  const parts = plan.populations.length === 0 ? '' : ` in ${plural(plan.populations.length, 'population')}`;
  const clients = `${plural(plan.clients, 'client')}${parts}`;
  // Where the server pushes on its own, nothing is sent.
  if (samples.unit === 'push') {
    return `${clients}, listening for ${formatDurationMs(plan.durationMs)}, ${by}`;
  }
  if (isHeld(result))
    return `${clients}, holding their connections for ${formatDurationMs(plan.durationMs)}, ${by}`;
  const load = `${profileText(plan.profile)} (${plan.arrival})`;
  const payload = samples.unit === 'connection' ? '' : `, ${payloadSizeText(plan)}`;
  return `${clients}, ${load}${payload}, ${by}, seed ${plan.seed}`;
}

function reasonsText(reasons: ReadonlyArray<{ reason: string; count: number }>): string {
  return leadingReasons(reasons)
    .map(({ reason, count }) => `; ${formatCount(count)} ${reason}`)
    .join('');
}

function intendedNoun(unit: RunResult['samples']['unit']): string {
  return unit === 'iteration' || unit === 'connection' ? unit : 'message';
}

/** `50.0/s sent of 50.0/s intended (500 of 500 messages)`; `20.0/s pushed by the server (60 pushes)` */
export function rateText(result: RunResult): string {
  const { rate, samples } = result;
  if (isHeld(result)) return 'nothing is sent';
  if (samples.unit === 'push') {
    return `${formatValue('rate', rate.achievedHz)} pushed by the server (${plural(rate.sent, 'push')})`;
  }
  const counts = `${formatCount(rate.sent)} of ${plural(rate.intended, intendedNoun(samples.unit))}`;
  return `${formatValue('rate', rate.achievedHz)} sent of ${formatValue('rate', rate.intendedHz)} intended (${counts})${reasonsText(rate.unsent)}`;
}

/** How many clients connected, why others failed or were dropped, and the codes with which the scenario closed some. */
export function clientsText({ clients }: RunResult): string {
  const failed = clients.failures.length === 0 ? '' : `; failed: ${reasonsText(clients.failures).slice(2)}`;
  const dropped = clients.dropped.length === 0 ? '' : `; dropped: ${reasonsText(clients.dropped).slice(2)}`;
  const closings = listCounted(clients.closed);
  const closed = closings === '' ? '' : `; closed by the scenario: ${closings}`;
  return `${formatCount(clients.connected)} of ${formatCount(clients.planned)} connected${failed}${dropped}${closed}`;
}

/** Independent samples, and how many of the sent ones did not reach every receiver. */
export function samplesText({ samples }: RunResult): string {
  const fate = samples.unit === 'connection' ? 'cut' : 'not received by all';
  const incomplete = samples.incomplete === 0 ? '' : `; ${formatCount(samples.incomplete)} ${fate}`;
  return `${plural(samples.count, samples.unit)}${incomplete}`;
}

const SOCKET_KINDS = {
  kernel: 'sockets of the kernel',
  node: 'sockets of Node.js',
  driver: 'sockets of the driver',
} as const;

/**
 * Who timed what clients received, and over which sockets: `by the kernel, sockets of the kernel; 12 of 3,000 messages
 * share the time of a later one`.
 */
export function receivingText(result: RunResult): string {
  const { clock, sockets, problem } = result.receiving;
  const { received, shared } = receivingOfWorkers(result);
  const parts = [`by the ${clock === 'kernel' ? 'kernel' : 'generator'}, ${SOCKET_KINDS[sockets]}`, problem];
  if (shared > 0) {
    parts.push(`${formatCount(shared)} of ${plural(received, 'message')} share the time of a later one`);
  }
  return parts.filter((part) => part !== null).join('; ');
}

/** What the tables and the first line of a run leave out. */
export function resultFacts(result: RunResult): Fact[] {
  const { invalid, findings, notes, plan } = result;
  const unmentioned = [...(invalid.length === 0 ? [] : findings), ...notes];
  return [
    ['rate', rateText(result)],
    ['clients', clientsText(result)],
    ['samples', samplesText(result)],
    ...correlationFacts(result),
    ['receive times', receivingText(result)],
    ['warm-up', warmupText(result)],
    ...steadinessFacts(result),
    ...scheduleFacts(result),
    ...(plan.workersReason === null ? [] : [['workers', `${plan.workers}: ${plan.workersReason}`] as const]),
    ...unmentioned.map(({ message }): Fact => ['note', message]),
  ];
}

const orNone = (value: string | number | boolean | null) => (value === null ? '-' : String(value));

/** `node v24.1.0`; `bun 1.3.0, /opt/bun/bin/bun` */
function runtimeText({ runtime, version, program }: NonNullable<StoredPlan['target']['reference']>): string {
  return [`${runtime} ${version ?? ''}`.trim(), program].filter((part) => part !== null).join(', ');
}

/** Every setting of the plan. */
export function planFacts({ plan }: RunResult): Fact[] {
  const options = Object.entries(plan.scenarioOptions);
  return [
    ['scenario', plan.scenario],
    ...options.map(([name, value]): Fact => [name, orNone(value)]),
    ['target', plan.target.name],
    ['protocol', [plan.target.protocol, plan.target.messageFormat ?? []].flat().join(', ')],
    ['url', orNone(plan.target.url)],
    ['command', orNone(plan.target.exec)],
    ...(plan.target.cwd === null ? [] : [['in folder', plan.target.cwd] as const]),
    ...(plan.target.reference === null ? [] : [['runtime', runtimeText(plan.target.reference)] as const]),
    ['transport', transportsText(plan)],
    ['driver', plan.driver],
    ['clients', formatCount(plan.clients)],
    ...plan.populations.map((each) => [`population ${each.name}`, populationText(each, plan)] as const),
    ...(plan.network === null ? [] : [['network', networkText(plan.network)] as const]),
    ...(plan.sourceAddresses.length === 0 ? [] : [['from', plan.sourceAddresses.join(', ')] as const]),
    ['workers', `${plan.workers}${plan.pin ? ', pinned where possible' : ', not pinned'}`],
    ['rate', `${profileText(plan.profile)}, ${plan.arrival}`],
    ...(plan.senderCooldownMs === null
      ? []
      : [['sender cool-down', formatDurationMs(plan.senderCooldownMs)] as const]),
    ['payload', payloadFact(plan)],
    ['duration', formatDurationMs(plan.durationMs)],
    ['warm-up', `${formatDurationMs(plan.warmupMs)} to ${formatDurationMs(plan.warmupMaxMs)}`],
    ['drain', `at most ${formatDurationMs(plan.drainMs)}`],
    ['late after', formatDurationMs(plan.lateAfterMs)],
    [
      'connecting',
      `${formatNumber(plan.connectRateHz)}/s, timeout ${formatDurationMs(plan.connectTimeoutMs)}`,
    ],
    ...(plan.disruptions.length === 0
      ? []
      : [['disruptions', plan.disruptions.map(disruptionText).join(', ')] as const]),
    ...(plan.disruptions.length === 0 && plan.reconnect.kind === 'none'
      ? []
      : [['reconnect', reconnectText(plan.reconnect)] as const]),
    ['seed', String(plan.seed)],
    ['thresholds', plan.thresholds.join(', ') || '-'],
  ];
}

function affinityText({ server, workers }: RunResult['environment']['affinity']): string {
  const cpus = (list: string | null) => (list === null ? 'any CPU' : `CPU ${list}`);
  return `server on ${cpus(server)}, generator on ${workers.map(cpus).join(' and ') || 'any CPU'}`;
}

const PHASES = ['start', 'connect', 'warmup', 'measure', 'drain', 'collect'] as const;

function timingText(timing: RunResult['timing']): string {
  const phases = PHASES.map((phase) => `${phase} ${formatDurationMs(timing[`${phase}Ms`])}`);
  return phases.join(', ').replace('warmup', 'warm-up');
}

/** Machine and versions, which are alike in runs of one comparison unless the arms differ. */
export function machineFacts(result: RunResult): Fact[] {
  const { environment: env } = result;
  return [
    ['Node', `${env.nodeVersion}, V8 ${env.v8Version}`],
    ...participants(result),
    ['commit', env.commit === null ? '-' : `${env.commit}${env.dirty === true ? ' with changes' : ''}`],
    ['CPU', `${env.cpuCount} x ${env.cpuModel}, governor ${orNone(env.governor)}`],
    ['pinned to', affinityText(env.affinity)],
    ['CPU limit', env.cgroupCpuLimit === null ? 'none' : `${formatNumber(env.cgroupCpuLimit)} CPUs`],
    ['memory', formatBytes(env.totalMemoryBytes)],
    ['system', `${env.platform}, kernel ${env.kernel}`],
  ];
}

/** Machine, versions, phases and disturbances of a run. */
export function environmentFacts(result: RunResult): Fact[] {
  const { environment: env, tool } = result;
  return [
    ['started', result.startedAt],
    ['took', timingText(result.timing)],
    ['command line', pastedCommand(env.commandLine) ?? '-'],
    ['sockbench', tool.version],
    ...machineFacts(result),
    ['CPU steal', env.stealRatio === null ? '-' : formatValue('share', env.stealRatio)],
    ['throttled', env.throttledMs === null ? '-' : formatDurationMs(env.throttledMs)],
    ['CPU pressure', env.cpuPressureRatio === null ? '-' : formatValue('share', env.cpuPressureRatio)],
    ['snapshot cost', `at most ${formatNumber(result.snapshotCostMaxMs)} ms`],
  ];
}

/** The facts that are the same in all lists, to be shown once. */
export function sharedFacts([first = [], ...others]: ReadonlyArray<readonly Fact[]>): Fact[] {
  const has = (facts: readonly Fact[], [name, text]: Fact) =>
    facts.some((other) => other[0] === name && other[1] === text);
  return first.filter((fact) => others.every((facts) => has(facts, fact)));
}
