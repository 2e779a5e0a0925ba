import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { EVENT } from '../../src/contract/protocol.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';

/** The client that the server cuts, 1,005 ms after measuring began. It is back 501 ms later. */
const CUT = 3;
/** Messages every 10 ms that were due while it was away. */
const AWAY = 50;

interface Replays {
  /** Payloads that the server sends again to the client, of those that it has not got: the oldest first. */
  readonly replay: (missing: readonly unknown[]) => readonly unknown[];
  readonly restores?: boolean;
  readonly workers?: string;
}

/** A run whose server cuts one client, and replays some of what that client has not got when it is back. */
async function runWithCut({ replay, restores, workers = '1' }: Replays): Promise<RunResult> {
  const missing: unknown[] = [];
  let isAway = false;
  const given = { rate: '100/s', duration: '3s', drain: '1s', reconnect: 'fixed delay=500ms', workers };
  const run = new FakeRun({
    planned: planFake(broadcastLatency, given),
    behavior: {
      changes: (payload, { receiver }) => {
        // What is sent to the others is not sent to a client that is away.
        if (isAway && receiver === 1) missing.push(payload);
        return payload;
      },
      greets: (client) => {
        if (client !== CUT || !isAway) return [];
        isAway = false;
        return replay(missing).map((data) => ({ event: EVENT.receiveMessage, data }));
      },
      restores: (client) => (restores === undefined ? null : restores && client === CUT && isAway),
    },
  });
  run.during('measure', 1005, () => {
    isAway = true;
    run.server.connections.get(CUT)?.drop('connection reset');
  });
  return run.run();
}

/** A run whose only disturbed client finds nothing to connect to for a time. */
async function runWithRefusals(given: Record<string, string>, untilMs: number, sockets?: number) {
  let isRefusing = false;
  const run = new FakeRun({
    planned: planFake(broadcastLatency, {
      ...{ rate: '100/s', duration: '3s', drain: '5s', disrupt: 'reset at=1005ms clients=1', ...given },
    }),
    behavior: { refuses: () => (isRefusing ? 'ECONNREFUSED' : null) },
    ...(sockets === undefined
      ? {}
      : { serverSockets: () => (run.server.connections.size === 0 ? 1 : sockets + 1) }),
  });
  run.during('measure', 900, () => {
    isRefusing = true;
    run.coordinator.timers.after(untilMs - 900, () => {
      isRefusing = false;
    });
  });
  return run.run();
}

const countsOf = ({ disruptions: [outcome] }: RunResult) => {
  if (outcome === undefined) return null;
  const { clients, back, attempts, replayed, early, missed, lost, duplicated, reordered } = outcome;
  return { clients, back, attempts, replayed, early, missed, lost, duplicated, reordered };
};

const ONE_CLIENT = { clients: 1, back: 1, attempts: 1, early: 0, duplicated: 0, reordered: 0 };

describe('a client that the server cuts and that comes back', () => {
  it('misses what the server does not replay, and nothing is lost', async () => {
    const result = await runWithCut({ replay: () => [] });
    expect(countsOf(result)).toEqual({ ...ONE_CLIENT, replayed: 0, missed: AWAY, lost: 0 });
    expect(result.ledger).toMatchObject({ missed: AWAY, lost: 0, late: 0, anomalies: [] });
    expect(result.ledger.expected).toBe(result.ledger.delivered + AWAY);
    expect(result.intervals.map(({ missed, lost }) => [missed, lost]).slice(0, 3)).toEqual([
      [0, 0],
      [AWAY, 0],
      [0, 0],
    ]);
    expect(result.disruptions[0]).toMatchObject({
      text: null,
      away: { lastMs: 501 },
      offline: { lastMs: 500 },
    });
    expect(result.findings).toEqual([]);
  });

  it('gets what a buffer of a known size holds, and misses the rest', async () => {
    const result = await runWithCut({ replay: (missing) => missing.slice(-20) });
    expect(countsOf(result)).toEqual({ ...ONE_CLIENT, replayed: 20, missed: AWAY - 20, lost: 0 });
    expect(result.series['replay']?.count).toBe(20);
    // What waited for its receiver is no latency of the server, and the broadcast was complete without it.
    expect(viewResult(result).histogram('delivery')?.maxNs).toBeLessThan(3e6);
    expect(result.samples).toMatchObject({ incomplete: 0 });
  });

  it('has lost what a server did not send that restored its session', async () => {
    const result = await runWithCut({ replay: (missing) => missing.toSpliced(7, 1), restores: true });
    expect(countsOf(result)).toEqual({ ...ONE_CLIENT, replayed: AWAY - 1, missed: 0, lost: 1 });
    expect(result.ledger).toMatchObject({ missed: 0, lost: 1 });
    expect(result.findings.map(({ code }) => code)).toContain('imperfect_delivery');
  });

  it('counts what is replayed twice as duplicates', async () => {
    const result = await runWithCut({ replay: (missing) => [...missing, ...missing] });
    expect(countsOf(result)).toEqual({ ...ONE_CLIENT, replayed: AWAY, missed: 0, lost: 0, duplicated: AWAY });
    expect(result.ledger).toMatchObject({ duplicated: AWAY, missed: 0, lost: 0 });
  });

  it('counts replayed messages in the wrong order', async () => {
    const result = await runWithCut({ replay: (missing) => missing.toReversed() });
    expect(countsOf(result)).toMatchObject({ replayed: AWAY, missed: 0, lost: 0, reordered: AWAY - 1 });
  });

  it('is known to be away where several workers share the receivers of a broadcast', async () => {
    const result = await runWithCut({ replay: (missing) => missing.slice(-20), workers: '3' });
    expect(countsOf(result)).toEqual({ ...ONE_CLIENT, replayed: 20, missed: AWAY - 20, lost: 0 });
    expect(result.samples.incomplete).toBe(0);
  });
});

