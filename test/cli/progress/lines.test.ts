import { expect, it } from 'vitest';
import { showLines } from '../../../src/cli/progress/lines.ts';
import type { ProgressEvent } from '../../../src/result/progress.ts';
import { BEGIN, comparing, phaseAt, RUN, roundOf, secondAt, untilSecond } from './events.ts';

function linesOf(...events: readonly ProgressEvent[]): string[] {
  const lines: string[] = [];
  const show = showLines((line) => lines.push(line));
  for (const event of events) show(event);
  return lines;
}

it('a run shows each phase once, with its plan', () => {
  const drained = [phaseAt('drain', 14_000), phaseAt('collect', 14_300)];
  expect(linesOf(...untilSecond(3), ...drained)).toEqual([
    'broadcast-latency over ws: starting server and workers',
    'broadcast-latency over ws: connecting 200 clients in 1s',
    'broadcast-latency over ws: warming up for 2s to 10s',
    'broadcast-latency over ws: measuring for 10s',
    'broadcast-latency over ws: draining for at most 5s',
    'broadcast-latency over ws: collecting',
  ]);
});

it('the figures so far are shown when nothing else was for ten seconds', () => {
  const seconds = Array.from({ length: 25 }, (_, second) => secondAt(second, 5000 + second * 1000));
  const long = [BEGIN, RUN, phaseAt('measure', 4000), ...seconds];
  expect(linesOf(...long)).toEqual([
    'broadcast-latency over ws: measuring for 10s',
    'broadcast-latency over ws: measuring, 0s left, p50 960 µs, p99 3.21 ms, sent 100 % of intended, 0 lost',
    'broadcast-latency over ws: measuring, 0s left, p50 960 µs, p99 3.21 ms, sent 100 % of intended, 0 lost',
  ]);
});

it('while clients connect, they are counted', () => {
  const connecting = secondAt(0, 12_000, { phase: 'connect', connected: 80, measured: null, latency: null });
  expect(linesOf(BEGIN, RUN, phaseAt('connect', 1000), connecting).at(-1)).toBe(
    'broadcast-latency over ws: connecting, 80 of 200 clients',
  );
});

it('a comparison shows its plan and a line for each round, but no phases', () => {
  const begin = comparing('ws', 'socketio');
  const run = { ...RUN, title: 'round 1 of 15, ws', round: 1, arm: 0 };
  expect(linesOf(begin, run, phaseAt('measure', 500), roundOf(1, 2), roundOf(2, 2, 'was slow'))).toEqual([
    'ws, socketio: 15 rounds; at most about 4 minutes',
    'round 1 of at most 15: delivery.p50 ws 960 µs, socketio 1.25 ms',
    'round 2 of at most 15: excluded, socketio: was slow',
  ]);
});

it('a search shows a line for each step', () => {
  const step = { type: 'step' as const, atMs: 9000, step: 1, steps: 20 };
  const passed = {
    ...step,
    title: 'confirming 1240/s',
    outcome: 'passed',
    detail: 'fanout_last.p95 12.3 ms',
  };
  const steps = { ...BEGIN, command: 'capacity', title: 'searching', runs: 20 };
  expect(linesOf(steps, RUN, passed)).toEqual([
    'searching',
    'confirming 1240/s: passed, fanout_last.p95 12.3 ms',
  ]);
});
