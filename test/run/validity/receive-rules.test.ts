import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/result/run-result.ts';
import { viewResult } from '../../../src/result/view.ts';
import { judgeRun } from '../../../src/run/validity/judge.ts';
import { LIMITS } from '../../../src/run/validity/limits.ts';
import { noteUncertainty } from '../../../src/run/validity/receive-rules.ts';
import { judgeValidity } from '../../../src/run/validity/rules.ts';
import { makeResult } from '../../report/fixture.ts';
import { storedSeries, type Values } from '../made-series.ts';

const MS = 1e6;
const US = 1e3;
const BY_PROCESS = makeResult({ clients: 3, rateHz: 50, seconds: 2, workers: 2 });
const BY_KERNEL: RunResult = {
  ...BY_PROCESS,
  receiving: { clock: 'kernel', sockets: 'kernel', problem: null },
};

type Sample = RunResult['telemetry']['workers'][number]['samples'][number];

/** A run whose second worker reports this in each second. */
function withWorker(part: Partial<Sample>, run = BY_KERNEL): RunResult {
  const workers = run.telemetry.workers.map((worker, index) => ({
    ...worker,
    samples: worker.samples.map((sample) => (index === 1 ? { ...sample, ...part } : sample)),
  }));
  return { ...run, telemetry: { ...run.telemetry, workers } };
}

/** A run with 1,000 broadcasts, and these series beside or in place of its own. */
function withSeries(series: Readonly<Record<string, Values>>, run = BY_KERNEL): RunResult {
  const made = Object.entries({ fanout_last: [[MS, 1000]] as Values, ...series });
  return {
    ...run,
    samples: { unit: 'broadcast', count: 1000, incomplete: 0 },
    series: Object.fromEntries(made.map(([name, values]) => [name, storedSeries(values)])),
  };
}

const findings = (result: RunResult) => judgeValidity(viewResult(result));
const codesOf = (result: RunResult) => findings(result).map(({ code }) => code);
const BUSY = { loopUtilization: 0.95, pacingShare: 0 };

it('finds nothing in a valid run that the kernel timed', () => {
  expect(findings(BY_KERNEL)).toEqual([]);
});

describe('a generator that is busy and not behind', () => {
  it('invalidates a run that it timed itself, and not one that the kernel timed', () => {
    expect(codesOf(withWorker(BUSY, BY_PROCESS))).toEqual(['generator_busy']);
    expect(codesOf(withWorker(BUSY))).toEqual([]);
  });

  it.each(['iteration', 'ack_server'])('invalidates one whose clients act on what arrives: %s', (series) => {
    const run = { ...BY_KERNEL, series: { ...BY_KERNEL.series, [series]: storedSeries([[MS, 100]]) } };
    expect(codesOf(withWorker(BUSY, run))).toEqual(['generator_busy']);
  });

  it('invalidates one with sends that waited for it', () => {
    expect(codesOf(withWorker({ ...BUSY, queuedSendCount: 1 }))).toEqual(['generator_busy']);
    expect(codesOf(withWorker({ queuedSendCount: 1 }))).toEqual([]);
  });
});

describe('a generator that is behind', () => {
  it.each<[what: string, ratio: number | null, codes: string[]]>([
    ['unknown buffers', null, []],
    ['a buffer just under the limit', LIMITS.receiveBuffer - 0.01, []],
    ['a full buffer', LIMITS.receiveBuffer, ['generator_behind']],
  ])('is found by %s', (_, receiveBufferMaxRatio, codes) => {
    expect(codesOf(withWorker({ receiveBufferMaxRatio }))).toEqual(codes);
  });

  it('is reported with its process, and how long messages waited', () => {
    const [found] = findings(withWorker({ receiveBufferMaxRatio: 0.96, receiveWaitMaxNs: 312 * MS }));
    expect(found?.message).toBe(
      'the generator fell behind: a receive buffer of generator 2 was 96.0 % full, limit 90 %, so that the server could not send; messages waited up to 312 ms to be handled',
    );
  });

  it('is none where a buffer was full before the run measured', () => {
    const run = withWorker({});
    const [first, second] = run.telemetry.workers;
    if (first === undefined || second === undefined) throw new Error('the run has two workers');
    const samples = second.samples.map((sample) =>
      sample.atMs <= 0 ? { ...sample, receiveBufferMaxRatio: 1 } : sample,
    );
    const workers = [first, { ...second, samples }];
    expect(codesOf({ ...run, telemetry: { ...run.telemetry, workers } })).toEqual([]);
  });
});

