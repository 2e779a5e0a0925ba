import { seriesNamed, unstalled } from '../../measure/series.ts';
import type { Finding } from '../../result/findings.ts';
import {
  measuredProcesses,
  measuredTelemetry,
  receivingOfWorkers,
  runQueueWaitMs,
} from '../../result/telemetry.ts';
import type { ResultView } from '../../result/view.ts';
import { formatCount, formatNs, formatPercent, formatShare } from '../../units.ts';
import {
  JUDGED_QUANTILES,
  judgedQuantile,
  LIMITS,
  type QuantileRule,
  quantileName,
  type Rule,
} from './limits.ts';

function isTimedByKernel({ result }: ResultView): boolean {
  return result.receiving.clock === 'kernel';
}

/** Whether clients wait for what arrives before they send, so that a busy generator delays what it measures. */
function actsOnReceipts(view: ResultView): boolean {
  return ['iteration', 'ack_server'].some((series) => view.histogram(series) !== null);
}

/**
 * A generator that is busy receives late. That changes nothing that is reported where the kernel times what arrives,
 * unless clients answer it, or bytes to send wait for the generator.
 */
export const generatorBusy: Rule = (view) => {
  const { result } = view;
  const [busiest] = measuredProcesses(result.telemetry.workers, result)
    .map(({ role, measured }) => ({ role, work: measured.workUtilization ?? 0 }))
    .sort((a, b) => b.work - a.work);
  if (busiest === undefined || busiest.work <= LIMITS.generatorUtilization) return null;
  const { queuedSends } = receivingOfWorkers(result);
  if (isTimedByKernel(view) && !actsOnReceipts(view) && queuedSends === 0) return null;
  const limit = formatPercent(LIMITS.generatorUtilization);
  const message = `the generator was the limit: ${busiest.role} was busy ${formatShare(busiest.work)} of the time, limit ${limit}`;
  return { code: 'generator_busy', message };
};

/** A server whose clients do not read has to wait. That is not its own latency. */
export const generatorBehind: Rule = ({ result }) => {
  const { fullest, waitMaxNs } = receivingOfWorkers(result);
  if (fullest === null || fullest.ratio < LIMITS.receiveBuffer) return null;
  const waited = waitMaxNs === null ? '' : `; messages waited up to ${formatNs(waitMaxNs)} to be handled`;
  const message = `the generator fell behind: a receive buffer of ${fullest.role} was ${formatShare(fullest.ratio)} full, limit ${formatPercent(LIMITS.receiveBuffer)}, so that the server could not send${waited}`;
  return { code: 'generator_behind', message };
};

/**
 * The highest quantile of the headline, up to one, that the time which may be the generator's own changes by more than a
 * share and a time.
 */
function effectOfDelay(
  view: ResultView,
  upTo: number,
  share: number,
  minNs: number,
): { readonly name: string; readonly withNs: number; readonly withoutNs: number } | null {
  const { headline } = view.result;
  const [all, rest] = [view.histogram(headline), view.histogram(unstalled(headline))];
  if (all === null || rest === null) return null;
  for (const quantile of JUDGED_QUANTILES.filter((each) => each <= upTo)) {
    const [withNs, withoutNs] = [all.quantileNs(quantile), rest.quantileNs(quantile)];
    if (withNs - withoutNs <= Math.max(minNs, withoutNs * share)) continue;
    return { name: `${headline} ${quantileName(quantile)}`, withNs, withoutNs };
  }
  return null;
}

/** How uncertain the headline is by messages that share a receive time: they may have arrived earlier. */
function sharedTimes(view: ResultView, upTo: number, share: number, minNs: number): string | null {
  const effect = effectOfDelay(view, upTo, share, minNs);
  if (effect === null) return null;
  const { name, withNs, withoutNs } = effect;
  const { received, shared } = receivingOfWorkers(view.result);
  return `${formatCount(shared)} of ${formatCount(received)} messages have the receive time of a later one, so that ${name} lies between ${formatNs(withoutNs)} and ${formatNs(withNs)}`;
}

/** Replies to one request are sent together, so that they share times however early they are read. */
function sharedTimesInvalidate(view: ResultView, upTo: number): Finding | null {
  const comeTogether = seriesNamed(view.result.headline)?.sampledBy === 'reply_last';
  const share = comeTogether ? LIMITS.stallEffect : LIMITS.kernelEffect;
  const shared = sharedTimes(view, upTo, share, comeTogether ? LIMITS.stallNs : LIMITS.kernelNs);
  if (shared === null) return null;
  const message = `the generator received late: ${shared}, limit ${formatPercent(share)}`;
  return { code: 'receive_uncertainty', message };
}

/** How much of the headline's tail may be the generator's own: a message waits while it handles another. */
function uncertaintyAt(
  view: ResultView,
  quantile: number,
): { readonly share: number; readonly message: string } | null {
  const { headline } = view.result;
  const uncertaintyNs = view.histogram('receive_uncertainty')?.quantileNs(quantile);
  const tailNs = view.histogram(headline)?.quantileNs(quantile);
  if (uncertaintyNs === undefined || tailNs === undefined) return null;
  const share = uncertaintyNs / tailNs;
  const name = quantileName(quantile);
  const message = `receive uncertainty ${name} ${formatNs(uncertaintyNs)} is ${formatShare(share)} of ${headline} ${name} ${formatNs(tailNs)}`;
  return { share, message };
}

export const receiveUncertainty: QuantileRule = (view, quantile) => {
  if (isTimedByKernel(view)) return sharedTimesInvalidate(view, quantile);
  const uncertainty = uncertaintyAt(view, quantile);
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

/** Messages that waited while the generator was held up are late by its fault. Every quantile that is reported counts. */
export const stalledGenerator: QuantileRule = (view, quantile) => {
  const effect = isTimedByKernel(view)
    ? null
    : effectOfDelay(view, quantile, LIMITS.stallEffect, LIMITS.stallNs);
  if (effect === null) return null;
  const { name, withNs, withoutNs } = effect;
  const message = `the generator was held up: without that time ${name} would be ${formatNs(withoutNs)} instead of ${formatNs(withNs)}${longestStall(view)}`;
  return { code: 'generator_stalled', message };
};

/** Notes receive times that are uncertain, but not enough to invalidate the run. */
export function noteUncertainty(view: ResultView): Finding | null {
  const code = 'uncertain_receive_times';
  const quantile = judgedQuantile(view);
  if (receiveUncertainty(view, quantile) !== null) return null;
  if (isTimedByKernel(view)) {
    const shared = sharedTimes(view, quantile, LIMITS.kernelEffect, LIMITS.kernelNs);
    return shared === null ? null : { code, message: `latencies may be too high: ${shared}` };
  }
  const uncertainty = uncertaintyAt(view, quantile);
  if (uncertainty === null || uncertainty.share <= LIMITS.uncertaintyNoted) return null;
  const message = `latencies may be too high by the time to receive: ${uncertainty.message}; more workers on more CPUs reduce it`;
  return { code, message };
}
