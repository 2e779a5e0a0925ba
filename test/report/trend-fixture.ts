import type { RunResult } from '../../src/result/run-result.ts';
import { type Trend, trendSchema } from '../../src/result/trend.ts';
import { type TrendSample, trendSamples } from '../../src/stats/trend.ts';
import { makeHistories } from '../../src/stats/trend-histories.ts';
import { makeResult } from './fixture.ts';

/** A run of a day, with a median in ms. Days are counted from 1 October. */
export function runOfDay(
  day: number,
  medianMs: number,
  edit: Partial<RunResult['environment']> = {},
): RunResult {
  const result = makeResult({
    protocol: 'ws',
    target: 'ws',
    seconds: 1,
    clients: 4,
    medianNs: medianMs * 1e6,
    // Some figures of a made-up run rise with its seed.
    seed: ((day * 7) % 18) + 1,
  });
  const commit = String(day).padStart(2, '0').repeat(20);
  return {
    ...result,
    startedAt: new Date(Date.UTC(2026, 9, 1 + day, 10, 30)).toISOString(),
    environment: { ...result.environment, commit, dirty: false, ...edit },
  };
}

/** Medians of ten days at 1.2 ms and eight days at 1.8 ms. */
export const STEP: readonly number[] = Array.from({ length: 18 }, (_, day) => (day < 10 ? 1.2 : 1.8));

export function samplesOfRuns(results: readonly RunResult[], asked: readonly string[] = []): TrendSample[] {
  return results.flatMap((document, index) => [
    ...trendSamples({ kind: 'run', path: `reports/${index}.json`, document }, asked).samples,
  ]);
}

/** The document that the command writes of these results. */
export function makeTrend(
  results: readonly RunResult[],
  {
    order = 'date',
    asked = [] as readonly string[],
  }: { order?: Trend['order']; asked?: readonly string[] } = {},
): Trend {
  return trendSchema.parse({
    schemaVersion: 3,
    kind: 'trend',
    tool: { name: 'sockbench', version: '0.1.0' },
    commandLine: ['trend', 'reports'],
    order,
    ...makeHistories(samplesOfRuns(results, asked), order),
  });
}
