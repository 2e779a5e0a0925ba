import { SENDER_GONE } from '../../generator/sender.ts';
import type { Finding, RunResult } from '../../result/run-result.ts';
import { measuredTelemetry, type ResultView, samplesNeeded } from '../../result/view.ts';
import { listCounted, plural } from '../../text.ts';
import { formatCount, formatNs, formatNumber, formatPercent } from '../../units.ts';

/** Limits beyond which a run must not be believed. How they were chosen: docs/decisions/0005-validity-limits.md. */
export const LIMITS = {
  /** Messages sent of those intended. */
  achievedRatio: 0.995,
  /** Send lag, at the highest quantile that the run reports: the larger of a time and a share of the headline's median. */
  sendLagNs: 1e6,
  sendLagOfMedian: 0.1,
  /** And how much of the headline at that quantile is gone when latency is counted from the actual sending. */
  sendLagEffect: 1 / 3,
  /** Share of the time in which a generator process did anything but wait; spinning before a due time is waiting. */
  generatorUtilization: 0.7,
  /** Receive uncertainty over the headline at that quantile: above the first it is told, above the second it spoils. */
  uncertaintyNoted: 0.1,
  uncertaintyInvalidates: 0.75,
  stealRatio: 0.02,
} as const;

type Rule = (view: ResultView) => Finding | null;

/** Whether the schedule was kept: fewer messages than intended is another, lighter load. */
const rateHeld: Rule = ({ result: { rate } }) => {
  if (rate.sent >= rate.intended * LIMITS.achievedRatio) return null;
  const causes = listCounted(rate.unsent);
  const sent = `${formatCount(rate.sent)} of ${plural(rate.intended, 'message')} sent`;
  const senderGone = rate.unsent.every(({ reason }) => reason === SENDER_GONE) && rate.unsent.length > 0;
  return {
    code: senderGone ? 'sender_lost' : 'rate_not_held',
    message: `${sent}${causes === '' ? '' : `: ${causes}`}`,
  };
};

/**
 * The highest quantile that the run has samples for, p99 at most: what a run does not report, a burst of
 * noise may spoil without harm.
 */
function judgedQuantile(view: ResultView): number {
  const samples = view.samples(view.result.headline);
  return [0.99, 0.95, 0.9].find((quantile) => samples >= samplesNeeded(quantile)) ?? 0.5;
}

/** Lag spoils a run when it is long and shows in the figure that is reported; lag that moves nothing harms nobody. */
const sendLag: Rule = (view) => {
  const { headline } = view.result;
  const quantile = judgedQuantile(view);
  const at = (series: string) => view.histogram(series)?.quantileNs(quantile) ?? Number.NaN;
  const medianNs = view.histogram(headline)?.quantileNs(0.5) ?? 0;
  const limitNs = Math.max(LIMITS.sendLagNs, medianNs * LIMITS.sendLagOfMedian);
  const [lagNs, tailNs] = [at('send_lag'), at(headline)];
  // A series of the scenario's own may be timed from elsewhere.
  const actualNs = view.histogram(`${headline}_actual`) === null ? tailNs - lagNs : at(`${headline}_actual`);
  if (!(lagNs > limitNs && tailNs - actualNs > tailNs * LIMITS.sendLagEffect)) return null;
  const name = `p${formatNumber(quantile * 100)}`;
  return {
    code: 'send_lag',
    message: `the generator sent late: send lag ${name} ${formatNs(lagNs)}, limit ${formatNs(limitNs)}; without it ${headline} ${name} would be ${formatNs(actualNs)}, not ${formatNs(tailNs)}`,
  };
};

const generatorBusy: Rule = ({ result }) => {
  const busiest = result.telemetry.workers
    .map((worker) => ({
      role: worker.role,
      work: measuredTelemetry(worker, result.timing.measureMs)?.workUtilization ?? 0,
    }))
    .sort((a, b) => b.work - a.work)[0];
  if (busiest === undefined || busiest.work <= LIMITS.generatorUtilization) return null;
  const limit = formatPercent(LIMITS.generatorUtilization);
  return {
    code: 'generator_busy',
    message: `the generator was the limit: ${busiest.role} was busy ${formatPercent(busiest.work)} of the time, limit ${limit}`,
  };
};

/** How much of the headline's tail may be the generator's own: handling one message while the next waits. */
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
  return {
    code: 'receive_uncertainty',
    message: `the generator received late: ${uncertainty.message}, limit ${formatPercent(LIMITS.uncertaintyInvalidates)}`,
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

function countAll(reasons: ReadonlyArray<{ readonly count: number }>): number {
  return reasons.reduce((sum, { count }) => sum + count, 0);
}

const clientsLost: Rule = ({ result: { clients } }) => {
  const causes = [...clients.failures, ...clients.dropped];
  if (causes.length === 0) return null;
  const missing = clients.planned - clients.connected;
  const dropped = countAll(clients.dropped);
  // The clients of a worker that died while connecting are missing without a failure of their own.
  const unjoined = Math.max(0, countAll(clients.failures) - missing);
  return {
    code: 'clients_lost',
    message: `of ${plural(clients.planned, 'client')}, ${formatCount(missing)} did not connect, ${formatCount(unjoined)} did not join and ${formatCount(dropped)} were dropped: ${listCounted(causes)}`,
  };
};

function whyNone({ result: { failed, plan } }: ResultView): string {
  const [first] = failed;
  if (first !== undefined) return first.reason;
  return plan.target.file === null
    ? 'does the server know the events of docs/your-own-server.md?'
    : 'does the target file say what the server does?';
}

const tooFewSamples: Rule = (view) => {
  const needed = samplesNeeded(0.5);
  const { samples } = view.result;
  if (samples.count >= needed) return null;
  const { expected, delivered } = view.result.ledger;
  if (expected > 0 && delivered === 0) {
    return {
      code: 'too_few_samples',
      message: `none of ${plural(expected, 'message')} arrived: ${whyNone(view)}`,
    };
  }
  const cause = listCounted(view.result.failed.slice(0, 1));
  return {
    code: 'too_few_samples',
    message: `${plural(samples.count, samples.unit)} measured; even a median needs ${needed}${cause === '' ? '' : `: ${cause}`}`,
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
const GENERATOR_LIMITED = new Set([
  'rate_not_held',
  'generator_busy',
  'send_lag',
  'receive_uncertainty',
  'worker_died',
  'worker_hung',
]);

/** Every reason to disbelieve the run that its own figures show, most telling first. */
export function judgeValidity(view: ResultView): Finding[] {
  return RULES.map((rule) => rule(view)).filter((finding) => finding !== null);
}

/** What spoils nothing but belongs beside the figures: null when the receive times are sharp enough, or spoil the run. */
export function noteUncertainty(view: ResultView): Finding | null {
  const uncertainty = uncertaintyOfTail(view);
  if (uncertainty === null || uncertainty.share <= LIMITS.uncertaintyNoted) return null;
  if (uncertainty.share > LIMITS.uncertaintyInvalidates) return null;
  return {
    code: 'receive_uncertainty',
    message: `latencies may be too high by what the generator took to receive: ${uncertainty.message}; more workers on more CPUs lower it`,
  };
}

export function isGeneratorLimited(invalid: RunResult['invalid']): boolean {
  return invalid.some(({ code }) => GENERATOR_LIMITED.has(code));
}
