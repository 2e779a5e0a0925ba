import type { RunResult } from '../../result/run-result.ts';
import { type ResultView, viewResult } from '../../result/view.ts';
import { plural } from '../../text.ts';
import { formatNs, formatShare } from '../../units.ts';

const QUANTILES_OF_FLOOR = [
  ['p50', 0.5, 'p50Ns'],
  ['p90', 0.9, 'p90Ns'],
  ['p99', 0.99, 'p99Ns'],
] as const;

/**
 * The latency of the null server beside that of a run, and the share that it is of it:
 * `floor of this machine: p50 80.1 µs (34 % of this run), p99 210 µs (12 %); 1,000 broadcasts, calibrated 2026-11-28`.
 * Null for a run without a floor.
 */
export function floorText(result: RunResult): string | null {
  const { floor } = result;
  if (floor === null) return null;
  const view = viewResult(result);
  const figures = QUANTILES_OF_FLOOR.flatMap(([name, quantile, field]) => {
    const floorNs = floor[field];
    return floorNs === null ? [] : [`${name} ${formatNs(floorNs)}${shareOfRun(view, quantile, floorNs)}`];
  });
  if (figures.length === 0) return null;
  const basis = `${plural(floor.samples, floor.unit)}, calibrated ${floor.calibratedAt.slice(0, 10)}`;
  return `floor of this machine: ${figures.join(', ')}; ${basis}`;
}

function shareOfRun({ quantileNs, result }: ResultView, quantile: number, floorNs: number): string {
  const valueNs = quantileNs(result.headline, quantile);
  return valueNs === null || valueNs === 0 ? '' : ` (${formatShare(floorNs / valueNs)} of this run)`;
}
