import { REFUSED_BY_OWN_SYSTEM, UNKNOWN_SESSION } from '../../drivers/reason.ts';
import { SENDER_AWAY, SENDER_GONE } from '../../generator/sender.ts';
import type { Reason } from '../../measure/reason-counts.ts';
import { sumOfReasons } from '../../result/aggregate.ts';
import type { Finding } from '../../result/findings.ts';
import { faultOf } from '../../result/remedies.ts';
import { isHeld, type ResultView, samplesNeeded } from '../../result/view.ts';
import { list, listCounted, passive, plural } from '../../text.ts';
import {
  formatCount,
  formatFigure,
  formatLimitNs,
  formatNs,
  formatPercent,
  formatShare,
} from '../../units.ts';
import { explainClose } from '../diagnose/close-codes.ts';
import { explainSystemLimit } from '../diagnose/system-limits.ts';
import { LIMITS, type QuantileRule, quantileName, type Rule, upToJudged } from './limits.ts';
import { generatorBehind, generatorBusy, receiveUncertainty, stalledGenerator } from './receive-rules.ts';
import { receivedInstead, SEE_TRACE } from './received-instead.ts';
import { relayLate } from './relay-rules.ts';

/** Fewer messages than intended are another, lighter load. */
const rateHeld: Rule = ({ result: { rate, failed } }) => {
  // A sender that the plan has cut off is not expected to send.
  const away = sumOfReasons(rate.unsent.filter(({ reason }) => reason === SENDER_AWAY));
  if (rate.sent >= (rate.intended - away) * LIMITS.achievedRatio) return null;
  const causes = listCounted(rate.unsent);
  const sent = `${formatCount(rate.sent)} of ${plural(rate.intended, 'message')} sent`;
  const areAll = (is: (reason: string) => boolean) =>
    rate.unsent.length > 0 && rate.unsent.every(({ reason }) => is(reason));
  const message = `${sent}${causes === '' ? '' : `: ${causes}`}`;
  if (areAll((reason) => reason === SENDER_GONE)) return { code: 'sender_lost', message };
  const hasFailed = areAll((reason) => failed.some((failure) => failure.reason === reason));
  return { code: hasFailed ? 'send_failed' : 'rate_not_held', message };
};

/** Lag invalidates a run when it is long and changes the reported figure. */
const lateSends: QuantileRule = (view, quantile) => {
  const { headline } = view.result;
  const at = (series: string) => view.histogram(series)?.quantileNs(quantile) ?? Number.NaN;
  const medianNs = view.histogram(headline)?.quantileNs(0.5) ?? 0;
  const limitNs = Math.max(LIMITS.sendLagNs, medianNs * LIMITS.sendLagOfMedian);
  const [lagNs, tailNs] = [at('send_lag'), at(headline)];
  // A scenario's own series has no actual send.
  const actualNs = view.histogram(`${headline}_actual`) === null ? tailNs - lagNs : at(`${headline}_actual`);
  if (!(lagNs > limitNs && tailNs - actualNs > tailNs * LIMITS.sendLagEffect)) return null;
  const name = quantileName(quantile);
  const message = `generator lag: sends were late by ${formatNs(lagNs)} at ${name}, limit ${formatLimitNs(limitNs)}; without the lag ${headline} ${name} would be ${formatNs(actualNs)} instead of ${formatNs(tailNs)}`;
  return { code: 'send_lag', message };
};

/**
 * Where the kernel times what arrives, time that was stolen from the generator shows in send lag and in full buffers, so
 * that only the CPUs of the server count.
 */
const stolen: Rule = ({ result: { environment, receiving } }) => {
  const { serverStealRatio } = environment;
  const stealRatio =
    receiving.clock === 'kernel' && serverStealRatio !== null ? serverStealRatio : environment.stealRatio;
  if (stealRatio === null || stealRatio <= LIMITS.stealRatio) return null;
  const message = `CPU steal: other machines on this host took ${formatShare(stealRatio)} of the time of the run's CPUs, limit ${formatPercent(LIMITS.stealRatio)}`;
  return { code: 'cpu_steal', message };
};

const throttled: Rule = ({ result: { environment } }) => {
  const { throttledMs } = environment;
  if (throttledMs === null || throttledMs === 0) return null;
  const message = `the CPU limit of the control group stopped the run for ${formatFigure(throttledMs)} ms`;
  return { code: 'cpu_throttled', message };
};

const isOwnLimit = ({ reason }: Reason) => reason.includes(REFUSED_BY_OWN_SYSTEM);

const systemLimit: Rule = ({ result: { clients, failed } }) => {
  const causes = [...clients.failures, ...clients.dropped, ...failed].filter(isOwnLimit);
  if (causes.length === 0) return null;
  const limit = causes[0] === undefined ? null : explainSystemLimit(causes[0].reason);
  const why = limit === null ? listCounted(causes) : `${limit.found}; ${limit.remedy}`;
  const message = `${plural(sumOfReasons(causes), 'client')} could not connect: ${why}`;
  return { code: 'system_limit', message };
};

/** What the most frequent reason means, where it has a close code. */
function adviceOn([first]: readonly Reason[]): string {
  const meaning = first === undefined ? null : explainClose(first.reason);
  return meaning === null ? '' : `; ${meaning}`;
}

