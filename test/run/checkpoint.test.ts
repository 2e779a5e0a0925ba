import { expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { parseAs } from '../../src/result/documents.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { finishCheckpoint } from '../../src/run/checkpoint.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { Hop } from '../support/fake-server.ts';

const planned = planFake(broadcastLatency, { rate: '10/s', duration: '10s', drain: '1s' });
/** The server loses the five messages that are due in the second half of the first second. */
const behavior = {
  network: ({ stamp }: Hop) => (stamp?.measured === true && stamp.seq >= 5 && stamp.seq < 10 ? [] : [1]),
};

it('a run that measures is kept every so often, and is the same afterwards', async () => {
  const kept: RunResult[] = [];
  const checkpoint = { everyMs: 3000, keep: (result: RunResult) => void kept.push(structuredClone(result)) };
  const result = await new FakeRun({ planned, behavior, checkpoint }).run();
  const without = await new FakeRun({ planned, behavior }).run();
  expect({ ...result, startedAt: '' }).toEqual({ ...without, startedAt: '' });

  expect(kept.map((each) => each.checkpoint?.measuredMs)).toEqual([3000, 6000, 9000]);
  for (const { status, intervals, timing, ledger, rate } of kept) {
    expect(status).toBe('partial');
    expect(intervals).toHaveLength(timing.measureMs / 1000);
    expect(ledger.expected).toBe(ledger.delivered + ledger.lost + ledger.unknown);
    expect(rate.intendedHz).toBeCloseTo(10, 5);
  }
  expect(kept.map(({ ledger }) => [ledger.lost, ledger.unknown])).toEqual([
    [20, 0],
    [20, 0],
    [20, 0],
  ]);
  const last = parseAs('run', 'checkpoint', JSON.parse(JSON.stringify(kept.at(-1))));
  const { invalid } = finishCheckpoint(last);
  expect(invalid.map(({ code }) => code)).toEqual(['run_killed']);
  expect(invalid[0]?.message).toBe(
    'the run was killed, or still runs: this is its checkpoint at 9.00 s of 10.0 s',
  );
  expect(finishCheckpoint(result)).toBe(result);
});
