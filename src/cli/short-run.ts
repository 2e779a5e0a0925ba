import type { PlannedRun } from '../plan/plan.ts';
import { samplesNeeded } from '../result/view.ts';
import { type Expectation, neededSamples, shortfallOf } from '../stats/expectation.ts';
import { metricsOf, type Threshold } from '../stats/thresholds.ts';
import { formatCount, formatDurationMs } from '../units.ts';

/** The percentile of the headline that every report shows, as a quantile. */
const SHOWN_QUANTILE = 0.99;
/** The maximum of --duration. */
const MAX_DURATION_MS = 24 * 3600e3;

/**
 * What to say before a run that plans too few samples for p99 of its headline or for a threshold, with the duration that
 * would do; null for a run with enough of them, or when only the run can show their number.
 */
export function shortRunText(
  { plan }: Pick<PlannedRun, 'plan'>,
  expected: Expectation,
  thresholds: readonly Threshold[],
): string | null {
  const shortages = thresholds.flatMap((threshold) =>
    metricsOf(threshold).flatMap(({ metric }) => {
      const shortfall = shortfallOf(metric, neededSamples(metric), expected);
      return shortfall?.kind === 'short' ? [{ ...shortfall, what: threshold.expression }] : [];
    }),
  );
  const planned = expected.samples.get(plan.headline) ?? null;
  const needed = samplesNeeded(SHOWN_QUANTILE);
  if (planned !== null && planned < needed)
    shortages.unshift({ kind: 'short', planned, needed, what: `p99 of ${plan.headline}` });
  const [worst] = shortages.sort((a, b) => b.needed / b.planned - a.needed / a.planned);
  if (worst === undefined || worst.planned === 0) return null;
  const missing = `${worst.what} needs ${formatCount(worst.needed)} samples, and this run plans ${formatCount(worst.planned)}`;
  const wholeMs = Math.ceil((plan.durationMs * worst.needed) / worst.planned / 1000) * 1000;
  if (wholeMs > MAX_DURATION_MS) return `${missing}: increase --rate`;
  const longer = `${formatDurationMs(wholeMs)} in all`;
  return `${missing}: ${plan.profile.length > 1 ? `longer stages of --rate, ${longer}, suffice` : `--duration ${formatDurationMs(wholeMs)} suffices`}`;
}
