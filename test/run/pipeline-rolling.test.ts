import { expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { FakeRun, NODE_STARTS_MS, planFake } from '../support/fake-run.ts';

it('processes of the server are restarted in turn, each with a row for its own clients', async () => {
  const run = new FakeRun({
    // Processes 0, 1 and 2 serve four, four and three of the eleven clients.
    planned: planFake(broadcastLatency, {
      ...{ clients: '11', rate: '100/s', duration: '4s', drain: '1s' },
      ...{ disrupt: 'rolling-restart at=505ms every=1s for=200ms', reconnect: 'fixed delay=100ms' },
    }),
    nodes: 3,
  });
  const { disruptions, restarts, ledger } = await run.run();
  const upAfterMs = 200 + NODE_STARTS_MS;
  // The workers know of it 20 ms before.
  expect(restarts).toEqual(
    [525, 1525, 2525].map((atMs, process) => ({
      ...{ disruption: 0, repetition: process, process },
      ...{ atMs: expect.closeTo(atMs, 0), upMs: expect.closeTo(atMs + upAfterMs, 0) },
    })),
  );
  expect(
    disruptions.map(({ repetition, clients, back, lost }) => ({ repetition, clients, back, lost })),
  ).toEqual([4, 4, 3].map((clients, repetition) => ({ repetition, clients, back: clients, lost: 0 })));
  // The policy waits 100 ms; connecting and joining take 1 ms each, and broadcast-latency has no rooms to join.
  for (const { away } of disruptions) expect(away.lastMs).toBeCloseTo(101, 0);
  expect(ledger.lost).toBe(0);
});

it('the next process waits until the one before serves again, and none is restarted after the measured time', async () => {
  const run = new FakeRun({
    planned: planFake(broadcastLatency, {
      ...{ clients: '6', rate: '100/s', duration: '1s', drain: '1s' },
      ...{ disrupt: 'rolling-restart at=500ms for=300ms', reconnect: 'fixed delay=100ms' },
    }),
    nodes: 3,
  });
  const { restarts } = await run.run();
  // The second one is signalled when the first one serves, 400 ms later, and after 20 ms. The third one would be after the end.
  expect(restarts.map(({ process, atMs }) => [process, Math.round(atMs)])).toEqual([
    [0, 520],
    [1, 940],
  ]);
});
