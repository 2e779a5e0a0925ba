import { existsSync, readFileSync } from 'node:fs';
import type { Comparison, MetricOutcome } from '../../src/result/comparison.ts';

/** How a server is slowed; `none` is an identical build. */
export const SLOW_DOWNS = ['none', 'message', 'tail', 'recipient'] as const;
export type SlowDown = (typeof SLOW_DOWNS)[number];

/** One whole gate, without its histograms. */
export interface GateRecord {
  readonly shape: SlowDown;
  readonly percent: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly verdict: string;
  readonly invalid: readonly string[];
  readonly rounds: number;
  readonly excluded: number;
  readonly metrics: readonly MetricOutcome[];
}

export function readGates(file: string): GateRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as GateRecord);
}

export function gateRecord(
  comparison: Comparison,
  head: Pick<GateRecord, 'shape' | 'percent' | 'exitCode'>,
): GateRecord {
  const { judgement, startedAt, durationMs } = comparison;
  const [outcome] = judgement.heads;
  if (outcome === undefined) throw new Error('a gate without a head');
  return {
    ...head,
    startedAt,
    durationMs,
    verdict: judgement.verdict,
    invalid: outcome.invalid.map(({ code }) => code),
    rounds: comparison.rounds.length,
    excluded: outcome.excluded.length,
    metrics: outcome.metrics.map((metric) => ({ ...metric, points: metric.points.map(shortened) })),
  };
}

/** Six digits are more than any of them is accurate to. */
function shortened({ round, base, head }: MetricOutcome['points'][number]) {
  return { round, base: Number(base.toPrecision(6)), head: Number(head.toPrecision(6)) };
}
