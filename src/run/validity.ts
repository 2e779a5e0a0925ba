import type { Finding, RunResult } from '../result/schema.ts';
import { measuredTelemetry, type ResultView, samplesNeeded } from '../result/view.ts';
import { formatCount, formatNs, formatNumber, formatPercent, plural } from '../units.ts';

/** Limits beyond which a run must not be believed. How they were chosen: docs/decisions/0005-validity-limits.md. */
export const LIMITS = {
  achievedRatio: 0.995,
  sendLagNs: 1e6,
  sendLagOfMedian: 0.1,
  generatorUtilisation: 0.7,
  uncertaintyOfP99: 0.5,
  stealRatio: 0.02,
} as const;

type Rule = (view: ResultView) => Finding | null;

/** Whether the schedule was kept: fewer messages than intended is another, lighter load. */
const rateHeld: Rule = ({ result: { rate } }) => {
  if (rate.sent >= rate.intended * LIMITS.achievedRatio) return null;
  const causes = rate.unsent.map(({ reason, count }) => `${reason} (${formatCount(count)})`).join(', ');
  const sent = `${formatCount(rate.sent)} of ${plural(rate.intended, 'message')} sent`;
  return { code: 'rate_not_held', message: `${sent}${causes === '' ? '' : `: ${causes}`}` };
};

const sendLag: Rule = (view) => {
  const lagNs = view.histogram('send_lag')?.quantileNs(0.99);
  const medianNs = view.histogram(view.result.headline)?.quantileNs(0.5) ?? 0;
  const limitNs = Math.max(LIMITS.sendLagNs, medianNs * LIMITS.sendLagOfMedian);
  if (lagNs === undefined || lagNs <= limitNs) return null;
  return {
    code: 'send_lag',
    message: `the generator sent late: send lag p99 ${formatNs(lagNs)}, limit ${formatNs(limitNs)}`,
  };
};

const generatorBusy: Rule = ({ result }) => {
  const busiest = result.telemetry.workers
    .map((worker) => ({
      role: worker.role,
      work: measuredTelemetry(worker, result.timing.measureMs)?.workUtilisation ?? 0,
    }))
    .sort((a, b) => b.work - a.work)[0];
  if (busiest === undefined || busiest.work <= LIMITS.generatorUtilisation) return null;
  const limit = formatPercent(LIMITS.generatorUtilisation);
  return {
    code: 'generator_busy',
    message: `the generator was the limit: ${busiest.role} was busy ${formatPercent(busiest.work)} of the time, limit ${limit}`,
  };
};

/** The headline's tail, or the last receiver's where there is one, must not be mostly the generator's own doing. */
const receiveUncertainty: Rule = (view) => {
  const uncertaintyNs = view.histogram('receive_uncertainty')?.quantileNs(0.99);
  const tailNs = view.histogram(view.result.headline)?.quantileNs(0.99);
  if (uncertaintyNs === undefined || tailNs === undefined) return null;
  if (uncertaintyNs <= tailNs * LIMITS.uncertaintyOfP99) return null;
  const share = formatPercent(LIMITS.uncertaintyOfP99);
  return {
    code: 'receive_uncertainty',
    message: `the generator received late: receive uncertainty p99 ${formatNs(uncertaintyNs)} is over ${share} of ${view.result.headline} p99 ${formatNs(tailNs)}`,
  };
};

const stolen: Rule = ({ result: { environment } }) => {
  const { stealRatio } = environment;
  if (stealRatio === null || stealRatio <= LIMITS.stealRatio) return null;
  return {
    code: 'cpu_steal',
    message: `other machines on this host took ${formatPercent(stealRatio)} of the CPU time, limit ${formatPercent(LIMITS.stealRatio)}`,
  };
};

const throttled: Rule = ({ result: { environment } }) => {
  const { throttledMs } = environment;
  if (throttledMs === null || throttledMs === 0) return null;
  return {
    code: 'cpu_throttled',
    message: `the control group's CPU limit stopped the run for ${formatNumber(throttledMs)} ms`,
  };
};

const clientsLost: Rule = ({ result: { clients } }) => {
  const causes = [...clients.failures, ...clients.dropped];
  if (causes.length === 0) return null;
  const list = causes.map(({ reason, count }) => `${reason} (${formatCount(count)})`).join(', ');
  const missing = clients.planned - clients.connected;
  const dropped = clients.dropped.reduce((sum, { count }) => sum + count, 0);
  return {
    code: 'clients_lost',
    message: `of ${plural(clients.planned, 'client')}, ${formatCount(missing)} did not connect and ${formatCount(dropped)} were dropped: ${list}`,
  };
};

const tooFewSamples: Rule = (view) => {
  const needed = samplesNeeded(0.5);
  const { samples, headline } = view.result;
  if (samples.count >= needed) return null;
  const unit = headline === 'ack' ? 'request' : 'broadcast';
  return {
    code: 'too_few_samples',
    message: `${plural(samples.count, unit)} measured; even a median needs ${needed}`,
  };
};

const RULES: readonly Rule[] = [
  rateHeld,
  generatorBusy,
  sendLag,
  receiveUncertainty,
  stolen,
  throttled,
  clientsLost,
  tooFewSamples,
];

/** Codes that say that the generator was the limit, so that nothing can be said of the server. */
const GENERATOR_LIMITED = new Set(['rate_not_held', 'generator_busy', 'send_lag', 'receive_uncertainty']);

/** Every reason to disbelieve the run that its own figures show, most telling first. */
export function judgeValidity(view: ResultView): Finding[] {
  return RULES.map((rule) => rule(view)).filter((finding) => finding !== null);
}

export function isGeneratorLimited(invalid: RunResult['invalid']): boolean {
  return invalid.some(({ code }) => GENERATOR_LIMITED.has(code));
}
