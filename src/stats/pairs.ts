import { aggregate } from '../result/aggregate.ts';
import type { ArmRun, Design, MetricOutcome, MetricRule, PairOutcome, Round } from '../result/comparison.ts';
import type { Finding } from '../result/findings.ts';
import { FIGURES, isFigure } from '../result/metrics.ts';
import { faultOf } from '../result/remedies.ts';
import type { RunResult } from '../result/run-result.ts';
import { measuredProcesses } from '../result/telemetry.ts';
import { type ResultView, samplesNeeded, viewResult } from '../result/view.ts';
import { isEstimated, type Metric, metricValue, parseMetric, samplesOfRound } from './metric.ts';

/** Both arms of one round, measured and valid. */
export interface Pair {
  readonly round: number;
  readonly base: ResultView;
  readonly head: ResultView;
}

/** A finding of one run of a comparison. */
export interface ArmFinding extends Finding {
  readonly arm: number;
  readonly round: number;
}

/** Every round is either a pair or excluded. */
export interface Pairing {
  readonly pairs: readonly Pair[];
  readonly excluded: PairOutcome['excluded'];
  /** The excluded rounds in which both arms were measured. */
  readonly excludedPairs: readonly Pair[];
  /** Findings that make the comparison INVALID, because they are not noise. One is enough. */
  readonly faults: readonly ArmFinding[];
}

/** Of pairs of which every quantile has to be right. */
export const EVERY_QUANTILE = 1;

/** The highest quantile that gates. Pairs count that are right up to it. */
export function gatingQuantile({ rules, ownSeries }: Design): number {
  const gating = rules.filter((rule) => rule.gating && rule.kind === 'ratio');
  return Math.max(0, ...gating.map(({ metric }) => quantileNeeded(parseMetric(metric, ownSeries))));
}

/** Up to which quantile latencies have to be right for a metric; the mean and the maximum need all of them. */
function quantileNeeded(metric: Metric): number {
  if (metric.kind === 'quantile') return metric.quantile;
  return metric.kind === 'mean' ? EVERY_QUANTILE : 0;
}

/** Whether the metric is right in both runs of a pair, whose latencies are up to some quantile. */
export function isSoundPair(metric: Metric, { base, head }: Pair): boolean {
  const needed = quantileNeeded(metric);
  return [base, head].every(({ result }) => result.invalid.every(({ soundUpTo = 0 }) => soundUpTo >= needed));
}

/**
 * Pairs the runs of two arms, round by round. A pair is excluded as a whole when either of its runs is invalid, unless its
 * latencies are right up to the quantile `upTo` all the same.
 */
export function pairUp(rounds: readonly Round[], upTo: number, headArm: number, baseArm = 0): Pairing {
  const pairs: Pair[] = [];
  const excluded: PairOutcome['excluded'] = [];
  const excludedPairs: Pair[] = [];
  const faults: ArmFinding[] = [];
  for (const { round, runs } of rounds) {
    const runOf = (arm: number) => runs.find((run) => run.arm === arm);
    const reasons = [...new Set([baseArm, headArm])].flatMap((arm) =>
      whyExcluded(runOf(arm), upTo).map((finding) => ({ arm, ...finding })),
    );
    const atFault = reasons.filter((finding) => isFault(finding, runOf(finding.arm)));
    faults.push(...atFault.map((finding) => ({ ...finding, round })));
    const [base, head] = [runOf(baseArm)?.result, runOf(headArm)?.result];
    if (reasons.length > 0) excluded.push({ round, reasons });
    const measured = reasons.length > 0 ? excludedPairs : pairs;
    if (base && head) measured.push({ round, base: viewResult(base), head: viewResult(head) });
  }
  return { pairs, excluded, excludedPairs, faults };
}

/** The rounds in which any arm is missing, or invalid for quantiles up to `upTo`, with every reason. */
export function incompleteRounds(
  rounds: readonly Round[],
  upTo: number,
  arms: number,
): PairOutcome['excluded'] {
  const numbers = Array.from({ length: arms }, (_, arm) => arm);
  return rounds.flatMap(({ round, runs }) => {
    const reasons = numbers.flatMap((arm) =>
      whyExcluded(
        runs.find((run) => run.arm === arm),
        upTo,
      ).map((finding) => ({ arm, ...finding })),
    );
    return reasons.length === 0 ? [] : [{ round, reasons }];
  });
}

