import { type FindingKind, note } from './finding-kinds.ts';

/** The findings of runs whose load or latency did not stay as it was. */
export const STEADY_FINDINGS = {
  drifting: note(
    'none',
    'Latency did not keep its level over the measured time: it had a trend, or a shift.',
    'look at what changed meanwhile in the chart over time, use a longer warm-up (--warmup), or compare fresh runs',
  ),
  bursty_sends: note(
    'generator',
    'Messages were not sent when they were planned, but in bursts.',
    'add generator processes on CPUs of their own (--workers), or reduce the load (--rate, --clients)',
  ),
  latency_grows: note(
    'none',
    'Latency increased over the run; nothing shows that the server was at its limit.',
  ),
  warmup_unstable: note('none', 'The warm-up did not stabilize.', 'use a longer warm-up (--warmup-max)'),
} as const satisfies Readonly<Record<string, FindingKind>>;
