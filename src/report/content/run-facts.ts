import { FIGURES } from '../../result/metrics.ts';
import type { Finding, RunResult, ThresholdOutcome } from '../../result/run-result.ts';
import { listCounted, plural } from '../../text.ts';
import { formatBytes, formatCount, formatDurationMs, formatNumber } from '../../units.ts';
import { plain } from '../plain.ts';
import { runLabel } from './labels.ts';
import { formatValue } from './table.ts';

/** A name and what there is to say of it, both safe for one line. */
export type Fact = readonly [name: string, text: string];

type Plan = RunResult['plan'];

/** `50/s for 10s, then 50..500/s for 20s` */
function profileText(profile: Plan['profile']): string {
  return profile
    .map(({ fromHz, toHz, durationMs }) => {
      const rate = fromHz === toHz ? formatNumber(toHz) : `${formatNumber(fromHz)}..${formatNumber(toHz)}`;
      return `${rate}/s for ${formatDurationMs(durationMs)}`;
    })
    .join(', then ');
}

/** How hard the server was driven, in one line. */
export function loadText({ plan, samples }: RunResult): string {
  const by = `${plural(plan.workers, 'worker')}, ${plan.driver} driver`;
  const clients = plural(plan.clients, 'client');
  // Where the server pushes on its own, nothing is sent.
  if (samples.unit === 'push') {
    return plain(`${clients}, listening for ${formatDurationMs(plan.durationMs)}, ${by}`);
  }
  const load = `${profileText(plan.profile)} (${plan.arrival})`;
  const payload = `${formatBytes(plan.payloadBytes)} ${plan.payloadType}`;
  return plain(`${clients}, ${load}, ${payload}, ${by}, seed ${plan.seed}`);
}

/** What was run, in one line. */
export function planLine(result: RunResult): string {
  return `${plain(runLabel(result))}: ${loadText(result)}`;
}

function reasonsText(reasons: ReadonlyArray<{ reason: string; count: number }>): string {
  return reasons.map(({ reason, count }) => `; ${formatCount(count)} ${plain(reason)}`).join('');
}

/** `owed 100,000, delivered 100,000, late 0, ...` */
export function ledgerText({ ledger, plan }: RunResult): string {
  const parts = [
    `owed ${formatCount(ledger.expected)}`,
    `delivered ${formatCount(ledger.delivered)}`,
    `late ${formatCount(ledger.late)} (over ${formatDurationMs(plan.lateAfterMs)})`,
    `lost ${formatCount(ledger.lost)}`,
    `duplicated ${formatCount(ledger.duplicated)}`,
    `reordered ${formatCount(ledger.reordered)}`,
    `unexpected ${formatCount(ledger.unexpected)}`,
  ];
  if (ledger.unknown > 0) parts.push(`unknown ${formatCount(ledger.unknown)} (a generator process died)`);
  return parts.join(', ');
}

/** `50.0/s sent of 50.0/s intended (500 of 500 messages)`; `20.0/s pushed by the server (60 pushes)` */
export function rateText({ rate, samples }: RunResult): string {
  if (samples.unit === 'push') {
    return `${formatValue('rate', rate.achievedHz)} pushed by the server (${plural(rate.sent, 'push')})`;
  }
  const counts = `${formatCount(rate.sent)} of ${plural(rate.intended, samples.unit === 'iteration' ? 'iteration' : 'message')}`;
  return `${formatValue('rate', rate.achievedHz)} sent of ${formatValue('rate', rate.intendedHz)} intended (${counts})${reasonsText(rate.unsent)}`;
}

/** How many connected, why others did not or went away, and with which codes those ended that were closed on purpose. */
export function clientsText({ clients }: RunResult): string {
  const failed = clients.failures.length === 0 ? '' : `; failed: ${reasonsText(clients.failures).slice(2)}`;
  const dropped = clients.dropped.length === 0 ? '' : `; dropped: ${reasonsText(clients.dropped).slice(2)}`;
  const closings = plain(listCounted(clients.closed));
  const closed = closings === '' ? '' : `; closed on purpose with ${closings}`;
  return `${formatCount(clients.connected)} of ${formatCount(clients.planned)} connected${failed}${dropped}${closed}`;
}

/** Independent samples, and how many were sent that did not reach everyone: some of them may have reached nobody. */
export function samplesText({ samples }: RunResult): string {
  const incomplete =
    samples.incomplete === 0 ? '' : `; ${formatCount(samples.incomplete)} not received in full`;
  return `${plural(samples.count, samples.unit)}${incomplete}`;
}

/** How long the warm-up was and whether it settled. */
export function warmupText({ warmup }: RunResult): string {
  if (warmup.durationMs === 0) return 'none';
  const length = formatDurationMs(warmup.durationMs);
  if (warmup.stable === null) return `${length}, too short to tell whether it was steady`;
  if (warmup.stable) return `${length}, steady`;
  const medians = warmup.windowMediansNs
    .slice(-3)
    .map((ns) => (ns === null ? '-' : formatValue('duration', ns)));
  return `${length}, never steady (last medians ${medians.join(', ') || '-'})`;
}

/** `passed: delivery.p99<50ms (12.3 ms)` */
export function thresholdText({ passed, expression, detail }: ThresholdOutcome): string {
  const outcome = passed === null ? 'not judged' : passed ? 'passed' : 'FAILED';
  return plain(`${outcome}: ${expression} (${detail})`);
}

/** Findings that the first line leaves out, and notes. */
export function noteTexts(result: RunResult): string[] {
  const unavailable: readonly Finding[] = result.invalid.length === 0 ? [] : result.findings;
  return [...unavailable, ...result.notes].map(({ message }) => plain(message));
}

