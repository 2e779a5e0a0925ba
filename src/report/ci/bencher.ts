import type { Comparison } from '../../result/comparison.ts';
import { ciView, headValues, labelOf } from './view.ts';

/** What Bencher allows, in bytes of UTF-8. */
const BENCHMARK_BYTES = 1024;
const MEASURE_BYTES = 64;

/** As many whole characters as fit. */
function clip(text: string, bytes: number): string {
  let clipped = '';
  for (const character of text.toWellFormed()) {
    if (Buffer.byteLength(clipped + character) > bytes) break;
    clipped += character;
  }
  return clipped.trim();
}

/**
 * Bencher Metric Format: a benchmark for each head, a measure for each metric, in the stored unit (nanoseconds,
 * bytes, shares of one). Empty when the comparison is INVALID.
 */
export function renderBencher(comparison: Comparison): string {
  const view = ciView(comparison);
  const benchmarks = new Map<string, Map<string, object>>();
  for (const { pair, metric, value, range } of headValues(view)) {
    const name = clip(`${view.scenario}, ${labelOf(view, pair.head)}`, BENCHMARK_BYTES);
    const measures = benchmarks.get(name) ?? new Map<string, object>();
    benchmarks.set(name, measures);
    const bounds = range === null ? {} : { lower_value: range.lower, upper_value: range.upper };
    measures.set(clip(metric.metric, MEASURE_BYTES), { value, ...bounds });
  }
  const document = Object.fromEntries(
    [...benchmarks].map(([name, measures]) => [name, Object.fromEntries(measures)]),
  );
  return `${JSON.stringify(document, null, 2)}\n`;
}
