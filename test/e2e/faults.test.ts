import { describe, expect, test } from 'vitest';
import { countFaulted, MIXED } from '../support/faults.ts';
import { ANY_CPU, faultyTarget, runScenario } from '../support/sockbench.ts';

const CLIENTS = 20;
const MESSAGES = 400;
const LOAD = ['--clients', `${CLIENTS}`, '--rate', `${MESSAGES / 2}/s`, '--duration', '2s', '--drain', '3s'];

async function broadcastTo(fault: string) {
  const { result } = await runScenario(
    'broadcast-latency',
    ...(await faultyTarget(fault)),
    ...[...LOAD, '--warmup', '200ms', '--warmup-max', '200ms', ...ANY_CPU],
  );
  return result;
}

describe('a server with known faults', () => {
  test('that drops, repeats and swaps one delivery in a hundred each: exactly those are counted', async () => {
    const { ledger, samples, series } = await broadcastTo('mixed');
    const expected = MESSAGES * CLIENTS;
    const [lost, duplicated, reordered] = MIXED.map((fault) => countFaulted(fault, MESSAGES, CLIENTS));
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
    expect(samples.count).toBe(MESSAGES);
    expect(samples.incomplete).toBeGreaterThan(0);
  });

  test.each([
    ['changes one number in a hundred', 'invented-numbers', 4],
    ['sends an invented number instead of every second message', 'invented-messages', 200],
    ['moves one intended time in a hundred by a second', 'earlier-times', 4],
  ])('that %s: those are lost and unexpected', async (_, fault, invented) => {
    const { ledger, series, unexpected } = await broadcastTo(fault);
    const [expected, lost] = [MESSAGES * CLIENTS, invented * CLIENTS];
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
    const { ledger } = await broadcastTo('cut-payloads');
    expect(ledger).toMatchObject({ lost: 4 * CLIENTS, corrupted: 4 * CLIENTS, unexpected: 0 });
  });
});
