import type { RunResult } from '../../result/run-result.ts';
import { list, plural } from '../../text.ts';
import { formatDurationMs, formatFigure } from '../../units.ts';
import type { Fact } from '../blocks.ts';
import { formatValue } from './table.ts';

/** Length of the warm-up, and whether it stabilized. */
export function warmupText({ warmup }: RunResult): string {
  if (warmup.durationMs === 0) return 'none';
  const length = formatDurationMs(Math.round(warmup.durationMs));
  if (warmup.stable === null) return `${length}, too short to determine whether it stabilized`;
  if (warmup.stable) return `${length}, stable${warmup.endedBy === 'test' ? ': ended by the test' : ''}`;
  const medians = warmup.windowMediansNs
    .slice(-3)
    .map((ns) => (ns === null ? '-' : formatValue('duration', ns)));
  return `${length}, did not stabilize${warmup.endedBy === 'maximum' ? ': ended by its maximum' : ''} (last medians ${medians.join(', ') || '-'})`;
}

/** Whether the headline kept its level: `no trend and no shift in 40 windows of 250ms`. */
export function steadinessFacts({ steadiness, headline }: RunResult): Fact[] {
  if (steadiness === null) return [];
  const { verdict, reason, windowMs, p50Ns, p95Ns, changes } = steadiness;
  if (verdict === 'cannot say') return [['steadiness', `cannot say: ${reason}`]];
  const quantiles = p95Ns.length === 0 ? 'p50' : 'p50 and p95';
  const found = changes.map(({ of, kind }) => `${of} has a ${kind}`);
  const result = verdict === 'steady' ? 'no trend and no shift' : list(found);
  const where = `${plural(p50Ns.length, 'window')} of ${formatDurationMs(windowMs)}`;
  return [['steadiness', `${result} in ${where} (${headline} ${quantiles})`]];
}

/** Whether messages were sent when they were planned: `as planned: at most 0.021 messages off the schedule`. */
export function scheduleFacts({ schedule }: RunResult): Fact[] {
  if (schedule === null) return [];
  const { fits, maxDeviation, andersonDarling } = schedule;
  const figure =
    maxDeviation === null
      ? `Anderson-Darling ${formatFigure(andersonDarling ?? 0)}`
      : `at most ${formatFigure(maxDeviation)} messages off the schedule`;
  return [['sends', `${fits ? 'as planned' : 'not as planned'} (${figure})`]];
}
