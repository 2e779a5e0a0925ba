import { describe, expect, test } from 'vitest';
import { viewResult } from '../../src/result/view.ts';
import { countFaulted, MIXED, STALL } from '../support/faults.ts';
import { faultyTarget, retryDisturbed, runScenario, runUndisturbed, SHORT } from '../support/sockbench.ts';

const CLIENTS = 20;
const LOAD = ['--clients', `${CLIENTS}`, '--rate', '200/s'];

async function flagsFor(fault: string, amount: number, seconds: number, ...more: string[]) {
  const target = await faultyTarget(fault, amount);
  return ['broadcast-latency', ...target, ...LOAD, ...SHORT, '--duration', `${seconds}s`, ...more];
}

async function broadcastTo(...fault: Parameters<typeof flagsFor>) {
  const { result } = await runScenario(...(await flagsFor(...fault)));
  return result;
}

describe('a server with known faults', () => {
  test('that drops, repeats and swaps one delivery in a hundred each: exactly those are counted', async () => {
    const messages = 400;
    const { ledger, samples, series } = await broadcastTo('mixed', 0, 2);
    const expected = messages * CLIENTS;
    const [lost, duplicated, reordered] = MIXED.map((fault) => countFaulted(fault, messages, CLIENTS));
    expect([lost, duplicated, reordered]).toEqual([80, 80, 80]);
    expect(ledger).toMatchObject({
      expected,
      delivered: expected - 80,
      lost,
      duplicated,
      reordered,
      unexpected: 0,
    });
    expect(ledger.anomalies.reduce((sum, account) => sum + account.lost, 0)).toBe(lost);
    // No duplicate is timed.
    expect(series['delivery']?.count).toBe(ledger.delivered);
    expect(samples.count).toBe(messages);
    expect(samples.incomplete).toBeGreaterThan(0);
  });

  test.each([
    ['changes one number in a hundred', 'invented-numbers', 4],
    ['sends an invented number instead of every second message', 'invented-messages', 200],
    ['moves one intended time in a hundred by a second', 'earlier-times', 4],
  ])('that %s: those are lost and unexpected', async (_, fault, invented) => {
    const { ledger, series, unexpected } = await broadcastTo(fault, 0, 2, '--drain', '500ms');
    const [expected, lost] = [400 * CLIENTS, invented * CLIENTS];
    expect(ledger).toMatchObject({
      expected,
      delivered: expected - lost,
      lost,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
      unexpected: lost,
    });
    expect(unexpected).toEqual([
      { reason: 'with a number, time or stream that was not sent in this run', count: lost },
    ]);
    expect(series['delivery']?.count).toBe(ledger.delivered);
  });

  test('that cuts one payload in a hundred: those are corrupted', async () => {
    const { ledger } = await broadcastTo('cut-payloads', 0, 2, '--drain', '500ms');
    expect(ledger).toMatchObject({ lost: 4 * CLIENTS, corrupted: 4 * CLIENTS, unexpected: 0 });
  });

  test('that delays by 5 ms: the delay is recovered within the stated uncertainty', async () => {
    const both = async () => [await broadcastTo('none', 0, 2), await broadcastTo('delay', 5, 2)];
    await retryDisturbed(
      both,
      (results) => results.flatMap(({ invalid }) => invalid),
      (results) => {
        const views = results.map(viewResult);
        const [plainNs, delayedNs] = views.map((view) => view.quantileNs('fanout_first', 0.5) ?? Number.NaN);
        const uncertaintyNs = Math.max(
          ...views.map((view) => view.histogram('receive_uncertainty')?.quantileNs(0.99) ?? Number.NaN),
        );
        expect(views[1]?.histogram('delivery_actual')?.quantileNs(0)).toBeGreaterThanOrEqual(5e6);
        expect(Math.abs((delayedNs ?? Number.NaN) - (plainNs ?? Number.NaN) - 5e6)).toBeLessThanOrEqual(
          uncertaintyNs,
        );
      },
    );
  });

  test('that stalls 100 ms every second: the share of late messages is what open-loop arithmetic says', async () => {
    const lateAfterMs = 40;
    const flags = await flagsFor('stall', 0, 4, '--late-after', `${lateAfterMs}ms`);
    // A message due at a uniform time within a stall waits for the rest of it.
    const predicted = (STALL.lengthMs - lateAfterMs) / STALL.everyMs;
    await runUndisturbed(flags, ({ result: { ledger } }) => {
      expect(ledger.late / ledger.expected).toBeGreaterThan(predicted * 0.8);
      expect(ledger.late / ledger.expected).toBeLessThan(predicted * 1.4);
      expect(ledger.lost).toBe(0);
    });
  });

  test('that stalls under requests: the stall shows in ack, and ack is never below ack_actual', async () => {
    const load = ['--clients', '20', '--rate', '1000/s', '--duration', '4s', ...SHORT];
    const flags = ['ack-roundtrip', ...(await faultyTarget('stall')), ...load];
    await runUndisturbed(flags, ({ result }) => {
      const view = viewResult(result);
      // 1 % of all requests meet a stall with 90 ms or more of it left.
      expect(view.quantileNs('ack', 0.99) ?? 0).toBeGreaterThan(80e6);
      expect(view.quantileNs('ack', 0.85) ?? 0).toBeLessThan(50e6);
      for (const quantile of [0.5, 0.9, 0.99]) {
        const [ack, actual] = [view.quantileNs('ack', quantile), view.quantileNs('ack_actual', quantile)];
        expect(ack ?? 0).toBeGreaterThanOrEqual(actual ?? Number.NaN);
      }
      expect(result.series['ack_actual']?.count).toBe(4000);
    });
  });
});
