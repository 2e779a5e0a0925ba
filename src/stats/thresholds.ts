import type { Aggregate } from '../result/aggregate.ts';
import type { ThresholdOutcome } from '../result/run-result.ts';
import { type Comparison, type Condition, type Operator, readCondition } from './condition.ts';
import { formatMetric, type Metric, metricName, metricUnit, metricValue, missingBecause } from './metric.ts';
import { type Arm, type Part, sumValue } from './threshold-amount.ts';

/** A threshold, read and checked. */
export interface Threshold {
  readonly expression: string;
  readonly condition: Condition;
}

/** A metric of one of the two arms. */
export interface ArmMetric {
  readonly arm: Arm;
  readonly metric: Metric;
}

/**
 * Reads a threshold in the language of threshold-grammar.ts. `own` are the scenario's own series; without a base,
 * `base.` is refused. Throws BAD_THRESHOLD.
 */
export function parseThreshold(
  expression: string,
  own: Readonly<Record<string, string>> = {},
  { hasBase = false }: { readonly hasBase?: boolean } = {},
): Threshold {
  return { expression, condition: readCondition(expression, { own, hasBase }) };
}

/** Every metric that a threshold is on, once, in the order of its expression. */
export function metricsOf({ condition }: Threshold): readonly ArmMetric[] {
  const byName = new Map<string, ArmMetric>();
  for (const { metric, arm } of partsOf(condition)) {
    byName.set(`${armMetricName({ metric, arm })} ${metric.kind}`, { metric, arm });
  }
  return [...byName.values()];
}

function partsOf(condition: Condition): readonly Part[] {
  switch (condition.kind) {
    case 'comparison':
      return [...condition.left.parts, ...condition.right.parts];
    case 'not':
      return partsOf(condition.of);
    default:
      return condition.of.flatMap(partsOf);
  }
}

/** As in a threshold: `base.delivery.p50`. */
export function armMetricName({ arm, metric }: ArmMetric): string {
  return `${arm === 'base' ? 'base.' : ''}${metricName(metric)}`;
}

export const HOLDS: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};

type LookUp = (metric: ArmMetric) => number | null;

/**
 * Judges a threshold on a run, `poolOf([view])`, or on all runs of two arms; null for an arm that has none. What
 * cannot be decided without a value that the runs do not soundly have is neither passed nor failed: `false and
 * unknown` is failed, `true and unknown` is not judged.
 */
export function judgeThreshold(
  threshold: Threshold,
  head: Aggregate | null,
  base: Aggregate | null = null,
): ThresholdOutcome {
  const { expression, condition } = threshold;
  const poolFor = ({ arm }: ArmMetric) => (arm === 'base' ? base : head);
  const lookUp: LookUp = (each) => {
    const pool = poolFor(each);
    return pool === null ? null : metricValue(each.metric, pool);
  };
  const passed = holds(condition, lookUp);
  const isActual = passed !== null && condition.kind === 'comparison';
  return {
    expression,
    passed,
    actual: isActual ? actualOf(condition, lookUp) : null,
    detail: detailOf(metricsOf(threshold), lookUp, (each) => {
      const pool = poolFor(each);
      return pool === null ? 'nothing was measured' : missingBecause(each.metric, pool);
    }),
  };
}

/** Kleene's logic of three values; null is unknown. */
function holds(condition: Condition, lookUp: LookUp): boolean | null {
  switch (condition.kind) {
    case 'comparison': {
      const [left, right] = [sumValue(condition.left, lookUp), sumValue(condition.right, lookUp)];
      return left === null || right === null ? null : HOLDS[condition.operator](left, right);
    }
    case 'not': {
      const inner = holds(condition.of, lookUp);
      return inner === null ? null : !inner;
    }
    default: {
      const decisive = condition.kind === 'or';
      const parts = condition.of.map((part) => holds(part, lookUp));
      if (parts.includes(decisive)) return decisive;
      return parts.includes(null) ? null : !decisive;
    }
  }
}

/** The left side, unless only the right one has metrics. */
function actualOf({ left, right }: Comparison, lookUp: LookUp): number | null {
  return sumValue(left.parts.length > 0 ? left : right, lookUp);
}

/** Of a single metric its value, or why there is none; of several `delivery.p99 12.3 ms, lost 0`. */
function detailOf(
  metrics: readonly ArmMetric[],
  lookUp: LookUp,
  because: (metric: ArmMetric) => string,
): string {
  const told = metrics.map((each) => {
    const value = lookUp(each);
    const name = armMetricName(each);
    return value === null
      ? { text: because(each), label: `${name} unknown:` }
      : { text: formatMetric(metricUnit(each.metric), value), label: name };
  });
  const [only] = told;
  if (told.length === 1 && only !== undefined) return only.text;
  return told.map(({ label, text }) => `${label} ${text}`).join(', ');
}
