import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/result/aggregate.ts';
import { disruptionOutcomes } from '../../src/result/disruption-outcomes.ts';
import { ShardMerge } from '../../src/result/merge/shard-merge.ts';
import { FIGURES } from '../../src/result/metrics.ts';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import type { StoredAbsence } from '../../src/result/stored-absences.ts';
import { serverBetween } from '../../src/result/telemetry.ts';
import { viewResult } from '../../src/result/view.ts';
import { judge } from '../../src/stats/judge.ts';
import { judgeThreshold, parseThreshold } from '../../src/stats/thresholds.ts';
import { makeResult } from '../report/fixture.ts';
import { madeDesign, madeRounds, madeRun, ONE_LOOK } from '../stats/made-rounds.ts';
import { madeShards } from '../support/made-shards.ts';

const RESET: RunResult['plan']['disruptions'][number] = {
  ...{
    kind: 'reset',
    atMs: 1000,
    everyMs: null,
    arrival: 'constant',
    clients: { share: 1 },
    group: null,
    sendsOffset: true,
  },
  ...{ forMs: null, answersPings: true, readHz: null, signal: 'SIGTERM' },
};

const NOT_BACK = { backMs: null, connectedMs: null, failure: 'ECONNREFUSED' };

/** An absence after a reset at 1 s, of `lengthMs`; the client connects 10 ms before it is back. */
function absenceOf(client: number, lengthMs: number, own: Partial<StoredAbsence> = {}): StoredAbsence {
  return {
    ...{ client, disruption: 0, repetition: 0, reason: 'cut', fromMs: 1000, attempts: 2, failure: null },
    ...{ triedMs: 980 + lengthMs, connectedMs: 990 + lengthMs, backMs: 1000 + lengthMs },
    ...{ receivingMs: null, recovered: null, firstReplayedMs: null, lastReplayedMs: null },
    ...{ replayed: 1, early: 0, missed: 3, lost: 0, duplicated: 0, reordered: 0, ...own },
  };
}

const disturbing = { disruptions: [RESET] };

/** A result with absences, as it is read from its file. */
function withAbsences(result: RunResult, absences: StoredAbsence[]): RunResult {
  const missed = absences.reduce((sum, each) => sum + each.missed, 0);
  const { ledger } = result;
  return runResultSchema.parse({
    ...result,
    plan: { ...result.plan, ...disturbing },
    ledger: { ...ledger, expected: ledger.expected + missed, missed },
    disruptions: disruptionOutcomes(absences, disturbing),
    absences,
    absenceCount: absences.length,
  });
}

const recovered = (...absences: StoredAbsence[]) =>
  withAbsences(makeResult({ rateHz: 20, seconds: 3 }), absences);

function judged(expression: string, ...absences: StoredAbsence[]): boolean | null {
  return judgeThreshold(parseThreshold(expression), aggregate([viewResult(recovered(...absences))])).passed;
}

describe('thresholds of recovery', () => {
  it.each<[expression: string, absences: StoredAbsence[], passed: boolean | null]>([
    ['missed==0', [absenceOf(1, 500, { missed: 0 })], true],
    ['missed==0', [absenceOf(1, 500)], false],
    ['time_to_last_back<2s', [absenceOf(1, 500), absenceOf(2, 1999)], true],
    ['time_to_last_back<2s', [absenceOf(1, 500), absenceOf(2, 2001)], false],
    ['time_to_last_back<2s', [absenceOf(1, 500), absenceOf(2, 0, NOT_BACK)], false],
    ['time_to_last_back>2s', [absenceOf(1, 500), absenceOf(2, 0, NOT_BACK)], true],
    ['time_to_last_back<2s', [], null],
  ])('%s', (expression, absences, passed) => {
    expect(judged(expression, ...absences)).toBe(passed);
  });
});

