import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../../scenarios/broadcast-latency.ts';
import { reconnectStorm } from '../../../scenarios/reconnect-storm.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { viewResult } from '../../../src/result/view.ts';
import { FakeRun, type FakeRunOptions, planFake } from '../../support/fake-run.ts';

/** A run of 5 clients, of which the first publishes 100 messages in 5 s. An attempt to connect takes 1 ms, and so does joining. */
function disturbed(
  disrupt: string,
  given: Readonly<Record<string, string>> = {},
  options: Partial<FakeRunOptions> = {},
): FakeRun {
  const plan = { clients: '5', rate: '20/s', duration: '5s', reconnect: 'fixed delay=100ms', drain: '1s' };
  return new FakeRun({ planned: planFake(reconnectStorm, { ...plan, disrupt, ...given }), ...options });
}

/** How long absences lasted, in ms, rounded: how many, the shortest and the longest. */
function backOf(result: RunResult) {
  const back = viewResult(result).histogram('back');
  if (back === null) return null;
  const ms = (quantile: number) => Math.round(back.quantileNs(quantile) / 1e6);
  return { count: back.count, shortestMs: ms(0), longestMs: ms(1) };
}

describe('clients that are cut off by the plan', () => {
  it('come back by the policy, to their rooms, with one handler of each event', async () => {
    const run = disturbed('reset at=1s clients=3');
    const result = await run.run();
    expect(run.server.heard.filter((line) => line.endsWith('reset'))).toHaveLength(3);
    // 100 ms, 1 ms to connect and 1 ms to join.
    expect(backOf(result)).toEqual({ count: 3, shortestMs: 102, longestMs: 102 });
    // 400 are expected; each of the three misses what is sent at 1.0, 1.05 and 1.1 s, of which the first is in flight.
    expect(result.ledger).toMatchObject({
      expected: 400,
      duplicated: 0,
      reordered: 0,
      delivered: 400 - 3 * 3,
    });
    expect(result.clients.dropped).toEqual([]);
    expect(run.isServerStopped).toBe(true);
  });

  it('stay offline for the time of the disruption, whatever the policy', async () => {
    for (const reconnect of ['immediate', 'exponential', 'fixed delay=3s']) {
      const result = await disturbed('fin at=1s for=500ms', { reconnect }).run();
      expect(backOf(result)).toEqual({ count: 4, shortestMs: 502, longestMs: 502 });
    }
  });

  it('are gone where the policy is none, which does not end the run', async () => {
    const result = await disturbed('close at=4s', { reconnect: 'none' }).run();
    expect(backOf(result)).toBeNull();
    expect(result.clients.dropped).toEqual([]);
    expect(result.ledger.delivered).toBe(4 * 80);
    expect(result.timing.measureMs).toBeCloseTo(5000, -2);
  });

  it('try again until an attempt succeeds, also after one that hangs', async () => {
    let attempts = 0;
    const behavior = {
      refuses: (client: number) => {
        if (client !== 4) return null;
        attempts += 1;
        return [null, 'silent', 'busy', 'busy', null][attempts - 1] ?? null;
      },
    };
    const result = await disturbed('reset at=1s group=1/1', { connectTimeout: '1s' }, { behavior }).run();
    // 100 ms, 1 s without an answer, then twice 100 ms and 1 ms for a refusal, 100 ms and 2 ms.
    expect(backOf(result)).toMatchObject({ count: 4, shortestMs: 102, longestMs: 1404 });
    expect(attempts).toBe(5);
  });

  it('are left alone by a disruption while they are away', async () => {
    const run = disturbed('reset at=1s for=2s, close at=2s, fin at=4s');
    const result = await run.run();
    expect(run.server.heard.filter((line) => line.endsWith(' close'))).toEqual([]);
    expect(backOf(result)).toMatchObject({ count: 8 });
  });

  it('do not keep a run from ending, or from being stopped', async () => {
    const away = await disturbed('reset at=4s', { reconnect: 'fixed delay=1h' }).run();
    expect(away.timing.drainMs).toBeLessThanOrEqual(1100);
    expect(away.status).toBe('complete');
    const run = disturbed('reset at=1s, reset at=4s', { reconnect: 'fixed delay=10s' });
    run.during('measure', 2000, () => run.stop());
    const stopped = await run.run();
    expect(stopped.status).toBe('partial');
    expect(run.server.heard.filter((line) => line.endsWith('reset'))).toHaveLength(4);
  });

  it('send nothing meanwhile, which is no fault of the generator', async () => {
    const given = { clients: '3', publishers: '3', rate: '30/s', duration: '4s', reconnect: 'immediate' };
    const planned = planFake(broadcastLatency, { ...given, disrupt: 'reset at=1s clients=1 for=2s' });
    const { rate, invalid } = await new FakeRun({ planned }).run();
    expect(rate.unsent).toEqual([
      { reason: 'the sender was away by the plan', count: expect.closeTo(20, -0.5) },
    ]);
    expect(invalid.map(({ code }) => code)).not.toContain('rate_not_held');
  });
});

