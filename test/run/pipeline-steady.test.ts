import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { normalNoise } from '../stats/noise.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

/** 50 broadcasts a second to one client. */
const LOAD = {
  clients: '2',
  publishers: '1',
  excludeSender: 'true',
  rate: '50/s',
  warmup: '0s',
  warmupMax: '0s',
};

/**
 * A run whose messages take `latencyMs` as a function of the seconds since the phase began, with some noise. Where the
 * schedule has begun, the stamp of a message says when it was due.
 */
async function runWith(
  latencyMs: (seconds: number) => number,
  given: GivenOptions,
  measured = true,
): Promise<RunResult> {
  const noise = normalNoise(6);
  let firstNs: number | null = null;
  const network = ({
    stamp,
  }: {
    readonly stamp: { readonly measured: boolean; readonly intendedNs: number } | null;
  }) => {
    if (stamp === null || stamp.measured !== measured) return [1];
    firstNs ??= stamp.intendedNs;
    return [latencyMs((stamp.intendedNs - firstNs) / 1e9) * (1 + 0.05 * Math.abs(noise()))];
  };
  return await new FakeRun({
    planned: planFake(broadcastLatency, { ...LOAD, ...given }),
    behavior: { network },
  }).run();
}

const codesOf = ({ findings }: RunResult) => findings.map(({ code }) => code);

describe('a run whose latency', () => {
  it('keeps its level is steady', async () => {
    const result = await runWith(() => 2, { duration: '5s' });
    expect(codesOf(result)).toEqual([]);
    expect(result.steadiness).toMatchObject({ verdict: 'steady', reason: '', windowMs: 125, changes: [] });
    expect(result.steadiness?.p50Ns).toHaveLength(40);
    expect(result.steadiness?.p50Ns[39]).toBeCloseTo(2.1e6, -5.3);
  });

  it('rises says so, with the size of the drift', async () => {
    const result = await runWith((seconds) => 2 + 0.1 * seconds, { duration: '5s' });
    expect(codesOf(result)).toEqual(['drifting']);
    expect(result.findings[0]?.message).toMatch(
      /^delivery p50 rose from 2\.\d+ ms to 2\.\d+ ms \(\+\d\d(\.\d)? %\) over the measured 5s$/,
    );
    expect(result.invalid).toEqual([]);
  });

  it('has a step says when', async () => {
    const result = await runWith((seconds) => (seconds < 3 ? 2 : 2.6), { duration: '5s' });
    expect(result.findings[0]?.message).toMatch(/^delivery p50 rose from .* 3s into the measured 5s$/);
    expect(result.steadiness?.changes).toMatchObject([{ of: 'p50', kind: 'shift', atMs: 3000 }]);
  });

  it('drifts by less than 5 % is not said to', async () => {
    const result = await runWith((seconds) => 2 + 0.012 * seconds, { duration: '5s' });
    expect(result.steadiness?.verdict).toBe('steady');
  });

  it.each([
    ['a rate that changes', { rate: '3s@20/s,2s@80/s' }, 'the plan changes the rate'],
    [
      'disruptions',
      { duration: '5s', disrupt: 'reset at=1s clients=50% for=500ms', reconnect: 'fixed delay=100ms' },
      'the plan disturbs clients or the server',
    ],
    [
      'little time',
      { duration: '1s' },
      '8 windows of 125ms with messages; a test needs 12: run longer (--duration)',
    ],
  ])('is that of a plan with %s cannot be said to drift', async (_, given, reason) => {
    const result = await runWith((seconds) => 1 + seconds, given);
    expect(result.steadiness).toMatchObject({ verdict: 'cannot say', reason });
    expect(codesOf(result)).not.toContain('drifting');
  });
});

describe('a warm-up', () => {
  const GIVEN = { rate: '200/s', duration: '200ms', warmup: '2s', warmupMax: '15s' };

  it.each([
    ['is noise from the start ends at once', () => 2, 2, 2.8],
    [
      'decays, as where a server compiles, ends when it has',
      (seconds: number) => 1 + 4 * Math.exp(-2 * seconds),
      3,
      4.6,
    ],
    ['has a step ends when the step is over', (seconds: number) => (seconds < 1.5 ? 3 : 1), 3, 3.8],
  ])('whose latency %s', async (_, latencyMs, minimum, maximum) => {
    const { warmup, notes } = await runWith(latencyMs, GIVEN, false);
    expect(warmup).toMatchObject({ stable: true, endedBy: 'test', windowMs: 125 });
    expect(warmup.durationMs).toBeGreaterThan(1000 * minimum);
    expect(warmup.durationMs).toBeLessThan(1000 * maximum);
    expect(notes).toEqual([]);
  });

  it.each([
    ['100/s', '2s', 4],
    ['20/s', '2s', 4],
    ['100/s', '6s', 6],
  ])('at %s and of %s at least ends after 400 messages or 4 s', async (rate, warmup, seconds) => {
    const result = await runWith(() => 2, { ...GIVEN, rate, warmup }, false);
    expect(result.warmup.endedBy).toBe('test');
    expect(result.warmup.durationMs).toBeGreaterThan(1000 * seconds);
    expect(result.warmup.durationMs).toBeLessThan(1000 * seconds + 800);
  });

  it('that has a length of its own is tested and does not end earlier', async () => {
    const { warmup } = await runWith(() => 2, { ...GIVEN, warmup: '3s', warmupMax: '3s' }, false);
    expect(warmup).toMatchObject({ stable: true, endedBy: 'plan' });
    expect(warmup.durationMs).toBeCloseTo(3000, -1);
  });
});
