import { REFUSED_BY_OWN_SYSTEM } from '../../drivers/reason.ts';
import { SENDER_GONE } from '../../generator/sender.ts';
import type { Reason } from '../../measure/reason-counts.ts';
import { unstalled } from '../../measure/series.ts';
import { type Finding, faultOf } from '../../result/findings.ts';
import { measuredProcesses, measuredTelemetry, runQueueWaitMs } from '../../result/telemetry.ts';
import { isHeld, type ResultView, samplesNeeded } from '../../result/view.ts';
import { listCounted, passive, plural } from '../../text.ts';
import { formatCount, formatNs, formatNumber, formatPercent } from '../../units.ts';

/** Limits beyond which a run is invalid. How they were chosen: docs/decisions/0005-validity-limits.md. */
export const LIMITS = {
  /** Messages sent over messages intended. */
  achievedRatio: 0.995,
  /** Send lag at the judged quantile: the larger of a time and a share of the headline's median. */
  sendLagNs: 1e6,
  sendLagOfMedian: 0.1,
  /** The share of the headline at that quantile that disappears when latency counts from the actual send. */
  sendLagEffect: 1 / 3,
  /** Utilization of a generator process without pacing. */
  generatorUtilization: 0.7,
  /** Receive uncertainty over the headline at that quantile: the first is noted, the second invalidates the run. */
  uncertaintyNoted: 0.1,
  uncertaintyInvalidates: 0.75,
  /**
   * How much stalls of the generator add to a reported quantile of the headline: a share of it, and a time. Half of the
   * 20 % by which a reported p99 may differ from the captured one: handling messages takes the rest.
   */
  stallEffect: 0.1,
  stallNs: 0.1e6,
  stealRatio: 0.02,
} as const;

/** `causes`: what is already known to invalidate the run. */
type Rule = (view: ResultView, causes: readonly Finding[]) => Finding | null;

/** Fewer messages than intended are another, lighter load. */
const rateHeld: Rule = ({ result: { rate, failed } }) => {
  if (rate.sent >= rate.intended * LIMITS.achievedRatio) return null;
  const causes = listCounted(rate.unsent);
  const sent = `${formatCount(rate.sent)} of ${plural(rate.intended, 'message')} sent`;
  const areAll = (is: (reason: string) => boolean) =>
    rate.unsent.length > 0 && rate.unsent.every(({ reason }) => is(reason));
  const message = `${sent}${causes === '' ? '' : `: ${causes}`}`;
  if (areAll((reason) => reason === SENDER_GONE)) return { code: 'sender_lost', message };
  const hasFailed = areAll((reason) => failed.some((failure) => failure.reason === reason));
  return { code: hasFailed ? 'send_failed' : 'rate_not_held', message };
};

/** The highest quantile up to p99 that the run has samples for. Noise beyond it changes nothing that is reported. */
function judgedQuantile(view: ResultView): number {
  const samples = view.samples(view.result.headline);
  return [0.99, 0.95, 0.9].find((quantile) => samples >= samplesNeeded(quantile)) ?? 0.5;
}

/** Lag invalidates a run when it is long and changes the reported figure. */
const lateSends: Rule = (view) => {
  const { headline } = view.result;
  const quantile = judgedQuantile(view);
  const at = (series: string) => view.histogram(series)?.quantileNs(quantile) ?? Number.NaN;
  const medianNs = view.histogram(headline)?.quantileNs(0.5) ?? 0;
  const limitNs = Math.max(LIMITS.sendLagNs, medianNs * LIMITS.sendLagOfMedian);
  const [lagNs, tailNs] = [at('send_lag'), at(headline)];
  // A scenario's own series has no actual send.
  const actualNs = view.histogram(`${headline}_actual`) === null ? tailNs - lagNs : at(`${headline}_actual`);
  if (!(lagNs > limitNs && tailNs - actualNs > tailNs * LIMITS.sendLagEffect)) return null;
  const name = `p${formatNumber(quantile * 100)}`;
  const message = `generator lag: sends were late by ${formatNs(lagNs)} at ${name}, limit ${formatNs(limitNs)}; without the lag ${headline} ${name} would be ${formatNs(actualNs)} instead of ${formatNs(tailNs)}`;
  return { code: 'send_lag', message };
};

