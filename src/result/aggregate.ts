import { FIGURES, type FigureName } from './metrics.ts';
import { NsHistogram, type ResultView } from './view.ts';

export const COUNTS = ['lost', 'late', 'duplicated', 'reordered', 'unexpected', 'failed'] as const;
export type CountName = (typeof COUNTS)[number];

export function isCount(name: string): name is CountName {
  return (COUNTS as readonly string[]).includes(name);
}

/** Runs taken together: one, or all rounds of an arm. */
export interface Aggregate {
  /** The merged histogram; null when the series was not recorded. */
  histogram(series: string): NsHistogram | null;
  /** Independent samples behind a series, see ResultView. */
  samples(series: string): number;
  /** How often it happened in all of them. */
  count(name: CountName): number;
  readonly expected: number;
  readonly sent: number;
  /** The mean over those that tell it; null where none does. */
  figure(name: FigureName): number | null;
}

function countOf(name: CountName, { result: { ledger, failed } }: ResultView): number {
  return name === 'failed' ? failed.reduce((sum, { count }) => sum + count, 0) : ledger[name];
}

/** Merges histograms and adds counts up; percentiles are never averaged. */
export function aggregate(views: readonly ResultView[]): Aggregate {
  const merged = new Map<string, NsHistogram | null>();
  const sum = (pick: (view: ResultView) => number) => views.reduce((total, view) => total + pick(view), 0);
  return {
    histogram(series) {
      const known = merged.get(series);
      if (known !== undefined) return known;
      const parts = views.map((view) => view.histogram(series)).filter((part) => part !== null);
      const all = parts.length === 0 ? null : new NsHistogram(64);
      for (const part of parts) all?.add(part);
      merged.set(series, all);
      return all;
    },
    samples: (series) => sum((view) => view.samples(series)),
    count: (name) => sum((view) => countOf(name, view)),
    expected: sum(({ result }) => result.ledger.expected),
    sent: sum(({ result }) => result.rate.sent),
    figure(name) {
      const values = views.map(({ result }) => FIGURES[name].value(result)).filter((value) => value !== null);
      return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
    },
  };
}
