import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/result/run-result.ts';
import { judgeRun } from '../../../src/run/validity/judge.ts';
import { makeResult } from '../../report/fixture.ts';
import { histogramOf, storedSeries } from '../made-series.ts';

const MS = 1e6;
const VALID = makeResult({ clients: 3, rateHz: 50, seconds: 3, workers: 1 });

/** A run whose latency grows from 5 ms to 100 ms, and that loses ten messages. */
const QUEUING: RunResult = {
  ...VALID,
  intervals: VALID.intervals.map((interval, second) => ({
    ...interval,
    series: { delivery: histogramOf([[(5 + 47.5 * second) * MS, 50]]).encode() },
  })),
  ledger: { ...VALID.ledger, delivered: VALID.ledger.expected - 10, lost: 10 },
};

function judged(part: Partial<RunResult>) {
  const { invalid, findings } = judgeRun({ ...QUEUING, ...part }, []);
  const codes = (list: ReadonlyArray<{ readonly code: string }>) => list.map(({ code }) => code);
  return { invalid: codes(invalid), findings: codes(findings) };
}

describe('messages that queue', () => {
  it('are reported beside losses where nothing shows that the server was at its limit', () => {
    expect(judged({})).toEqual({ invalid: [], findings: ['latency_grows', 'imperfect_delivery'] });
  });

  it('are an overload, with its losses, where the server was busy', () => {
    const servers = VALID.telemetry.servers.map((server) => ({
      ...server,
      samples: server.samples.map((sample) => ({ ...sample, loopUtilization: 1, runQueueWaitMs: 0 })),
    }));
    const telemetry = { ...VALID.telemetry, servers };
    expect(judged({ telemetry })).toEqual({ invalid: [], findings: ['server_overloaded'] });
  });

  it('say nothing about the server where the CPUs of the run were taken away', () => {
    const environment = { ...VALID.environment, stealRatio: 0.5 };
    expect(judged({ environment })).toEqual({ invalid: ['cpu_steal'], findings: ['imperfect_delivery'] });
    const delivery_unstalled = storedSeries([[0.1 * MS, 450]]);
    const series = { ...VALID.series, delivery_unstalled };
    expect(judged({ series })).toEqual({ invalid: ['generator_stalled'], findings: ['imperfect_delivery'] });
  });

  it('say nothing where a generator process did not report, nor do losses', () => {
    const hung = { code: 'worker_hung' as const, message: 'generator process 1 did not answer within 8s' };
    expect(judged({ invalid: [hung] })).toEqual({ invalid: ['worker_hung'], findings: [] });
  });
});

describe('a generator that was too slow', () => {
  /** Its processes waited for a CPU for a share of each second; one of `cpuCount` CPUs is that of the server. */
  const waited = (share: number, { cpuCount = 2, loopUtilization = 0.2 } = {}) => {
    const workers = VALID.telemetry.workers.map((worker) => ({
      ...worker,
      samples: worker.samples.map((sample) => ({
        ...sample,
        loopUtilization,
        runQueueWaitMs: share * sample.lengthMs,
      })),
    }));
    return {
      rate: { ...VALID.rate, sent: VALID.rate.intended / 2 },
      telemetry: { ...VALID.telemetry, workers },
      environment: { ...VALID.environment, cpuCount },
    };
  };

  it('had to share its CPUs where it waited for one more than 5 % of the time', () => {
    expect(judged(waited(0.06))).toEqual({ invalid: ['rate_not_held'], findings: ['machine_busy'] });
    expect(judged(waited(0.04))).toEqual({ invalid: ['rate_not_held'], findings: [] });
  });

  it('may have shared them with its own processes where these are as many as the CPUs', () => {
    expect(judged(waited(0.06, { cpuCount: 1 }))).toEqual({ invalid: ['rate_not_held'], findings: [] });
  });

  it('was itself the limit where it was busy', () => {
    const { invalid, findings } = judged(waited(0.06, { loopUtilization: 0.95 }));
    expect(invalid).toContain('generator_busy');
    expect(findings).toEqual([]);
  });
});
