import { type CountName, FIGURES, type Figure, type FigureName } from './metrics.ts';
import type { RunResult } from './run-result.ts';
import { NsHistogram, type ResultView } from './view.ts';

/** Runs taken together: one run, or all valid runs of an arm. */
export interface Aggregate {
  /** The merged histogram; null when no run recorded the series. */
  histogram(series: string): NsHistogram | null;
  /** The sum of independent samples, see {@link ResultView}. */
  samples(series: string): number;
  /** The sum of effective samples, and of independent ones of runs that do not know these; null where none does. */
  effectiveSamples(series: string, quantile: number): number | null;
  count(name: CountName): number;
  readonly expected: number;
  /** Expected deliveries of which nothing is known. */
  readonly unknown: number;
  readonly sent: number;
  /** The mean over the runs that have the figure; null where none has. */
  figure(name: FigureName): number | null;
  /** Why the figure of a run is larger than any value; null where none is. */
  endless(name: FigureName): string | null;
}

/** Merges histograms and adds counts up. Percentiles are never averaged. */
export function aggregate(views: readonly ResultView[]): Aggregate {
  const merged = new Map<string, NsHistogram | null>();
  const sum = (pick: (view: ResultView) => number) => views.reduce((total, view) => total + pick(view), 0);
  return {
    histogram(series) {
      const known = merged.get(series);
      if (known !== undefined) return known;
      const parts = views.map((view) => view.histogram(series)).filter((part) => part !== null);
      const all = parts.length === 0 ? null : new NsHistogram();
      for (const part of parts) all?.add(part);
      merged.set(series, all);
      return all;
    },
    samples: (series) => sum((view) => view.samples(series)),
    effectiveSamples(series, quantile) {
      const isUnknown = views.every((view) => view.effectiveSamples(series, quantile) === null);
      if (isUnknown) return null;
      return sum((view) => view.effectiveSamples(series, quantile) ?? view.samples(series));
    },
    count: (name) => sum(({ result }) => countIn(name, result)),
    expected: sum(({ result }) => result.ledger.expected),
    unknown: sum(({ result }) => result.ledger.unknown),
    sent: sum(({ result }) => result.rate.sent),
    endless(name) {
      const { endless }: Figure = FIGURES[name];
      return views.map(({ result }) => endless?.(result) ?? null).find((why) => why !== null) ?? null;
    },
    figure(name) {
      const values = views.map(({ result }) => FIGURES[name].value(result)).filter((value) => value !== null);
      return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
    },
  };
}

/** A count of one run. */
export function countIn(name: CountName, { ledger, failed, rejected, disruptions }: RunResult): number {
  if (name === 'replayed') return disruptions.reduce((sum, { replayed }) => sum + replayed, 0);
  if (name === 'failed') return sumOfReasons(failed);
  return name === 'rejected' ? sumOfReasons(rejected) : ledger[name];
}

/** The count over all reasons. */
export function sumOfReasons(reasons: ReadonlyArray<{ readonly count: number }>): number {
  return reasons.reduce((sum, { count }) => sum + count, 0);
}
