import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { showProgress } from '../../src/cli/progress.ts';
import type { RunPhase } from '../../src/run/control.ts';
import type { Progress } from '../../src/run/run.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { FakeCli } from './fake-cli.ts';

const PLAN = planOn(targetWith(), broadcastLatency, {
  clients: '1500',
  connectRate: '250/s',
  duration: '12s',
  warmup: '1500ms',
  drain: '500ms',
});

const START: Progress = {
  phase: 'start',
  elapsedMs: 0,
  plan: PLAN,
  clients: 1500,
  connected: 0,
  counts: { intended: 0, sent: 0, expected: 0, delivered: 0 },
  missing: 0,
  p50Ns: null,
  p99Ns: null,
};

const MEASURING: Progress = {
  ...START,
  phase: 'measure',
  connected: 1500,
  elapsedMs: 4_200,
  counts: { intended: 400, sent: 398, expected: 597_000, delivered: 595_500 },
  missing: 1_500,
  p50Ns: 1.234e6,
  p99Ns: 56.78e6,
};

const CLEAR = '\r\u001b[2K';

/** What one update writes on a terminal, the clearing of the line left out. */
function lineOf(progress: Progress, width = 200): string {
  const cli = new FakeCli([], { isTty: true, width });
  showProgress(cli, 'run').update(progress);
  expect(cli.stderr.startsWith(CLEAR)).toBe(true);
  return cli.stderr.slice(CLEAR.length);
}

describe('on a terminal', () => {
  it.each<[RunPhase, Partial<Progress>, string]>([
    ['start', {}, 'run: starting server and workers'],
    ['connect', { connected: 1_200 }, 'run: connecting: 1,200/1,500 clients'],
    ['warm-up', { elapsedMs: 2_600 }, 'run: warming up: 3s, at most 10s'],
    ['warm-up', { elapsedMs: 0 }, 'run: warming up: 0s, at most 10s'],
    ['measure', {}, 'run: measuring: 12s left, 0 missing'],
    ['measure', { elapsedMs: 11_001 }, 'run: measuring: 1s left, 0 missing'],
    ['measure', { elapsedMs: 13_000 }, 'run: measuring: 0ms left, 0 missing'],
    ['collect', {}, 'run: collecting'],
  ])('the phase %s %j reads "%s"', (phase, part, line) => {
    expect(lineOf({ ...START, phase, ...part })).toBe(line);
  });

  it('measuring shows rate, latency and missing messages as soon as there are figures', () => {
    expect(lineOf(MEASURING)).toBe(
      'run: measuring: 8s left, rate 99.5 % of intended, p50 1.23 ms, p99 56.8 ms, 1,500 missing',
    );
    expect(lineOf({ ...MEASURING, p50Ns: Number.NaN, p99Ns: Number.NaN })).toBe(
      'run: measuring: 8s left, rate 99.5 % of intended, 1,500 missing',
    );
  });

  it('draining shows the messages in flight', () => {
    expect(lineOf({ ...MEASURING, phase: 'drain' })).toBe('run: draining: at most 500ms, 1,500 in flight');
  });

  it('one line is rewritten, and cleared at the end', () => {
    const cli = new FakeCli([], { isTty: true, width: 200 });
    const progress = showProgress(cli, 'run');
    progress.update({ ...START, phase: 'connect', connected: 1 });
    progress.update({ ...START, phase: 'connect', connected: 2 });
    progress.done();
    expect(cli.stderr).toBe(
      `${CLEAR}run: connecting: 1/1,500 clients${CLEAR}run: connecting: 2/1,500 clients${CLEAR}`,
    );
    expect(cli.stderr).not.toContain('\n');
    expect(cli.stdout).toBe('');
  });

  it.each([20, 40, 80])('a line is cut so that it never wraps in %d columns', (width) => {
    const line = lineOf(MEASURING, width);
    expect(line).toHaveLength(width - 1);
    expect(lineOf(MEASURING).startsWith(line)).toBe(true);
  });
});

describe('without a terminal', () => {
  it('each phase is shown once, on its own line, with its plan', () => {
    const cli = new FakeCli([]);
    const progress = showProgress(cli, 'run');
    const phases: RunPhase[] = ['start', 'connect', 'warm-up', 'measure', 'drain', 'collect'];
    for (const phase of phases) {
      for (const elapsedMs of [0, 250, 500]) progress.update({ ...MEASURING, phase, elapsedMs });
    }
    progress.done();
    expect(cli.stderr).toBe(
      [
        'run: starting server and workers',
        'run: connecting 1,500 clients, 250/s',
        'run: warming up for 1.5s to 10s',
        'run: measuring for 12s',
        'run: draining for at most 500ms',
        'run: collecting',
        '',
      ].join('\n'),
    );
    expect(cli.stdout).toBe('');
  });
});
