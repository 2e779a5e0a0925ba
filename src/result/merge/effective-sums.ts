import { acrossHosts } from '../../measure/series.ts';
import type { RunResult } from '../run-result.ts';

type Stored = RunResult['series'][string];
type Effective = Stored['effectiveSamples'];

/**
 * The effective numbers of samples of a merge. Shards measure one server at the same time, so what they have in common is
 * unknown: as if it were everything, the standard errors of the shards are added, each by its part of the values.
 */
export class EffectiveSums {
  readonly #parts = new Map<string, Stored[]>();

  add(series: RunResult['series']): void {
    for (const [name, stored] of Object.entries(series))
      this.#parts.set(name, [...(this.#parts.get(name) ?? []), stored]);
  }

  /** Of a series whose values are those of all shards. */
  joined(name: string, withOtherHosts: boolean): Effective {
    const parts = this.#partsOf(name, withOtherHosts);
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return commonQuantiles(parts, (effective) => {
      const errors = effective.map((samples, part) => (parts[part]?.count ?? 0) / count / Math.sqrt(samples));
      return errors.reduce((sum, error) => sum + error, 0) ** -2;
    });
  }

  /** Of a series that was recorded anew, with so many values: the smallest part of them in one shard. */
  rebuilt(name: string, count: number): Effective {
    const parts = this.#partsOf(name, false);
    return commonQuantiles(parts, (effective) =>
      Math.min(...effective.map((samples, part) => (samples / (parts[part]?.count ?? 1)) * count)),
    );
  }

  #partsOf(name: string, withOtherHosts: boolean): Stored[] {
    const names = withOtherHosts ? [name, acrossHosts(name)] : [name];
    return names.flatMap((each) => this.#parts.get(each) ?? []).filter(({ count }) => count > 0);
  }
}

/** Combines the numbers of each quantile that all parts have. */
function commonQuantiles(parts: readonly Stored[], combine: (effective: number[]) => number): Effective {
  const [first, ...others] = parts;
  const names = Object.keys(first?.effectiveSamples ?? {}).filter((name) =>
    others.every(({ effectiveSamples }) => name in effectiveSamples),
  );
  return Object.fromEntries(
    names.map((name) => [name, combine(parts.map(({ effectiveSamples }) => effectiveSamples[name] ?? 0))]),
  );
}
