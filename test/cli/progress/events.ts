import type { ProgressEvent, ProgressOf } from '../../../src/result/progress.ts';

const MS = 1e6;

export const BEGIN: ProgressOf<'begin'> = {
  type: 'begin',
  atMs: 0,
  version: 1,
  startedAt: '2026-03-04T05:06:07.000Z',
  command: 'run',
  title: 'broadcast-latency over ws',
  arms: [],
  runs: 1,
  rounds: null,
  expectedMs: 14_600,
  maxMs: 30_000,
  mayEndEarly: false,
};

export const RUN: ProgressOf<'run'> = {
  type: 'run',
  atMs: 0,
  run: 1,
  title: 'broadcast-latency over ws',
  round: null,
  arm: null,
  scenario: 'broadcast-latency',
  target: 'ws',
  transport: 'websocket',
  clients: 200,
  headline: 'delivery',
  slowest: 'fanout_last',
  phases: [
    { phase: 'start', expectedMs: 1000, maxMs: null },
    { phase: 'connect', expectedMs: 1000, maxMs: 11_000 },
    { phase: 'warm-up', expectedMs: 2000, maxMs: 10_000 },
    { phase: 'measure', expectedMs: 10_000, maxMs: 10_000 },
    { phase: 'drain', expectedMs: 300, maxMs: 5000 },
    { phase: 'collect', expectedMs: 300, maxMs: null },
  ],
};

/** The start of a phase of {@link RUN}. */
export function phaseAt(phase: ProgressOf<'phase'>['phase'], atMs: number): ProgressOf<'phase'> {
  const planned = RUN.phases.find((each) => each.phase === phase);
  return { type: 'phase', atMs, run: 1, phase, expectedMs: 0, maxMs: null, ...planned };
}

/** Quantiles of which p99 is that many milliseconds. */
export const latency = (p99Ms: number) => ({
  count: 1000,
  p50Ns: 0.96 * MS,
  p95Ns: 2 * MS,
  p99Ns: p99Ms * MS,
  maxNs: 2 * p99Ms * MS,
});

/** Figures at the end of a second of the measured time, from 0. */
export function secondAt(
  second: number,
  atMs: number,
  changes: Partial<ProgressOf<'second'>> = {},
): ProgressOf<'second'> {
  const done = second + 1;
  const each = { intended: 50, sent: 50, expected: 9950, delivered: 9950 };
  return {
    type: 'second',
    atMs,
    run: 1,
    phase: 'measure',
    phaseMs: done * 1000,
    connected: 200,
    intended: 50 * done,
    sent: 50 * done,
    expected: 9950 * done,
    delivered: 9950 * done,
    lost: 0,
    latency: latency(3.21),
    slowest: { ...latency(3.21), p50Ns: 1.44 * MS },
    measured: { second, latency: latency(1 + (second % 4)), slowest: null, ...each },
    ...changes,
  };
}

/** A run of 10 s until the end of a second of measuring. */
export function untilSecond(last: number): ProgressEvent[] {
  const seconds = Array.from({ length: last + 1 }, (_, second) => secondAt(second, 5000 + second * 1000));
  return [
    BEGIN,
    RUN,
    phaseAt('start', 0),
    phaseAt('connect', 1000),
    phaseAt('warm-up', 2000),
    phaseAt('measure', 4000),
    ...seconds,
  ];
}

/** The beginning of a comparison of these arms in 15 rounds. */
export const comparing = (...arms: readonly string[]): ProgressOf<'begin'> => ({
  ...BEGIN,
  command: 'compare',
  title: `${arms.join(', ')}: 15 rounds; at most about 4 minutes`,
  arms: [...arms],
  runs: 15 * arms.length,
  rounds: 15,
  expectedMs: 15 * arms.length * 3000,
});

/** A round of a comparison. Each further arm has 1.3 times the p50 of the one before. */
export function roundOf(round: number, arms: number, excluded: string | null = null): ProgressOf<'round'> {
  const medianAt = (arm: number) => 0.96 * MS * 1.3 ** arm;
  const all = Array.from({ length: arms }, (_, arm) => arm);
  return {
    type: 'round',
    atMs: round * arms * 3000,
    round,
    rounds: 15,
    metric: 'delivery.p50',
    unit: 'duration',
    figures: all.map((arm) => ({
      arm,
      value: excluded === null ? medianAt(arm) : null,
      excluded: arm === 1 ? excluded : null,
    })),
    standings: all.slice(1).map((arm) => ({
      arm,
      pairs: round,
      base: medianAt(0),
      head: medianAt(arm),
      ratio: 1.3 ** arm,
      lower: round < 6 ? null : 1.3 ** arm - 0.1,
      upper: round < 6 ? null : 1.3 ** arm + 0.1,
    })),
  };
}