it('a cut longer than the window of the server ends in a new session, which gets nothing again', async () => {
  const cutMs = 1005;
  const window = 1000;
  const missing = new Map<number, unknown[]>();
  const run: FakeRun = new FakeRun({
    planned: planFake(broadcastLatency, {
      ...{ clients: '5', rate: '100/s', duration: '4s', drain: '1s', reconnect: 'fixed delay=100ms' },
      disrupt: `reset at=${cutMs}ms for=500ms group=1/2, reset at=${cutMs}ms for=1500ms group=2/2`,
    }),
    behavior: {
      changes: (payload, { receiver }) => {
        // Each message goes to the publisher, too: it shows what the others lack.
        if (receiver === 0) {
          for (const client of [1, 2, 3, 4]) {
            if (run.server.connections.has(client)) continue;
            missing.set(client, [...(missing.get(client) ?? []), payload]);
          }
        }
        return payload;
      },
      restores: () => run.time.nowNs() < (run.phaseStartNs.get('measure') ?? 0) + (cutMs + window) * 1e6,
      greets: (client) => {
        const isRestored = run.server.connections.get(client)?.session?.()?.isRecovered === true;
        const replayed = isRestored ? (missing.get(client) ?? []) : [];
        return replayed.map((data) => ({ event: EVENT.receiveMessage, data }));
      },
    },
  });
  const { disruptions, ledger } = await run.run();
  expect(disruptions).toMatchObject([
    { clients: 2, recovered: 2, newSessions: 0, replayed: 2 * AWAY, missed: 0, lost: 0 },
    { clients: 2, recovered: 0, newSessions: 2, replayed: 0, missed: 2 * 150, lost: 0 },
  ]);
  expect(ledger).toMatchObject({ missed: 300, lost: 0 });
});

describe('after clients have come back', () => {
  it('connections that the server has not closed are found', async () => {
    const fixed = { reconnect: 'fixed delay=100ms' };
    const result = await runWithRefusals(fixed, 1950, 5);
    expect(result.socketsAfter).toEqual({ server: 5, clients: 4 });
    expect(result.findings).toEqual([
      {
        code: 'connections_left',
        message: 'the server had 5 connections after the drain for 4 connected clients, 1.25 for each',
      },
    ]);
    // Attempts begin 100 ms after the cut, and after each failure.
    expect(result.disruptions[0]).toMatchObject({
      back: 1,
      openedPeakHz: 1,
      openedMeanHz: null,
      failures: [],
    });
    const one = await runWithRefusals(fixed, 1950, 4);
    expect([one.socketsAfter, one.findings]).toEqual([{ server: 4, clients: 4 }, []]);
  });

  it('those that did not come back are found, with the reason', async () => {
    const given = { reconnect: 'fixed delay=100ms attempts=2' };
    const result = await runWithRefusals(given, 9000, 3);
    expect(result.socketsAfter).toEqual({ server: 3, clients: 3 });
    expect(result.findings).toEqual([
      { code: 'not_back', message: expect.stringMatching(/^1 of 1 absence did not end: .*ECONNREFUSED/) },
    ]);
    expect(result.disruptions[0]).toMatchObject({ back: 0, lastBackMs: null, openedPeakHz: null });
    expect(result.timing.drainMs).toBeLessThan(1000);
    // A client that still tries may get what it has missed.
    const trying = await runWithRefusals({ reconnect: 'fixed delay=100ms' }, 9000, 3);
    expect(trying.timing.drainMs).toBeGreaterThan(4900);
  });

  it('by no policy is what the plan asked for', async () => {
    const result = await runWithRefusals({}, 9000);
    expect([result.socketsAfter, result.findings]).toEqual([null, []]);
    expect(result.disruptions[0]).toMatchObject({ clients: 1, back: 0, missed: 199 });
    // Nothing more can arrive, so that the drain does not last its 5 s.
    expect(result.timing.drainMs).toBeLessThan(1000);
  });
});

it('what clients miss while they are away is not shown as lost while a run goes on', async () => {
  const run = new FakeRun({
    planned: planFake(broadcastLatency, {
      ...{ rate: '100/s', duration: '8s', drain: '1s', disrupt: 'reset at=3s for=1500ms' },
      ...{ reconnect: 'fixed delay=100ms' },
    }),
    behavior: {
      // One message of the first second is lost.
      network: ({ stamp, receiver }) =>
        stamp?.measured === true && stamp.seq === 50 && receiver === 2 ? [] : [1],
    },
  });
  const { ledger } = await run.run();
  const seconds = run.progress.flatMap((each) => (each.type === 'second' ? [each] : []));
  expect(ledger.missed).toBeGreaterThan(0);
  expect(ledger.lost).toBe(1);
  expect(new Set(seconds.map(({ lost }) => lost))).toEqual(new Set([0, 1]));
  expect(seconds.findLast(({ phase }) => phase === 'measure')?.lost).toBe(1);
});
