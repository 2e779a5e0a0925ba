import type { ProgressOf, RunPhase } from '../../result/progress.ts';
import { formatCount, formatDurationMs, formatNs, formatPercent } from '../../units.ts';

export const PHASE_TITLES: Readonly<Record<RunPhase, string>> = {
  start: 'starting server and workers',
  connect: 'connecting',
  rendezvous: 'waiting for the other shards',
  'warm-up': 'warming up',
  measure: 'measuring',
  drain: 'draining',
  collect: 'collecting',
};

/** Shows a long time: `95s`, `4 minutes`. */
export function timeText(durationMs: number): string {
  return durationMs < 120_000
    ? `${Math.ceil(durationMs / 1000)}s`
    : `${Math.ceil(durationMs / 60_000)} minutes`;
}

/** Describes the start of a phase, when there are no figures yet. */
export function phaseText(run: ProgressOf<'run'>, { phase, expectedMs, maxMs }: ProgressOf<'phase'>): string {
  const [expected, max] = [formatDurationMs(expectedMs), formatDurationMs(maxMs ?? expectedMs)];
  switch (phase) {
    case 'connect':
      return `connecting ${formatCount(run.clients)} clients in ${expected}`;
    case 'warm-up':
      return `warming up for ${expected === max ? max : `${expected} to ${max}`}`;
    case 'measure':
      return `measuring for ${max}`;
    case 'drain':
      return `draining for at most ${max}`;
    default:
      return PHASE_TITLES[phase];
  }
}

/** Describes how far a run is, in one line: what is over of its phase, and figures where there are any. */
export function secondText(run: ProgressOf<'run'>, second: ProgressOf<'second'>): string {
  const { phase, connected, intended, sent, latency, lost } = second;
  if (phase === 'connect')
    return `connecting, ${formatCount(connected)} of ${formatCount(run.clients)} clients`;
  if (phase !== 'measure' && phase !== 'drain') return PHASE_TITLES[phase];
  const planned = run.phases.find((each) => each.phase === phase);
  const leftMs = Math.max(0, (planned?.maxMs ?? 0) - second.phaseMs);
  return [
    phase === 'measure' ? `measuring, ${timeText(leftMs)} left` : PHASE_TITLES.drain,
    ...(latency === null ? [] : [`p50 ${formatNs(latency.p50Ns)}`, `p99 ${formatNs(latency.p99Ns)}`]),
    ...(intended === 0 ? [] : [`sent ${formatPercent(sent / intended)} of intended`]),
    `${formatCount(lost)} lost`,
  ].join(', ');
}
