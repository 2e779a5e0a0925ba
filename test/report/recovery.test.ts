import { expect, it } from 'vitest';
import { overallFinding, rankRuns } from '../../src/report/content/ranking.ts';
import { recoveryBlocks } from '../../src/report/content/recovery.ts';
import { renderText } from '../../src/report/render/text.ts';
import { disruptionOutcomes } from '../../src/result/disruption-outcomes.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import type { StoredAbsence } from '../../src/result/stored-absences.ts';
import { viewResult } from '../../src/result/view.ts';
import { makeResult } from './fixture.ts';

const RESET: RunResult['plan']['disruptions'][number] = {
  ...{ kind: 'reset', atMs: 1000, everyMs: null, arrival: 'constant', clients: { share: 1 } },
  ...{ group: { number: 1, of: 6 }, sendsOffset: false, forMs: 1000, answersPings: true },
  ...{ readHz: null, signal: 'SIGTERM' },
};

/** A run whose only absent client was away for so long, and missed so much. */
function awayFor(lengthMs: number, missed: number): RunResult {
  const result = makeResult({ rateHz: 20, seconds: 3 });
  const absence: StoredAbsence = {
    ...{ client: 1, disruption: 0, repetition: 0, reason: 'cut', fromMs: 1000, attempts: 2, failure: null },
    ...{ triedMs: 980 + lengthMs, connectedMs: 990 + lengthMs, backMs: 1000 + lengthMs },
    ...{ receivingMs: null, recovered: null, firstReplayedMs: null, lastReplayedMs: null },
    ...{ replayed: 0, early: 0, missed, lost: 0, duplicated: 0, reordered: 0 },
  };
  const plan = { ...result.plan, disruptions: [RESET] };
  const disruptions = disruptionOutcomes([absence], plan);
  return { ...result, plan, ledger: { ...result.ledger, missed }, disruptions, absences: [absence] };
}

const runs = [awayFor(2500, 60), awayFor(1250, 25)];

it('the tables of recovery fit a terminal of 100 columns, also of several runs', () => {
  const blocks = recoveryBlocks(runs, ['a rather long server websocket', 'ws']);
  const text = renderText({ title: '', blocks, footer: '' });
  expect(text).toMatch(/^a rather long server websocket\nreset at=1s group=1\/6 for=1s offset=off +1 of 1 /m);
  expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

it('runs whose clients were cut are ranked by the time until the last one was back', () => {
  const scenario = {
    scenario: 'recovery',
    views: runs.map(viewResult),
    labels: ['slow', 'quick'],
    colours: [0, 1],
  };
  expect(rankRuns(scenario).map(({ label, ratio }) => [label, ratio])).toEqual([
    ['quick', 1],
    ['slow', 2],
  ]);
  expect(overallFinding([scenario])).toBe(
    'quick has its last client back first, after 1.25 s; slow takes 2.00x as long; missed messages: quick 25 and slow 60',
  );
});
