import { median } from '../result/order-statistics.ts';
import {
  MAX_POINTS_OF_HISTORY,
  type Trend,
  type TrendHistory,
  type TrendMetric,
  type TrendOrder,
  type TrendPoint,
} from '../result/trend.ts';
import { findChanges, permutationsFor, valuesNeeded } from './change-points.ts';
import { historyKey, type Skipped, type TrendSample } from './trend.ts';

/** The maximum chance that a trend marks any change where nothing changed. */
const TREND_ALPHA = 0.05;
const TREND_SEED = 1;

/** A metric of a history before it is tested. */
type Untested = Omit<TrendMetric, 'levels' | 'changes' | 'tested'>;

/** Sorts samples into histories and marks the changes in them. */
export function makeHistories(
  samples: readonly TrendSample[],
  order: TrendOrder,
): Pick<Trend, 'histories' | 'skipped' | 'test'> {
  const skipped: Skipped[] = [];
  const usable = withoutCopies(samples, skipped).filter(({ point }) => {
    if (order === 'commit' && point.commit === null)
      skipped.push({ path: point.path, reason: 'has no commit' });
    return order === 'date' || point.commit !== null;
  });
  const groups = [...Map.groupBy(usable, historyKey).values()].filter((group) => {
    const [only] = group;
    const isAlone = group.length === 1 && only !== undefined;
    if (isAlone)
      skipped.push({ path: only.point.path, reason: 'is the only result of its plan and environment' });
    return !isAlone;
  });
  const untested = groups.map((group) => historyOf(ordered(group, order)));
  const test = testOf(untested.flatMap(({ metrics }) => metrics));
  const histories = untested.map((history) => ({
    ...history,
    metrics: history.metrics.map((metric) => withChanges(metric, placesIn(history.points, order), test)),
  }));
  return { histories, skipped, test };
}

/** Samples of the same start and values are copies of one run. */
function withoutCopies(samples: readonly TrendSample[], skipped: Skipped[]): TrendSample[] {
  const seen = new Map<string, string>();
  return samples.filter((sample) => {
    const { point, measured } = sample;
    const key = `${historyKey(sample)} ${point.startedAt} ${JSON.stringify(measured)}`;
    const original = seen.get(key);
    if (original !== undefined) skipped.push({ path: point.path, reason: `is a copy of ${original}` });
    seen.set(key, original ?? point.path);
    return original === undefined;
  });
}

/** Points of one commit have one key. A commit with changes on top of it is another one. */
const commitKey = ({ commit, dirty }: TrendPoint) => `${commit}${dirty === true ? ' with changes' : ''}`;

/** In order of time; or by commit, in the order in which commits were first measured. */
function ordered(group: readonly TrendSample[], order: TrendOrder): TrendSample[] {
  const byTime = group.toSorted((a, b) => (a.point.startedAt < b.point.startedAt ? -1 : 1));
  if (order === 'date') return byTime;
  return [...Map.groupBy(byTime, ({ point }) => commitKey(point)).values()].flat();
}

function historyOf(all: readonly TrendSample[]): Omit<TrendHistory, 'metrics'> & { metrics: Untested[] } {
  const samples = all.slice(-MAX_POINTS_OF_HISTORY);
  const last = samples.at(-1);
  const names = new Set(samples.flatMap(({ measured }) => measured.map(({ metric }) => metric)));
  const metrics = [...names].flatMap((name): Untested[] => {
    const each = samples.map(({ measured }) => measured.find(({ metric }) => metric === name) ?? null);
    const known = each.find((measured) => measured?.value != null) ?? null;
    if (known === null) return [];
    const values = each.map((measured) => ({
      value: measured?.value ?? null,
      lower: measured?.lower ?? null,
      upper: measured?.upper ?? null,
    }));
    return [{ metric: name, unit: known.unit, better: known.better, values }];
  });
  return {
    source: last?.source ?? 'run',
    scenario: last?.scenario ?? '',
    target: last?.target ?? '',
    plan: { ...last?.plan },
    environment: { ...last?.environment },
    omitted: all.length - samples.length,
    points: samples.map(({ point }) => point),
    metrics,
  };
}

const knownValues = ({ values }: Pick<TrendMetric, 'values'>) =>
  values.flatMap(({ value }, index) => (value === null ? [] : [{ value, index }]));

/**
 * Divides alpha among everything that has enough values to be tested at all, so that by Bonferroni's inequality the chance
 * of any false alarm is at most alpha.
 */
function testOf(metrics: readonly Untested[]): Trend['test'] {
  const least = valuesNeeded(TREND_ALPHA);
  const tests = metrics.filter((metric) => knownValues(metric).length >= least).length;
  const alphaOfEach = TREND_ALPHA / Math.max(1, tests);
  return {
    alpha: TREND_ALPHA,
    tests,
    alphaOfEach,
    permutations: permutationsFor(alphaOfEach),
    seed: TREND_SEED,
    valuesNeeded: valuesNeeded(alphaOfEach),
  };
}

/** The points before which a change may be. Results of one commit have one level. */
function placesIn(points: readonly TrendPoint[], order: TrendOrder): number[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const isPlace = before !== undefined && (order === 'date' || commitKey(before) !== commitKey(point));
    return isPlace ? [index] : [];
  });
}

function withChanges(metric: Untested, places: readonly number[], test: Trend['test']): TrendMetric {
  const known = knownValues(metric);
  const tested = known.length >= test.valuesNeeded;
  // Places between values that are known.
  const between = known.flatMap(({ index }, at) => {
    const before = known[at - 1]?.index ?? index;
    return places.some((place) => place > before && place <= index) ? [at] : [];
  });
  const found = tested
    ? findChanges(
        known.map(({ value }) => value),
        { alpha: test.alphaOfEach, seed: test.seed, places: between },
      )
    : [];
  const starts = [0, ...found.map(({ at }) => known[at]?.index ?? 0), metric.values.length];
  const levels = starts.slice(0, -1).map((from, index) => {
    const to = starts[index + 1] ?? from;
    const inside = known.filter((each) => each.index >= from && each.index < to);
    return { from, to, median: median(inside.map(({ value }) => value)) };
  });
  const changes = found.map(({ p }, index) => {
    const [before = 0, after = 0] = levels.slice(index, index + 2).map((level) => level.median);
    const isWorse = metric.better === 'lower' ? after > before : after < before;
    return { at: starts[index + 1] ?? 0, p, before, after, effect: isWorse ? 'worse' : 'better' } as const;
  });
  return { ...metric, levels, changes, tested };
}