/** Error 1 of Engine.IO's server: a request reached a process that does not know its session. */
const isUnknownSession = ({ reason }: Reason) => reason.includes(UNKNOWN_SESSION);

/** Several processes behind one address, between which the requests of one client wander. */
const stickySessions: Rule = ({ result: { clients } }) => {
  const causes = [...clients.failures, ...clients.dropped].filter(isUnknownSession);
  if (causes.length === 0) return null;
  const inNow = Math.max(0, clients.planned - sumOfReasons(causes));
  const message = `${formatCount(inNow)} of ${plural(clients.planned, 'client')} got in; requests of the others reached a server process that does not know their session (${UNKNOWN_SESSION})`;
  return { code: 'sticky_sessions', message };
};

const clientsLost: Rule = ({ result }) => {
  const { clients } = result;
  const [failures = [], drops = []] = [clients.failures, clients.dropped].map((causes) =>
    causes.filter((cause) => !isOwnLimit(cause) && !isUnknownSession(cause)),
  );
  // Where connections are held, one that is cut is a result.
  const causes = isHeld(result) ? failures : [...failures, ...drops];
  if (causes.length === 0) return null;
  const missing =
    clients.planned -
    clients.connected -
    sumOfReasons(clients.failures.filter((cause) => isOwnLimit(cause) || isUnknownSession(cause)));
  // The clients of a worker that died while connecting are missing without a failure.
  const unjoined = Math.max(0, sumOfReasons(failures) - missing);
  const dropped = sumOfReasons(drops);
  const parts = [
    ...(missing > 0 ? [`${formatCount(missing)} did not connect`] : []),
    ...(unjoined > 0 ? [`${formatCount(unjoined)} did not join`] : []),
    ...(dropped > 0 ? [passive(dropped, 'dropped')] : []),
  ];
  const message = `of ${plural(clients.planned, 'client')}, ${list(parts)}: ${listCounted(causes)}${adviceOn(causes)}`;
  return { code: 'clients_lost', message };
};

/**
 * Why nothing arrived, as far as the run shows it. No advice about the server where the generator was the limit; null where
 * the target may not fit the server.
 */
function whyNone(
  { result: { failed, ledger, warmup } }: ResultView,
  causes: readonly Finding[],
): string | null {
  if (ledger.corrupted > 0) return ` intact: ${formatCount(ledger.corrupted)} had another length or content`;
  const [first] = failed;
  if (first !== undefined) return `: ${first.reason}`;
  const warmupMedianNs = warmup.windowMediansNs.findLast((median) => median !== null);
  if (typeof warmupMedianNs === 'number') {
    return ` before the end of the drain (--drain); warm-up messages arrived, with a median latency of ${formatNs(warmupMedianNs)} at the end`;
  }
  return causes.some((cause) => faultOf(cause) === 'generator') ? '' : null;
}

/** What arrived instead of the messages that the target recognizes. */
function unrecognized({ plan, received }: ResultView['result']): string {
  if (received !== null) return `: ${receivedInstead(received)}; ${SEE_TRACE}`;
  return plan.target.file === null
    ? ': check that the server handles the events of docs/your-own-server.md'
    : ': check that the target file matches the server';
}

/** What arrived where the clients only listen, and the server pushed nothing that is expected. */
function whyNoPush({ headline, samples, received }: ResultView['result']): string {
  if (headline !== 'push_skew' || samples.count > 0 || received === null) return '';
  return `; ${receivedInstead(received)}; ${SEE_TRACE}`;
}

/** A run of rejections has measured nothing but these. */
const allRejected: Rule = ({ result }) => {
  const { rejected, rate, samples } = result;
  const count = sumOfReasons(rejected);
  if (count === 0 || samples.count > 0 || isHeld(result)) return null;
  const message = `the server rejected ${formatCount(count)} of ${plural(rate.sent, 'message')}, and ${samples.unit === 'iteration' ? 'no iteration was completed' : 'none was delivered or answered'}: ${listCounted(rejected)}`;
  return { code: 'all_rejected', message };
};

const tooFewSamples: Rule = (view, causes) => {
  if (causes.some(({ code }) => code === 'all_rejected')) return null;
  const needed = samplesNeeded(0.5);
  const { samples, ledger, failed } = view.result;
  if (samples.count >= needed || isHeld(view.result)) return null;
  const cause = listCounted(failed.slice(0, 1));
  if (ledger.expected > 0 && ledger.delivered === 0) {
    const why = whyNone(view, causes);
    const message = `none of ${plural(ledger.expected, 'message')} arrived${why ?? unrecognized(view.result)}`;
    return { code: why === null ? 'nothing_arrived' : 'too_few_samples', message };
  }
  const noPush = cause === '' ? whyNoPush(view.result) : '';
  const message = `${plural(samples.count, samples.unit)} measured; a median needs at least ${needed}${cause === '' ? noPush : `: ${cause}`}`;
  return { code: noPush === '' ? 'too_few_samples' : 'nothing_arrived', message };
};

/** Causes before their consequences: the first one heads the verdict. */
const RULES: readonly Rule[] = [
  generatorBusy,
  generatorBehind,
  rateHeld,
  upToJudged(lateSends),
  upToJudged(stalledGenerator),
  upToJudged(receiveUncertainty),
  upToJudged(relayLate),
  stolen,
  throttled,
  systemLimit,
  stickySessions,
  clientsLost,
  allRejected,
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