function whyExcluded(run: ArmRun | undefined, upTo: number): readonly Finding[] {
  if (run === undefined) return [{ code: 'not_run', message: 'was not run' }];
  if (run.error !== null) return [run.error];
  if (run.result === null) return [{ code: 'not_measured', message: 'nothing was measured' }];
  return run.result.invalid.filter(({ soundUpTo }) => soundUpTo === undefined || soundUpTo < upTo);
}

/**
 * Whether the arm itself failed. Excluding such a pair as noise would hide what the comparison is there to find. A round
 * ends with the first arm that could not be measured, so the arms after it that were not run are not at fault.
 */
export function isFault(finding: Finding, run: Pick<ArmRun, 'result'> | undefined): boolean {
  if (run === undefined) return false;
  if (run.result === null) return true;
  if (faultOf(finding) !== 'server') return false;
  const isFew = finding.code === 'too_few_samples' || finding.code === 'nothing_arrived';
  return !isFew || sentEnough(run.result);
}

/** With random arrivals a run may send too little. A server that pushes by itself and pushes nothing is at fault. */
function sentEnough({ rate, samples }: RunResult): boolean {
  return rate.sent >= samplesNeeded(0.5) || (samples.unit === 'push' && samples.count === 0);
}

/** CPU time in ticks of 10 ms is too coarse to compare below 50 of them. */
const MIN_TICKED_CPU_MS = 500;

export type Point = MetricOutcome['points'][number];

/** As {@link pointsOf}, of the pairs in which it is right; none when too many lack the metric, since those may be the worst. */
export function judgedPoints(design: Design, rule: MetricRule, pairs: readonly Pair[]): Point[] {
  const metric = parseMetric(rule.metric, design.ownSeries);
  const points = pointsOf(
    design,
    rule,
    pairs.filter((pair) => isSoundPair(metric, pair)),
  );
  return pairs.length - points.length > design.maxInvalidShare * pairs.length ? [] : points;
}

/** The metric in each round that has it on both sides. */
export function pointsOf(
  { ownSeries }: Pick<Design, 'ownSeries'>,
  { metric: name }: Pick<MetricRule, 'metric'>,
  pairs: readonly Pair[],
): Point[] {
  const metric = parseMetric(name, ownSeries);
  return pairs.flatMap(({ round, base, head }): Point[] => {
    const [ofBase, ofHead] = [roundValue(metric, base), roundValue(metric, head)];
    return ofBase === null || ofHead === null ? [] : [{ round, base: ofBase, head: ofHead }];
  });
}

function roundValue(metric: Metric, view: ResultView): number | null {
  const isCpuTime =
    metric.kind === 'figure' && ['server_cpu_per_delivery', 'server_cpu'].includes(metric.name);
  if (isCpuTime && hasCoarseCpu(view)) return null;
  if (!isEstimated(metric)) return metricValue(metric, aggregate([view]));
  if (view.samples(metric.series) < samplesOfRound(metric.quantile)) return null;
  return view.histogram(metric.series)?.quantileNs(metric.quantile) ?? null;
}

/** Whether the server was not probed and used so little CPU time that its ticks show. */
function hasCoarseCpu({ result }: ResultView): boolean {
  const { servers } = result.telemetry;
  const cpuMs = measuredProcesses(servers, result).reduce((sum, { measured }) => sum + measured.cpuMs, 0);
  return cpuMs < MIN_TICKED_CPU_MS && servers.some(({ source }) => source === 'proc');
}

/** A metric in all rounds. */
export interface Observed {
  readonly rule: MetricRule;
  readonly points: readonly Point[];
  /** Over all rounds together; null where there are too few samples. */
  readonly base: number | null;
  readonly head: number | null;
}

/** What is decided of an observed metric: its outcome without what was observed. */
export type Decided = Omit<MetricOutcome, keyof MetricRule | 'points' | 'base' | 'head'>;

/** 1 for a metric whose lower values are better, else -1. */
export function worseSign({ metric }: MetricRule): 1 | -1 {
  return isFigure(metric) && FIGURES[metric].better === 'higher' ? -1 : 1;
}

/**
 * ln(head / base) of each round; upwards is worse. Empty when any round has a zero, which has no ratio: leaving out only
 * that round would leave out the one that differs most.
 */
export function worseLogs(rule: MetricRule, points: readonly Point[]): number[] {
  if (points.some(({ base, head }) => base <= 0 || head <= 0)) return [];
  return points.map(({ base, head }) => worseSign(rule) * Math.log(head / base));
}

/** head - base of each round; upwards is worse. */
export function worseDifferences(rule: MetricRule, points: readonly Point[]): number[] {
  return points.map(({ base, head }) => worseSign(rule) * (head - base));
}
