import { describe, expect, it } from 'vitest';
import { participants } from '../../src/report/content/participants.ts';
import { rankingBlocks, rankRuns } from '../../src/report/content/ranking.ts';
import { runCaveats, runConclusion } from '../../src/report/content/run-conclusion.ts';
import { pageData } from '../../src/report/page-data.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { results } from './fixture.ts';

describe('the conclusion of a run', () => {
  it.each([
    ['a valid run', results.valid, 'none of 20,000 deliveries was lost'],
    ['losses', results.overloaded, '; 40 of 20,000 deliveries were lost'],
    ['requests', results.ack, 'socketio websocket acknowledged requests in '],
    ['an invalid run', results.invalid, 'sent 80.1/s of 100/s; send lag p99 was 12 ms'],
    ['a run that recorded nothing', results.empty, 'the server exited with code 1'],
  ])('of %s says what happened', (_, make, text) => {
    expect(runConclusion(make())).toContain(text);
  });

  it('has findings, an early end and left out quantiles as caveats', () => {
    expect(runCaveats({ ...results.overloaded(), status: 'partial' })).toEqual([
      'The run ended early: the figures cover only what was measured',
      'latency grew from 5 ms to 900 ms',
      '40 messages lost at the deadline',
      'p99.9 needs 3,688 broadcasts; this run has 1,000',
    ]);
  });
});

describe('the ranking of a scenario', () => {
  const scenarioOf = (...given: readonly RunResult[]) => ({
    scenario: 'broadcast-latency',
    views: given.map(viewResult),
    labels: given.map(({ plan }) => plan.target.name),
    colours: given.map((_, index) => index),
  });

  it('has the lowest p50 first, and invalid runs last without a rank', () => {
    const scenario = scenarioOf(results.invalid(), results.valid(), results.ws());
    const ranked = rankRuns(scenario);
    expect(ranked.map(({ rank, colour }) => [rank, colour])).toEqual([
      [1, 2],
      [2, 1],
      [null, 0],
    ]);
    expect(ranked[0]?.ratio).toBe(1);
  });

  it('is left out where no scenario has two runs', () => {
    expect(rankingBlocks([scenarioOf(results.valid())])).toEqual([]);
  });
});

describe('the versions that took part', () => {
  it.each([
    ['ws', 'wire', ['ws']],
    ['nest-ws', 'wire', ['ws', '@nestjs/core']],
    ['somebody-elses', 'official', ['ws', 'new-package']],
  ] as const)('of %s with the %s driver', (name, driver, expected) => {
    const result = results.ws();
    const reference = { ...result.plan.target.reference, runtime: 'node', program: null, version: null };
    const target = { ...result.plan.target, name, reference: name === 'somebody-elses' ? null : reference };
    const packages = {
      'socket.io': '4',
      ws: '8',
      '@nestjs/core': '12',
      bun: '1',
      ...(name === 'somebody-elses' ? { 'new-package': '1' } : {}),
    };
    const made = {
      ...result,
      plan: { ...result.plan, driver, target },
      environment: { ...result.environment, packages },
    } as RunResult;
    expect(participants(made).map(([each]) => each)).toEqual(expected);
  });
});

describe('the data of a page', () => {
  it('are all files, then fewer, and say what is left out', () => {
    const text = JSON.stringify({ intervals: [1], samples: { count: 2 }, histogram: 'HISTFAAA', kept: 1 });
    const json = { name: 'a.json', label: 'JSON', type: 'application/json', text };
    const csv = { name: 'a.csv', label: 'CSV', type: 'text/csv', text: 'a' };
    const log = { name: 'a.hlog', label: '.hlog', type: 'text/plain', text: 'b' };
    const tiers = pageData(() => [json, csv, log]).map((data) => data());
    expect(tiers.map(({ files }) => files.map(({ name }) => name))).toEqual([
      ['a.json', 'a.csv', 'a.hlog'],
      ['a-without-seconds.json', 'a.csv'],
      ['a-figures.json', 'a.csv'],
      ['a.csv'],
    ]);
    expect(JSON.parse(tiers[2]?.files[0]?.text ?? '')).toEqual({
      intervals: [],
      samples: { count: 2 },
      kept: 1,
    });
    expect(tiers.map(({ note }) => note === '')).toEqual([true, false, false, false]);
  });
});