/** What it took on either side; null without telemetry. */
function costText(result: RunResult): string | null {
  const cpuNs = FIGURES.server_cpu_per_delivery.value(result);
  const busy = FIGURES.generator_utilization.value(result);
  const unit = result.ledger.expected === 0 || result.headline === 'ack' ? result.samples.unit : 'delivery';
  const parts = [
    cpuNs === null ? null : `server CPU ${formatValue('duration', cpuNs)} for each ${unit}`,
    busy === null ? null : `generator at most ${formatValue('share', busy)} busy`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(', ');
}

/** What a short report says below its tables. */
export function resultFacts(result: RunResult): Fact[] {
  const cost = costText(result);
  return [
    ['ledger', ledgerText(result)],
    ['rate', rateText(result)],
    ['clients', clientsText(result)],
    ['samples', samplesText(result)],
    ['warm-up', warmupText(result)],
    ...(cost === null ? [] : [['cost', cost] as const]),
    ...noteTexts(result).map((note): Fact => ['note', note]),
  ];
}

const orNone = (value: string | number | boolean | null) => (value === null ? '-' : String(value));

/** `node v24.1.0`; `bun 1.3.0, /opt/bun/bin/bun` */
function runtimeText({ runtime, version, program }: NonNullable<Plan['target']['reference']>): string {
  return [`${runtime} ${version ?? ''}`.trim(), program].filter((part) => part !== null).join(', ');
}

/** Everything that was planned. */
export function planFacts({ plan }: RunResult): Fact[] {
  const options = Object.entries(plan.scenarioOptions);
  const facts: ReadonlyArray<Fact> = [
    ['scenario', plan.scenario],
    ...options.map(([name, value]): Fact => [name, orNone(value)]),
    ['target', plan.target.name],
    ['protocol', plan.target.protocol],
    ['url', orNone(plan.target.url)],
    ['command', orNone(plan.target.exec)],
    ...(plan.target.cwd === null ? [] : [['in folder', plan.target.cwd] as const]),
    ...(plan.target.reference === null ? [] : [['runtime', runtimeText(plan.target.reference)] as const]),
    ['transport', plan.transport],
    ['driver', plan.driver],
    ['clients', formatCount(plan.clients)],
    ['workers', `${plan.workers}${plan.pin ? ', pinned where possible' : ', not pinned'}`],
    ['rate', `${profileText(plan.profile)}, ${plan.arrival}`],
    ['payload', `${formatBytes(plan.payloadBytes)} ${plan.payloadType}`],
    ['duration', formatDurationMs(plan.durationMs)],
    ['warm-up', `${formatDurationMs(plan.warmupMs)} to ${formatDurationMs(plan.warmupMaxMs)}`],
    ['drain', `${formatDurationMs(plan.drainMs)} at most`],
    ['late after', formatDurationMs(plan.lateAfterMs)],
    [
      'connecting',
      `${formatNumber(plan.connectRateHz)}/s, ${formatDurationMs(plan.connectTimeoutMs)} at most each`,
    ],
    ['seed', String(plan.seed)],
    ['thresholds', plan.thresholds.join(', ') || '-'],
  ];
  return facts.map(([name, text]) => [plain(name), plain(text)]);
}

function affinityText({ server, workers }: RunResult['environment']['affinity']): string {
  const cpus = (list: string | null) => (list === null ? 'any CPU' : `CPU ${list}`);
  return `server on ${cpus(server)}, generator on ${workers.map(cpus).join(' and ') || 'any CPU'}`;
}

function timingText(timing: RunResult['timing']): string {
  const phases: ReadonlyArray<readonly [string, number]> = [
    ['start', timing.startMs],
    ['connect', timing.connectMs],
    ['warm-up', timing.warmupMs],
    ['measure', timing.measureMs],
    ['drain', timing.drainMs],
    ['collect', timing.collectMs],
  ];
  return phases.map(([name, ms]) => `${name} ${formatDurationMs(ms)}`).join(', ');
}

/** Where and with what it ran. */
export function environmentFacts(result: RunResult): Fact[] {
  const { environment: env, tool } = result;
  const commit = env.commit === null ? '-' : `${env.commit}${env.dirty === true ? ' with changes' : ''}`;
  const facts: ReadonlyArray<Fact> = [
    ['started', result.startedAt],
    ['took', timingText(result.timing)],
    ['command line', env.commandLine.join(' ') || '-'],
    ['sockbench', tool.version],
    ['Node', `${env.nodeVersion}, V8 ${env.v8Version}`],
    ...Object.entries(env.packages),
    ['commit', commit],
    ['CPU', `${env.cpuCount} x ${env.cpuModel}, governor ${orNone(env.governor)}`],
    ['bound to', affinityText(env.affinity)],
    ['CPU limit', env.cgroupCpuLimit === null ? 'none' : `${formatNumber(env.cgroupCpuLimit)} CPUs`],
    ['CPU steal', env.stealRatio === null ? '-' : formatValue('share', env.stealRatio)],
    ['throttled', env.throttledMs === null ? '-' : formatDurationMs(env.throttledMs)],
    ['CPU pressure', env.cpuPressureRatio === null ? '-' : formatValue('share', env.cpuPressureRatio)],
    ['memory', formatBytes(env.totalMemoryBytes)],
    ['system', `${env.platform}, kernel ${env.kernel}`],
    ['snapshot cost', `${formatNumber(result.snapshotCostMaxMs)} ms at most`],
  ];
  return facts.map(([name, text]) => [plain(name), plain(text)]);
}
