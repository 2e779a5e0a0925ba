import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import { EVENT } from '../../src/contract/protocol.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

/** Publishes by a request whose acknowledgement says no to every fourth message, which then reaches nobody. */
function cooledDown(): Mapping {
  let published = 0;
  return {
    ...chat,
    publish: (message) => {
      const event = chat.publish(message);
      published += 1;
      const isRefused = published % 4 === 0;
      return isRefused
        ? { event: EVENT.hello, data: { error: { message: 'cool-down' } }, reply: 'acknowledgement' }
        : event;
    },
    reply: () => undefined,
  };
}

describe('a run whose server rejects', () => {
  it.each(['1', '2'])('some broadcasts expects nothing of these, over %s workers', async (workers) => {
    const given = { clients: '4', rate: '100/s', duration: '4s', workers };
    const run = new FakeRun({ planned: planFake(broadcastLatency, given), mapping: cooledDown() });
    const result = await run.run();
    const [{ count: rejected } = { count: 0 }] = result.rejected;
    expect(result.rejected).toEqual([{ reason: 'cool-down', count: rejected }]);
    expect(rejected).toBeGreaterThanOrEqual(99);
    const { excludeSender } = result.plan.scenarioOptions;
    const expected = (400 - rejected) * (excludeSender === true ? 3 : 4);
    expect(result.rate.sent).toBe(400);
    expect(result.ledger).toMatchObject({ expected, delivered: expected, lost: 0, duplicated: 0 });
    expect(result.samples).toMatchObject({ count: 400 - rejected, incomplete: 0 });
    expect(result.intervals.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
    expect(result.invalid).toEqual([]);
    expect(result.findings).toEqual([
      {
        code: 'rejected',
        message: `${rejected} of 400 messages rejected by the server: cool-down (${rejected})`,
      },
    ]);
    // No one waits for the rejected ones in the drain.
    expect(result.timing.drainMs).toBeLessThan(1000);
  });

  it('every request is INVALID, and has no latency', async () => {
    const run = new FakeRun({
      planned: planFake(ackRoundtrip, { rate: '100/s', duration: '2s' }),
      behavior: { changes: () => ({ error: 'not logged in' }) },
    });
    const { invalid, rejected, ledger, series, findings } = await run.run();
    expect(invalid).toEqual([
      {
        code: 'all_rejected',
        message:
          'the server rejected 200 of 200 messages, and none was delivered or answered: not logged in (200)',
      },
    ]);
    expect(findings).toEqual([]);
    expect(rejected).toEqual([{ reason: 'not logged in', count: 200 }]);
    expect(ledger).toMatchObject({ expected: 0, delivered: 0, lost: 0, unexpected: 0 });
    expect(series['ack']).toBeUndefined();
  });
});
