import type { Finding } from '../result/findings.ts';
import { GROWING_TITLES, growthText, perMessageText } from '../result/growth-text.ts';
import { median } from '../result/order-statistics.ts';
import type { RunResult } from '../result/run-result.ts';
import type { Growing, TestedGrowth } from '../result/stored-soak.ts';
import { heapWindows, latencyWindows, lossWindows, rssWindows, windowMs } from '../result/windows.ts';
import { type SlopeInterval, slopeInterval } from './slope.ts';

/** A run that measured less long is not tested for growth. */
const MIN_MEASURE_MS = 25_000;
const MS_PER_HOUR = 3.6e6;

/** The growth that is tolerated per hour: of memory 1 MiB or 1 %, of latency 10 %, of losses 0.1 % of the deliveries. */
const MEMORY_MARGIN = { share: 0.01, least: 1024 ** 2 };
const LATENCY_MARGIN = { share: 0.1, least: 0 };
const LOSS_MARGIN = { share: 0, least: 0.001 };

const TESTED: ReadonlyArray<{
  readonly of: Growing;
  readonly margin: { readonly share: number; readonly least: number };
  readonly windows: (result: RunResult) => readonly number[];
}> = [
  {
    of: 'server_rss',
    margin: MEMORY_MARGIN,
    windows: (result) => rssWindows(result, result.telemetry.servers),
  },
  { of: 'server_heap', margin: MEMORY_MARGIN, windows: heapWindows },
  { of: 'latency_p50', margin: LATENCY_MARGIN, windows: (result) => latencyWindows(result, 0.5) },
  { of: 'latency_p99', margin: LATENCY_MARGIN, windows: (result) => latencyWindows(result, 0.99) },
  { of: 'lost', margin: LOSS_MARGIN, windows: lossWindows },
  {
    of: 'generator_rss',
    margin: MEMORY_MARGIN,
    windows: (result) => rssWindows(result, result.telemetry.workers),
  },
];

/** Tests whether memory, latency and losses of a run grow; null for a run that is too short, or one of several shards. */
export function testGrowth(result: RunResult): TestedGrowth[] | null {
  const { measureMs } = result.timing;
  if (measureMs < MIN_MEASURE_MS || result.shard !== null) return null;
  const lengthMs = windowMs(measureMs);
  return TESTED.flatMap(({ of, margin, windows }) => {
    const values = windows(result);
    if (values.length === 0) return [];
    const level = median(values);
    const marginPerHour = Math.max(margin.least, margin.share * Math.abs(level));
    const judged = judgeGrowth(values, (marginPerHour * lengthMs) / MS_PER_HOUR);
    const perHour = (perWindow: number) => (perWindow * MS_PER_HOUR) / lengthMs;
    const { slope, lower, upper } = judged;
    const estimate = { perHour: perHour(slope), lowerPerHour: perHour(lower), upperPerHour: perHour(upper) };
    const { verdict, reason } = judged;
    return [
      { of, verdict, level, ...estimate, marginPerHour, windows: values.length, windowMs: lengthMs, reason },
    ];
  });
}

/** Adds to a result what {@link testGrowth} finds, with a finding for each quantity of the server that grows. */
export function addGrowth(result: RunResult): RunResult {
  const growth = testGrowth(result);
  const isDrifting = result.findings.some(({ code }) => code === 'drifting');
  // A drift is reported with its size already.
  const isKnown = (of: Growing) => of === 'generator_rss' || (isDrifting && of === 'latency_p50');
  const grown = (growth ?? []).filter(({ of, verdict }) => verdict === 'grows' && !isKnown(of));
  const findings = grown.map((each): Finding => {
    const { achievedHz } = result.rate;
    const [byHour, byMessage] = [growthText(each), perMessageText(each, achievedHz)];
    const by = byMessage === null ? byHour : `${byMessage} per message, ${byHour}`;
    return { code: 'grows', message: `${GROWING_TITLES[each.of]} grows by ${by}` };
  });
  return { ...result, growth, findings: [...result.findings, ...findings] };
}

type JudgedGrowth = SlopeInterval & Pick<TestedGrowth, 'verdict' | 'reason'>;

/**
 * Whether windows grow by more than `margin` per window. `does not grow`: the whole interval lies below the margin.
 * `grows`: it lies above 0, and the second half grows at least half as fast, so that what levels off does not count.
 * Anything else is `cannot say`. Windows that do not grow are said to grow in at most 5 % of the runs.
 */
export function judgeGrowth(values: readonly number[], margin: number): JudgedGrowth {
  const whole = slopeInterval(values);
  if (whole.upper < margin) return { ...whole, verdict: 'does not grow', reason: '' };
  if (whole.lower <= 0)
    return { ...whole, verdict: 'cannot say', reason: 'the interval is too wide: run longer' };
  const { slope: later } = slopeInterval(values.slice(Math.floor(values.length / 2)));
  if (later >= whole.slope / 2) return { ...whole, verdict: 'grows', reason: '' };
  return { ...whole, verdict: 'cannot say', reason: 'the growth slows down: run longer' };
}