describe('messages that share a receive time', () => {
  /** `late` of 1,000 deliveries share a time: they took 1 ms at least, and `withMs` at most. */
  const shared = (late: number, withMs: number) =>
    withSeries({
      delivery: [
        [MS, 1000 - late],
        [withMs * MS, late],
      ],
      delivery_unstalled: [[MS, 1000]],
    });

  it.each<[what: string, late: number, withMs: number, codes: string[]]>([
    ['so few that no reported quantile has them', 10, 200, []],
    ['more than one in a hundred', 11, 200, ['receive_uncertainty']],
    ['all, by less than 2 %', 1000, 1.019, []],
    ['all, by more than 2 %', 1000, 1.023, ['receive_uncertainty']],
  ])('%s', (_, late, withMs, codes) => {
    expect(codesOf(shared(late, withMs))).toEqual(codes);
  });

  it('by less than 20 us change nothing, whatever share of the latency that is', () => {
    const of = (us: number) =>
      withSeries({ delivery: [[(30 + us) * US, 1000]], delivery_unstalled: [[30 * US, 1000]] });
    expect(codesOf(of(19.9))).toEqual([]);
    expect(codesOf(of(20.2))).toEqual(['receive_uncertainty']);
  });

  it('are counted, and the quantile is reported with both bounds', () => {
    const run = withWorker({ receivedCount: 4000, sharedCount: 40 }, shared(11, 200));
    const [found] = findings(run);
    // Of three seconds after measuring began: two measured, and the drain.
    expect(found?.message).toBe(
      'the generator received late: 120 of 12,000 messages have the receive time of a later one, so that delivery p99 lies between 1.00 ms and 200 ms, limit 2 %',
    );
  });
});

describe('replies to one request, which are sent together', () => {
  const replies = (withMs: number): RunResult => ({
    ...withSeries({ reply: [[withMs * MS, 1000]], reply_unstalled: [[MS, 1000]], reply_last: [[MS, 1000]] }),
    headline: 'reply',
  });

  it.each<[what: string, withMs: number, codes: string[], isNoted: boolean]>([
    ['by less than 2 %', 1.019, [], false],
    ['by less than 10 %', 1.09, [], true],
    ['by more than 10 %', 1.11, ['receive_uncertainty'], false],
  ])('may share times: %s', (_, withMs, codes, isNoted) => {
    const run = replies(withMs);
    expect(codesOf(run)).toEqual(codes);
    expect(noteUncertainty(viewResult(run)) !== null).toBe(isNoted);
  });
});

describe('what the kernel timed', () => {
  const tail: Values = [[10 * MS, 1000]];
  const uncertain = {
    delivery: tail,
    delivery_unstalled: tail,
    receive_uncertainty: [[9 * MS, 1000]] as Values,
  };

  it('has no caveat of uncertain receive times', () => {
    expect(codesOf(withSeries(uncertain))).toEqual([]);
    expect(noteUncertainty(viewResult(withSeries(uncertain)))).toBeNull();
    expect(codesOf(withSeries(uncertain, BY_PROCESS))).toEqual(['receive_uncertainty']);
  });

  it('is not falsified by time that was stolen from the generator alone', () => {
    const stolenFrom = (run: RunResult, serverStealRatio: number | null): RunResult => ({
      ...run,
      environment: { ...run.environment, stealRatio: 0.5, serverStealRatio },
    });
    expect(codesOf(stolenFrom(BY_KERNEL, 0))).toEqual([]);
    expect(codesOf(stolenFrom(BY_KERNEL, 0.03))).toEqual(['cpu_steal']);
    expect(codesOf(stolenFrom(BY_KERNEL, null))).toEqual(['cpu_steal']);
    expect(codesOf(stolenFrom(BY_PROCESS, 0))).toEqual(['cpu_steal']);
  });

  it('is noted when the wall clock was set meanwhile', () => {
    const { clock } = BY_KERNEL;
    if (clock === null) throw new Error('the run has a clock');
    const atEnd = { ...clock.atEnd, originWallNs: String(BigInt(clock.atEnd.originWallNs) + 3_000_000_000n) };
    const { notes } = judgeRun({ ...BY_KERNEL, clock: { ...clock, atEnd } }, []);
    expect(notes).toContainEqual({
      code: 'wall_clock_set',
      message: 'the wall clock was set by 3.00 s during the run',
    });
  });
});
