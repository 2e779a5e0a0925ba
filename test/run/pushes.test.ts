import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PushArrivals } from '../../src/generator/messages.ts';
import { Pushes } from '../../src/run/pushes.ts';

const QUIET_NS = 60e9;
/** Shortly after all arrivals. */
const NOW_NS = 20_000;

/** Pushes to four clients, measured from 1,000 to 9,000 ns. */
function open(clients = 4): Pushes {
  const pushes = new Pushes(() => clients, QUIET_NS);
  pushes.measureStartNs = 1000;
  pushes.measureEndNs = 9000;
  return pushes;
}

function arrived(
  key: string,
  firstNs: number,
  lastNs: number,
  reached: number,
  duplicated = 0,
): PushArrivals[] {
  return [{ key, firstNs, lastNs, reached, duplicated }];
}

describe('pushes', () => {
  it('are complete when the clients of all workers have got them, from the very first to the very last', () => {
    const pushes = open();
    pushes.add(arrived('a', 2000, 2100, 2));
    expect(pushes.take(NOW_NS)).toEqual([]);
    expect(pushes.incomplete).toBe(1);
    pushes.add(arrived('a', 1950, 2050, 2));
    expect(pushes.take(NOW_NS)).toMatchObject([{ skewNs: 150, firstNs: 1950, atNs: 2100, reached: 4 }]);
    expect(pushes.incomplete).toBe(0);
    expect(pushes.counts).toMatchObject({ pushes: 1, complete: 1 });
    expect(pushes.expected).toBe(4);
    expect(pushes.counts).toMatchObject({ delivered: 4, duplicated: 0 });
  });

  it('are kept apart by key', () => {
    const pushes = open();
    pushes.add([
      ...arrived('a', 2000, 2010, 4),
      ...arrived('b', 3000, 3030, 4),
      ...arrived('c', 4000, 4000, 1),
    ]);
    expect(pushes.take(NOW_NS)).toMatchObject([
      { skewNs: 10, firstNs: 2000, atNs: 2010, reached: 4 },
      { skewNs: 30, firstNs: 3000, atNs: 3030, reached: 4 },
    ]);
    expect(pushes.incomplete).toBe(1);
  });

  it('that do not reach everyone are closed at the end, by those that they reached', () => {
    const pushes = open();
    pushes.add(arrived('a', 2000, 2500, 3));
    expect(pushes.takeAll()).toMatchObject([{ skewNs: 500, firstNs: 2000, atNs: 2500, reached: 3 }]);
    expect(pushes.counts).toMatchObject({ pushes: 1, complete: 0 });
    expect(pushes.expected - pushes.counts.delivered).toBe(1);
  });

  it.each([
    ['before measuring began', 999, 5000, 0],
    ['when it began', 1000, 5000, 1],
    ['just before it ended', 8999, 12_000, 1],
    ['when it ended', 9000, 9001, 0],
  ])('that came first %s count by that', (_, firstNs, lastNs, count) => {
    const pushes = open();
    pushes.add(arrived('a', firstNs, lastNs, 3));
    expect(pushes.incomplete).toBe(count);
    pushes.add(arrived('a', firstNs, lastNs, 1));
    expect(pushes.take(NOW_NS)).toHaveLength(count);
    expect(pushes.counts.pushes).toBe(count);
    expect(pushes.expected).toBe(4 * count);
  });

  it('that were first seen by another worker before measuring began do not count', () => {
    const pushes = open();
    pushes.add(arrived('a', 1005, 1010, 2));
    pushes.add(arrived('a', 995, 1001, 2));
    expect(pushes.take(NOW_NS)).toEqual([]);
    expect(pushes.counts.pushes).toBe(0);
  });

  it('that arrive twice are duplicates, before they are complete and after', () => {
    const pushes = open();
    pushes.add(arrived('a', 2000, 2010, 3, 1));
    pushes.add(arrived('a', 2000, 2020, 1, 1));
    expect(pushes.take(NOW_NS)).toHaveLength(1);
    pushes.add(arrived('a', 2000, 2010, 0, 4));
    // No push of its own: nothing is awaited, and nothing lost.
    expect(pushes.incomplete).toBe(0);
    expect(pushes.takeAll()).toEqual([]);
    expect(pushes.counts).toMatchObject({ pushes: 1, complete: 1 });
    expect(pushes.counts).toMatchObject({ delivered: 4, duplicated: 6 });
    expect(pushes.expected).toBe(4);
  });

  it('that arrive again when their worker has forgotten them are duplicates too', () => {
    const pushes = open();
    pushes.add(arrived('a', 2000, 2010, 4));
    pushes.take(NOW_NS);
    pushes.add(arrived('a', 8000, 8010, 4));
    expect(pushes.takeAll()).toEqual([]);
    expect(pushes.counts.pushes).toBe(1);
    expect(pushes.counts).toMatchObject({ delivered: 4, duplicated: 4 });
  });

  it('of the warm-up that come again count for nothing', () => {
    const pushes = open();
    pushes.add(arrived('a', 500, 510, 4));
    pushes.take(NOW_NS);
    pushes.add(arrived('a', 500, 510, 0, 4));
    pushes.takeAll();
    expect(pushes.counts.pushes).toBe(0);
    expect(pushes.counts).toMatchObject({ delivered: 0, duplicated: 0 });
  });

  it('that reach no further client for a minute are closed; later receipts count as delivered', () => {
    const pushes = open();
    pushes.add(arrived('a', 2000, 2010, 3));
    expect(pushes.take(2010 + QUIET_NS)).toEqual([]);
    expect(pushes.take(2011 + QUIET_NS)).toMatchObject([{ skewNs: 10, reached: 3 }]);
    expect(pushes.incomplete).toBe(0);
    pushes.add(arrived('a', 3 * QUIET_NS, 3 * QUIET_NS, 1, 2));
    expect(pushes.counts).toMatchObject({ pushes: 1, complete: 0 });
    expect(pushes.counts).toMatchObject({ delivered: 4, duplicated: 2 });
    expect(pushes.expected).toBe(4);
  });

  it('are forgotten two minutes after they were closed, so that memory stays bounded', () => {
    const pushes = open();
    pushes.measureEndNs = Number.POSITIVE_INFINITY;
    pushes.add(arrived('a', 2000, 2010, 4));
    pushes.take(2010);
    pushes.add(arrived('b', 3000, 3010, 3));
    const closedNs = 3011 + QUIET_NS;
    pushes.take(closedNs);
    // Two minutes after they were closed both keys are still known.
    pushes.take(2010 + 2 * QUIET_NS);
    pushes.add(arrived('a', 2010 + 2 * QUIET_NS, 2010 + 2 * QUIET_NS, 4));
    expect(pushes.counts).toEqual({ pushes: 2, complete: 1, delivered: 7, duplicated: 4 });
    // A moment later a copy is a push of its own.
    const laterNs = closedNs + 2 * QUIET_NS + 1;
    pushes.take(laterNs);
    pushes.add([...arrived('a', laterNs, laterNs, 4), ...arrived('b', laterNs, laterNs, 4)]);
    pushes.take(laterNs);
    expect(pushes.counts).toEqual({ pushes: 4, complete: 3, delivered: 15, duplicated: 4 });
  });

  it('balance: every expected delivery is delivered or missing, however arrivals are reported', () => {
    const arrival = fc.record({
      push: fc.nat({ max: 5 }),
      client: fc.nat({ max: 3 }),
      atNs: fc.integer({ min: 1000, max: 8999 }),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
        const pushes = open();
        const got = new Map<number, Set<number>>();
        let copies = 0;
        for (const { push, client, atNs } of arrivals) {
          const clients = got.get(push) ?? new Set();
          got.set(push, clients);
          const isCopy = clients.has(client);
          clients.add(client);
          if (isCopy) copies += 1;
          pushes.add(arrived(`key ${push}`, atNs, atNs, isCopy ? 0 : 1, isCopy ? 1 : 0));
          pushes.take(NOW_NS);
        }
        pushes.takeAll();
        const delivered = [...got.values()].reduce((sum, clients) => sum + clients.size, 0);
        expect(pushes.counts.pushes).toBe(got.size);
        expect(pushes.expected).toBe(4 * got.size);
        expect(pushes.counts).toMatchObject({ delivered, duplicated: copies });
        expect(pushes.incomplete).toBe(0);
      }),
    );
  });
});