describe('clients that are dropped by the server', () => {
  const dropAt = (run: FakeRun, atMs: number) =>
    run.during('measure', atMs, () => run.server.connections.get(3)?.drop('connection reset'));

  it('come back by the policy', async () => {
    const run = disturbed('leave at=4s clients=1', { reconnect: 'immediate' });
    const result = await dropAt(run, 1000).run();
    expect(backOf(result)).toMatchObject({ count: 2, shortestMs: 2 });
    expect(result.clients.dropped).toEqual([]);
  });

  it('are dropped when the attempts are used up, with the reason of the last one', async () => {
    let isRefusing = false;
    const behavior = { refuses: (client: number) => (isRefusing && client === 3 ? 'full' : null) };
    const planned = planFake(reconnectStorm, {
      ...{ clients: '5', rate: '20/s', duration: '5s', drain: '1s' },
      ...{ reconnect: 'fixed delay=100ms attempts=3', disrupt: 'leave at=4s clients=1' },
    });
    const run = new FakeRun({ planned, behavior });
    const result = await run
      .during('measure', 1000, () => {
        isRefusing = true;
        run.server.connections.get(3)?.drop('connection reset');
      })
      .run();
    expect(result.clients.dropped).toEqual([{ reason: 'could not reconnect: full', count: 1 }]);
  });
});

describe('a disruption that lasts', () => {
  it.each(['silence at=1s for=500ms clients=1', 'silence at=1s clients=1', 'reset at=1s clients=1'])(
    'are cut by the plan where the server ends their connection, also where they notice it later: %s',
    async (disrupt) => {
      const run = disturbed(disrupt, { reconnect: 'none' });
      // 100 ms after they read again.
      run.during('measure', disrupt.includes('for') ? 1600 : 1400, () => {
        const [client] = run.server.heard.find((line) => line.endsWith('silence'))?.split(' ') ?? [];
        run.server.connections.get(Number(client))?.drop('closed without a close frame');
      });
      const { clients, disruptions, invalid } = await run.run();
      expect({ dropped: clients.dropped, invalid }).toEqual({ dropped: [], invalid: [] });
      expect(disruptions).toMatchObject([{ disruption: 0, clients: 1, back: 0 }]);
    },
  );

  it('ends after its time, and at the end of the run', async () => {
    const run = disturbed('silence at=1s for=500ms clients=1, slow at=4s read=1KiB/s clients=2');
    await run.run();
    const said = run.server.heard.filter((line) => /silence|slow/.test(line)).map((line) => line.slice(2));
    expect(said.toSorted()).toEqual(
      ['silence', 'silence is over', 'slow', 'slow', 'slow is over', 'slow is over'].toSorted(),
    );
  });
});

describe('a restart of the server', () => {
  it('ends all connections, and clients come back when it is running again', async () => {
    const run = disturbed('restart at=1s for=1s');
    const result = await run.run();
    // The 11th attempt finds the server: each waits 100 ms, and a refused one takes 1 ms.
    expect(backOf(result)).toMatchObject({ count: 5, shortestMs: expect.closeTo(1012, -1) });
    expect(result.invalid.map(({ code }) => code)).not.toContain('server_died');
    expect(result.clients.dropped).toEqual([]);
  });
});