describe('a comparison of recovery', () => {
  it.each<[headMs: number, headMissed: number, verdicts: string[]]>([
    [500, 3, ['OK', 'OK']],
    [900, 3, ['REGRESSED', 'OK']],
    [300, 3, ['IMPROVED', 'OK']],
    [500, 4, ['OK', 'REGRESSED']],
    [500, 0, ['OK', 'IMPROVED']],
  ])('the last client is back after %i ms and missed %i, not 500 ms and 3', (lastMs, missed, verdicts) => {
    const rounds = madeRounds(10, 2, (round, arm) =>
      withAbsences(madeRun(), [
        absenceOf(1, (arm === 0 ? 500 : lastMs) + round, { missed: arm === 0 ? 3 : missed }),
      ]),
    );
    const design = madeDesign({ looks: ONE_LOOK, metrics: ['time_to_last_back', 'missed'] });
    const [head] = judge(design, rounds).heads;
    const verdictOf = (name: string) => head?.metrics.find(({ metric }) => metric === name)?.verdict;
    expect([verdictOf('time_to_last_back'), verdictOf('missed')]).toEqual(verdicts);
  });
});

describe('the outcome of a disruption', () => {
  it('has the connections per second that were opened again', () => {
    // Ten connections, one every 200 ms.
    const absences = Array.from({ length: 10 }, (_, client) => absenceOf(client, 500 + 200 * client));
    expect(disruptionOutcomes(absences, disturbing)).toMatchObject([
      { openedPeakHz: 5, openedMeanHz: 5, lastBackMs: 3300 },
    ]);
  });

  it('has the reasons why clients did not come back', () => {
    const absences = [absenceOf(1, 0, NOT_BACK), absenceOf(2, 0, NOT_BACK), absenceOf(3, 10)];
    expect(disruptionOutcomes(absences, disturbing)).toMatchObject([
      { clients: 3, back: 1, failures: [{ reason: 'ECONNREFUSED', count: 2 }] },
    ]);
  });
});

it('the server is observed from the cut until the last client was back', () => {
  const [template] = makeResult({ rateHz: 20, seconds: 3 }).telemetry.servers;
  const [first] = template?.samples ?? [];
  if (template === undefined || first === undefined) throw new Error('the result has no telemetry');
  const sample = (atMs: number, loopDelayMaxNs: number, rssBytes: number) => ({
    ...{ ...first, atMs, lengthMs: 1000, loopDelayMaxNs, rssBytes },
  });
  const samples = [
    sample(1000, 9e9, 900),
    sample(2000, 5e6, 300),
    sample(3000, 7e6, 200),
    sample(4000, 8e9, 800),
  ];
  const server = { ...template, samples };
  expect(serverBetween([server, server], 1000, 2500)).toEqual({ loopDelayMaxNs: 7e6, rssMaxBytes: 600 });
  expect(serverBetween([], 1000, 2500)).toEqual({ loopDelayMaxNs: null, rssMaxBytes: null });
});

it('shards add up what their clients missed', () => {
  const messages = [0, 1, 2].map((seq) => ({
    ...{ stream: seq, seq: 0, second: 0 },
    deliveries: [{ receiver: seq, latencyNs: 1e6, second: 0, copies: 1 }],
  }));
  const streams = [0, 1, 2].map((client) => ({ sender: client, receivers: [client] }));
  const merge = new ShardMerge();
  for (const [index, shard] of madeShards({ clients: 3, seconds: 1, streams, messages }, 3).entries())
    merge.add(`${index}.json`, withAbsences(shard, [absenceOf(index, 500 + 100 * index)]));
  const whole = merge.result();
  expect(whole.ledger).toMatchObject({ expected: 12, delivered: 3, missed: 9, lost: 0 });
  expect(whole.disruptions).toMatchObject([
    { clients: 3, back: 3, attempts: 6, replayed: 3, missed: 9, away: { p50Ms: 600, lastMs: 700 } },
  ]);
  expect([whole.absenceCount, whole.absences.map(({ client }) => client)]).toEqual([3, [0, 1, 2]]);
  expect(FIGURES.time_to_last_back.value(whole)).toBe(700e6);
});
