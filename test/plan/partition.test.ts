import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyClient, type Layout } from '../../src/contract/scenario.ts';
import { fanoutIsSplit, spreadClients } from '../../src/plan/layout.ts';

/** A layout of which only senders and receivers matter. */
function layoutOf(streams: ReadonlyArray<readonly [sender: number, receivers: readonly number[]]>): Layout {
  return {
    rooms: [],
    streams: streams.map(([sender, receivers]) => ({
      sender,
      receivers,
      operation: { kind: 'publish', scope: 'everyone', room: null },
    })),
  };
}

const oneSender = layoutOf([[0, [0, 1, 2, 3, 4, 5]]]);

describe('distributing clients over workers', () => {
  it('gives a single worker all of them', () => {
    expect(spreadClients(oneSender, everyClient(3), 1)).toEqual([[0, 1, 2]]);
  });

  it('gives the first of several workers to the senders and distributes the others in turn', () => {
    expect(spreadClients(oneSender, everyClient(6), 3)).toEqual([[0], [1, 3, 5], [2, 4]]);
    const twoSenders = layoutOf([
      [4, [0]],
      [1, [0]],
    ]);
    expect(spreadClients(twoSenders, everyClient(6), 2)).toEqual([
      [1, 4],
      [0, 2, 3, 5],
    ]);
  });

  it('distributes all clients in turn when all of them send', () => {
    const allSend = layoutOf([0, 1, 2, 3].map((client) => [client, [client]]));
    expect(spreadClients(allSend, everyClient(4), 2)).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('gives every client to exactly one worker, each worker in ascending order and none much more than another', () => {
    const cases = fc.record({
      clients: fc.integer({ min: 1, max: 60 }),
      workers: fc.integer({ min: 1, max: 8 }),
      senders: fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(
      fc.property(cases, ({ clients, workers, senders }) => {
        const sending = new Set(senders.map((sender) => sender % clients));
        const layout = layoutOf([...sending].map((sender) => [sender, [sender]]));
        const spread = spreadClients(layout, everyClient(clients), workers);
        expect(spread).toHaveLength(workers);
        expect(spread.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: clients }, (_, i) => i));
        for (const mine of spread) expect(mine).toEqual(mine.toSorted((a, b) => a - b));
        const apart = workers > 1 && sending.size < clients;
        if (apart) expect(new Set(spread[0])).toEqual(sending);
        const sizes = (apart ? spread.slice(1) : spread).map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a broadcast is split over workers', () => {
  it.each<[string, number[][], boolean]>([
    ['when its receivers are in two of them', [[0], [1, 3, 5], [2, 4]], true],
    ['even when one of them has only the sender, who receives too', [[0], [1, 2, 3, 4, 5]], true],
    ['not when one has them all', [[], [0, 1, 2, 3, 4, 5]], false],
  ])('%s', (_, spread, expected) => {
    expect(fanoutIsSplit(oneSender, spread)).toBe(expected);
  });

  it('when one of several streams is split', () => {
    const layout = layoutOf([
      [0, [1, 2]],
      [0, [3, 4]],
    ]);
    expect(fanoutIsSplit(layout, [[0], [1, 2], [3, 4]])).toBe(false);
    expect(fanoutIsSplit(layout, [[0], [1, 2, 3], [4]])).toBe(true);
  });
});
