import { describe, expect, test } from 'vitest';
import { viewResult } from '../../src/result/view.ts';
import { countFaulted, STALL } from '../support/faults.ts';
import { faultyTarget, runScenario, SHORT } from '../support/sockbench.ts';

const CLIENTS = 20;
const RATE_HZ = 200;
const SECONDS = 5;
const MESSAGES = RATE_HZ * SECONDS;
const LOAD = ['--clients', `${CLIENTS}`, '--rate', `${RATE_HZ}/s`, '--duration', `${SECONDS}s`, ...SHORT];

async function broadcastTo(fault: string, amount = 0, ...more: string[]) {
  const { result } = await runScenario(
    'broadcast-latency',
    ...(await faultyTarget(fault, amount)),
    ...LOAD,
    ...more,
  );
  return result;
}

describe('a server with known faults', () => {
  const expected = MESSAGES * CLIENTS;
  const faulted = countFaulted(MESSAGES, CLIENTS);

  test('that drops one delivery in a hundred: exactly those are lost', async () => {
    const { ledger, samples } = await broadcastTo('drop');
    expect(ledger).toMatchObject({
      expected,
      delivered: expected - faulted,
      lost: faulted,
      duplicated: 0,
      reordered: 0,
      unexpected: 0,
    });
    expect(ledger.anomalies.reduce((sum, account) => sum + account.lost, 0)).toBe(faulted);
    expect(samples.count).toBe(MESSAGES);
    expect(samples.incomplete).toBeGreaterThan(0);
  });

  test('that repeats one in a hundred: exactly those are duplicates, and none is timed twice', async () => {
    const { ledger, series } = await broadcastTo('duplicate');
    expect(ledger).toMatchObject({
      expected,
      delivered: expected,
      lost: 0,
      duplicated: faulted,
      reordered: 0,
    });
    expect(series['delivery']?.count).toBe(expected);
  });

  test('that swaps one in a hundred with the next: exactly those are reordered', async () => {
    const { ledger } = await broadcastTo('swap');
    expect(ledger).toMatchObject({
      expected,
      delivered: expected,
      lost: 0,
      duplicated: 0,
      reordered: faulted,
    });
  });

  test('that delays by 5 ms: the delay is recovered within the stated uncertainty', async () => {
    const plain = viewResult(await broadcastTo('none'));
    const delayed = viewResult(await broadcastTo('delay', 5));
    const median = (view: typeof plain) => view.quantileNs('fanout_first', 0.5) ?? Number.NaN;
    const uncertaintyNs = Math.max(
      ...[plain, delayed].map(
        (view) => view.histogram('receive_uncertainty')?.quantileNs(0.99) ?? Number.NaN,
      ),
    );
    expect(delayed.histogram('delivery_actual')?.minNs).toBeGreaterThanOrEqual(5e6);
    expect(Math.abs(median(delayed) - median(plain) - 5e6)).toBeLessThanOrEqual(uncertaintyNs);
  });

  test('that stalls 100 ms every second: the share of late messages is what open-loop arithmetic says', async () => {
    const lateAfterMs = 40;
    const { ledger } = await broadcastTo('stall', 0, '--late-after', `${lateAfterMs}ms`);
    // A message due at a uniform time within a stall waits for the rest of it.
    const predicted = (STALL.lengthMs - lateAfterMs) / STALL.everyMs;
    expect(ledger.late / ledger.expected).toBeGreaterThan(predicted * 0.8);
    expect(ledger.late / ledger.expected).toBeLessThan(predicted * 1.4);
    expect(ledger.lost).toBe(0);
  });

  test('that stalls under requests: the stall shows in ack, and ack is never below ack_actual', async () => {
    const { result } = await runScenario(
      'ack-roundtrip',
      ...(await faultyTarget('stall')),
      ...['--clients', '20', '--rate', '1000/s', '--duration', '5s', ...SHORT],
    );
    const view = viewResult(result);
    // 1 % of all requests meet a stall with 90 ms or more of it left.
    expect(view.quantileNs('ack', 0.99) ?? 0).toBeGreaterThan(80e6);
    expect(view.quantileNs('ack', 0.85) ?? 0).toBeLessThan(50e6);
    for (const quantile of [0.5, 0.9, 0.99]) {
      const [ack, actual] = [view.quantileNs('ack', quantile), view.quantileNs('ack_actual', quantile)];
      expect(ack ?? 0).toBeGreaterThanOrEqual(actual ?? Number.NaN);
    }
    expect(result.series['ack_actual']?.count).toBe(5000);
  });
});
