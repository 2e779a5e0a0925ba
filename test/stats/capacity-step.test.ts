import { describe, expect, it } from 'vitest';
import type { Finding, FindingCode } from '../../src/result/findings.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { NsHistogram, viewResult } from '../../src/result/view.ts';
import { judgeError, judgeStep, parseObjectives } from '../../src/stats/capacity-step.ts';
import { makeResult } from '../report/fixture.ts';

const OBJECTIVES = parseObjectives('ack.p95<50ms and lost<=0 and failed<=0');

/** 1,000 requests in 10 s, 1 to 2 ms each. */
function goodRun(): RunResult {
  return makeResult({ scenario: 'ack-roundtrip', rateHz: 100, seconds: 10 });
}

const judge = (result: RunResult) => judgeStep(viewResult(result), OBJECTIVES);
const found = (code: FindingCode): Finding => ({ code, message: `this is ${code}` });

/** `count` values, spread evenly from 1 ms. */
function withAcks(result: RunResult, valuesNs: readonly number[]): RunResult {
  const histogram = new NsHistogram();
  for (const value of valuesNs) histogram.record(value);
  const ack = {
    count: histogram.count,
    meanNs: histogram.meanNs,
    stdDeviationNs: histogram.stdDeviationNs,
    histogram: histogram.encode(),
  };
  return { ...result, series: { ...result.series, ack } };
}

describe('a step', () => {
  it('passes when every objective holds and latency does not grow', () => {
    const { outcome, reasons, figures } = judge(goodRun());
    expect([outcome, reasons]).toEqual(['passed', []]);
    expect(figures.map(({ metric, passed }) => [metric, passed])).toEqual([
      ['ack.p95', true],
      ['lost', true],
      ['failed', true],
    ]);
  });

  it('is judged by the upper bound of a quantile: a p95 below the limit is not enough', () => {
    // Of 200 values 10 are over 50 ms: the p95 is the 190th, its upper bound the 196th.
    const values = Array.from({ length: 200 }, (_, index) => (index < 190 ? 10e6 : 60e6));
    const { outcome, reasons, figures } = judge(withAcks(goodRun(), values));
    expect(outcome).toBe('failed');
    expect(Math.round((figures[0]?.value ?? 0) / 1e6)).toBe(10);
    expect(Math.round((figures[0]?.upper ?? 0) / 1e6)).toBe(60);
    expect(reasons).toEqual([
      { code: 'objective_missed', message: 'ack.p95 10 ms (upper bound 60 ms), not ack.p95<50ms' },
    ]);
  });

  it('fails for a lost message', () => {
    const result = goodRun();
    const ledger = { ...result.ledger, lost: 1, delivered: result.ledger.delivered - 1 };
    expect(judge({ ...result, ledger })).toMatchObject({
      outcome: 'failed',
      reasons: [{ code: 'objective_missed', message: 'lost 1, not lost<=0' }],
    });
  });

  it('fails with every reason when the server was overloaded', () => {
    const result = {
      ...makeResult({ scenario: 'ack-roundtrip', medianNs: 90e6 }),
      findings: [found('server_overloaded')],
    };
    const { outcome, reasons } = judge(result);
    expect(outcome).toBe('failed');
    expect(reasons.map(({ code }) => code)).toEqual(['objective_missed', 'server_overloaded']);
  });

  it('fails when latency grows second by second, while the objective still holds', () => {
    const result = goodRun();
    const intervals = result.intervals.map((interval, second) => {
      const histogram = new NsHistogram();
      histogram.recordMany(Math.round(1e6 + second * 0.4e6), 100);
      return { ...interval, series: { ack: histogram.encode() } };
    });
    const { outcome, reasons } = judge({ ...result, intervals });
    expect([outcome, reasons.map(({ code }) => code)]).toEqual(['failed', ['latency_grows']]);
    expect(reasons[0]?.message).toMatch(/^ack p50 \(1\.\d+ ms\) grew by 3\.6 ms over the step$/);
  });

  it.each(['server_died', 'clients_lost', 'sender_lost', 'too_few_samples'] as const)(
    'fails when the run is invalid by the server: %s',
    (code) => {
      expect(judge({ ...goodRun(), invalid: [found(code)] })).toMatchObject({
        outcome: 'failed',
        reasons: [{ code }],
      });
    },
  );

  it.each([
    'rate_not_held',
    'generator_busy',
    'send_lag',
    'worker_died',
    'cpu_steal',
    'clock',
    'interrupted',
  ] as const)('is not counted when the run is invalid by the generator or the machine: %s', (code) => {
    expect(
      judge({ ...makeResult({ medianNs: 90e6 }), invalid: [found(code), found('clients_lost')] }),
    ).toMatchObject({
      outcome: 'excluded',
      reasons: [{ code }],
    });
  });

  it('fails when the server died, even though the rate was not held then', () => {
    const invalid = [found('server_died'), found('rate_not_held')];
    expect(judge({ ...goodRun(), invalid }).outcome).toBe('failed');
  });

  it('is not counted when its own system let it open no more connections', () => {
    const invalid: Finding[] = [{ code: 'clients_lost', message: 'connect EMFILE (12)' }];
    expect(judge({ ...goodRun(), invalid }).outcome).toBe('excluded');
  });

  it('is not counted when an objective has too few samples and nothing else is amiss', () => {
    expect(judge(makeResult({ scenario: 'ack-roundtrip', rateHz: 100, seconds: 1 }))).toMatchObject({
      outcome: 'excluded',
      reasons: [{ code: 'too_few_samples' }],
      figures: [{ value: null, upper: null, passed: null }, { passed: true }, { passed: true }],
    });
  });

  it('that measured nothing has failed when the server took no client, and else says nothing', () => {
    expect(judgeError({ code: 'TARGET_UNREACHABLE', message: 'no answer' })).toMatchObject({
      outcome: 'failed',
    });
    expect(judgeError({ code: 'WORKER_HUNG', message: 'no answer' })).toMatchObject({ outcome: 'excluded' });
  });
});
