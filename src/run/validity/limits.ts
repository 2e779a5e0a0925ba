import type { Finding } from '../../result/findings.ts';
import { type ResultView, samplesNeeded } from '../../result/view.ts';
import { formatNumber } from '../../units.ts';

/** Limits beyond which a run is invalid. How they were chosen: docs/decisions/0005-validity-limits.md and 0032. */
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
  /** How uncertain a reported quantile may be where the kernel times what arrives: a share of it, and a time. */
  kernelEffect: 0.02,
  kernelNs: 20e3,
  /** How full a receive buffer may be before it is read. From about 94 % on the server cannot send. */
  receiveBuffer: 0.9,
  /** How much of the headline at the judged quantile may be time that the relay held bytes too long. */
  relayEffect: 0.1,
  stealRatio: 0.02,
} as const;

/** `causes`: what is already known to invalidate the run. */
export type Rule = (view: ResultView, causes: readonly Finding[]) => Finding | null;

/** A rule about quantiles of the headline up to one. */
export type QuantileRule = (view: ResultView, quantile: number) => Finding | null;

/** Those that are reported, the highest first. */
export const JUDGED_QUANTILES: readonly number[] = [0.99, 0.95, 0.9, 0.5];

/** Applies a rule to the judged quantile. What it finds says up to which lower quantile latencies are right all the same. */
export function upToJudged(rule: QuantileRule): Rule {
  return (view) => {
    const judged = judgedQuantile(view);
    const finding = rule(view, judged);
    if (finding === null) return null;
    const lower = JUDGED_QUANTILES.filter((quantile) => quantile < judged);
    const isSound = lower.map((quantile) => rule(view, quantile) === null);
    const soundUpTo = lower.find((_, index) => isSound.slice(index).every((each) => each));
    return soundUpTo === undefined ? finding : { ...finding, soundUpTo };
  };
}

/** The highest quantile up to p99 that the run has samples for. Noise beyond it changes nothing that is reported. */
export function judgedQuantile(view: ResultView): number {
  const samples = view.samples(view.result.headline);
  return JUDGED_QUANTILES.find((quantile) => samples >= samplesNeeded(quantile)) ?? 0.5;
}

/** `p99` */
export function quantileName(quantile: number): string {
  return `p${formatNumber(quantile * 100)}`;
}