const generatorBusy: Rule = ({ result }) => {
  const [busiest] = measuredProcesses(result.telemetry.workers, result)
    .map(({ role, measured }) => ({ role, work: measured.workUtilization ?? 0 }))
    .sort((a, b) => b.work - a.work);
  if (busiest === undefined || busiest.work <= LIMITS.generatorUtilization) return null;
  const limit = formatPercent(LIMITS.generatorUtilization);
  const message = `the generator was the limit: ${busiest.role} was busy ${formatPercent(busiest.work)} of the time, limit ${limit}`;
  return { code: 'generator_busy', message };
};

/** How much of the headline's tail may be the generator's own: a message waits while it handles another. */
function uncertaintyOfTail(view: ResultView): { readonly share: number; readonly message: string } | null {
  const { headline } = view.result;
  const quantile = judgedQuantile(view);
  const uncertaintyNs = view.histogram('receive_uncertainty')?.quantileNs(quantile);
  const tailNs = view.histogram(headline)?.quantileNs(quantile);
  if (uncertaintyNs === undefined || tailNs === undefined) return null;
  const share = uncertaintyNs / tailNs;
  const name = `p${formatNumber(quantile * 100)}`;
  const message = `receive uncertainty ${name} ${formatNs(uncertaintyNs)} is ${formatPercent(share)} of ${headline} ${name} ${formatNs(tailNs)}`;
  return { share, message };
}

const receiveUncertainty: Rule = (view) => {
  const uncertainty = uncertaintyOfTail(view);
  if (uncertainty === null || uncertainty.share <= LIMITS.uncertaintyInvalidates) return null;
  const message = `the generator received late: ${uncertainty.message}, limit ${formatPercent(LIMITS.uncertaintyInvalidates)}`;
  return { code: 'receive_uncertainty', message };
};

/** The generator process that was held up the longest, and for how long. */
function longestStall({ result }: ResultView): string {
  const { measureMs } = result.timing;
  const [worst] = result.telemetry.workers
    .map((worker) => ({
      role: worker.role,
      waitMs: runQueueWaitMs(worker, measureMs),
      delayNs: measuredTelemetry(worker, measureMs)?.loopDelayMaxNs ?? 0,
    }))
    .sort((a, b) => (b.waitMs ?? 0) * 1e6 + b.delayNs - ((a.waitMs ?? 0) * 1e6 + a.delayNs));
  if (worst === undefined) return '';
  const { role, waitMs, delayNs } = worst;
  return waitMs === null
    ? `; the event loop of ${role} was up to ${formatNs(delayNs)} late`
    : `; ${role} waited ${formatNs(waitMs * 1e6)} for a CPU, and its event loop was up to ${formatNs(delayNs)} late`;
}

const STALL_QUANTILES = [0.99, 0.95, 0.9, 0.5];

/** Messages that waited while the generator was held up are late by its fault. Every quantile that is reported counts. */
const stalledGenerator: Rule = (view) => {
  const { headline } = view.result;
  const [all, rest] = [view.histogram(headline), view.histogram(unstalled(headline))];
  if (all === null || rest === null) return null;
  const judged = judgedQuantile(view);
  for (const quantile of STALL_QUANTILES.filter((each) => each <= judged)) {
    const [withNs, withoutNs] = [all.quantileNs(quantile), rest.quantileNs(quantile)];
    const limitNs = Math.max(LIMITS.stallNs, withoutNs * LIMITS.stallEffect);
    if (withNs - withoutNs <= limitNs) continue;
    const name = `${headline} p${formatNumber(quantile * 100)}`;
    const message = `the generator was held up: without that time ${name} would be ${formatNs(withoutNs)} instead of ${formatNs(withNs)}${longestStall(view)}`;
    return { code: 'generator_stalled', message };
  }
  return null;
};

const stolen: Rule = ({ result: { environment } }) => {
  const { stealRatio } = environment;
  if (stealRatio === null || stealRatio <= LIMITS.stealRatio) return null;
  const message = `CPU steal: other machines on this host took ${formatPercent(stealRatio)} of the time of the run's CPUs, limit ${formatPercent(LIMITS.stealRatio)}`;
  return { code: 'cpu_steal', message };
};

const throttled: Rule = ({ result: { environment } }) => {
  const { throttledMs } = environment;
  if (throttledMs === null || throttledMs === 0) return null;
  const message = `the CPU limit of the control group stopped the run for ${formatNumber(throttledMs)} ms`;
  return { code: 'cpu_throttled', message };
};

function totalOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, { count }) => sum + count, 0);
}

const isOwnLimit = ({ reason }: Reason) => reason.includes(REFUSED_BY_OWN_SYSTEM);

const systemLimit: Rule = ({ result: { clients, failed } }) => {
  const causes = [...clients.failures, ...clients.dropped, ...failed].filter(isOwnLimit);
  if (causes.length === 0) return null;
  const message = `${plural(totalOf(causes), 'client')} could not connect: ${listCounted(causes)}`;
  return { code: 'system_limit', message };
};

const clientsLost: Rule = ({ result }) => {
  const { clients } = result;
  const [failures = [], drops = []] = [clients.failures, clients.dropped].map((causes) =>
    causes.filter((cause) => !isOwnLimit(cause)),
  );
  // Where connections are held, one that is cut is a result.
  const causes = isHeld(result) ? failures : [...failures, ...drops];
  if (causes.length === 0) return null;
  const missing = clients.planned - clients.connected - totalOf(clients.failures.filter(isOwnLimit));
  // The clients of a worker that died while connecting are missing without a failure.
  const unjoined = Math.max(0, totalOf(failures) - missing);
  const message = `of ${plural(clients.planned, 'client')}, ${formatCount(missing)} did not connect, ${formatCount(unjoined)} did not join and ${passive(totalOf(drops), 'dropped')}: ${listCounted(causes)}`;
  return { code: 'clients_lost', message };
};

/** Why nothing arrived, as far as the run shows it. No advice about the server where the generator was the limit. */
function whyNone(
  { result: { failed, ledger, plan, warmup } }: ResultView,
  causes: readonly Finding[],
): string {
  if (ledger.corrupted > 0) return ` intact: ${formatCount(ledger.corrupted)} had another length or content`;
  const [first] = failed;
  if (first !== undefined) return `: ${first.reason}`;
  const warmupMedianNs = warmup.windowMediansNs.findLast((median) => median !== null);
  if (typeof warmupMedianNs === 'number') {
    return ` before the end of the drain (--drain); warm-up messages arrived, with a median latency of ${formatNs(warmupMedianNs)} at the end`;
  }
  if (causes.some((cause) => faultOf(cause) === 'generator')) return '';
  return plan.target.file === null
    ? ': check that the server handles the events of docs/your-own-server.md'
    : ': check that the target file matches the server';
}

const tooFewSamples: Rule = (view, causes) => {
  const needed = samplesNeeded(0.5);
  const { samples, ledger, failed } = view.result;
  if (samples.count >= needed || isHeld(view.result)) return null;
  const cause = listCounted(failed.slice(0, 1));
  const message =
    ledger.expected > 0 && ledger.delivered === 0
      ? `none of ${plural(ledger.expected, 'message')} arrived${whyNone(view, causes)}`
      : `${plural(samples.count, samples.unit)} measured; a median needs at least ${needed}${cause === '' ? '' : `: ${cause}`}`;
  return { code: 'too_few_samples', message };
};

/** Causes before their consequences: the first one heads the verdict. */
const RULES: readonly Rule[] = [
  generatorBusy,
  rateHeld,
  lateSends,
  stalledGenerator,
  receiveUncertainty,
  stolen,
  throttled,
  systemLimit,
  clientsLost,
  tooFewSamples,
];

/** Every reason why the run is invalid that its own figures show, causes before their consequences. */
export function judgeValidity(view: ResultView): Finding[] {
  const found: Finding[] = [];
  for (const rule of RULES) {
    const finding = rule(view, [...view.result.invalid, ...found]);
    if (finding !== null) found.push(finding);
  }
  return found;
}

/** Notes receive times that are uncertain, but not enough to invalidate the run. */
export function noteUncertainty(view: ResultView): Finding | null {
  const uncertainty = uncertaintyOfTail(view);
  if (uncertainty === null || uncertainty.share <= LIMITS.uncertaintyNoted) return null;
  if (uncertainty.share > LIMITS.uncertaintyInvalidates) return null;
  const message = `latencies may be too high by the time to receive: ${uncertainty.message}; more workers on more CPUs reduce it`;
  return { code: 'uncertain_receive_times', message };
}
