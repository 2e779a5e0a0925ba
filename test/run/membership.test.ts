import { describe, expect, it } from 'vitest';
import type { Layout, Operation } from '../../src/contract/scenario.ts';
import type { Member } from '../../src/generator/messages.ts';
import { Membership } from '../../src/run/membership.ts';

const publish: Operation = { kind: 'publish', scope: 'everyone', room: null };

/** Five clients; stream 0 reaches all of them, stream 1 the first two. */
const LAYOUT: Layout = {
  rooms: [[], [], [], [], []],
  streams: [
    { sender: 0, operation: publish, receivers: [0, 1, 2, 3, 4] },
    { sender: 4, operation: publish, receivers: [0, 1] },
  ],
};

/** Members whose server process is unknown. */
function members(clients: readonly number[]): Member[] {
  return clients.map((client) => ({ client, node: null }));
}

/** Worker 0 has the clients 0, 2 and 4, worker 1 the others. */
function membershipOf(connected: readonly number[]): Membership {
  const membership = new Membership(LAYOUT, [
    [0, 2, 4],
    [1, 3],
  ]);
  membership.connect(members(connected));
  return membership;
}

describe('membership', () => {
  it('begins empty, with nothing expected', () => {
    const membership = membershipOf([]);
    expect([...membership.connected]).toEqual([]);
    expect(membership.receivers(0)).toEqual([]);
    expect(membership.expected([{ stream: 0, sent: 10, rejected: 0 }])).toEqual({ total: 0, silent: 0 });
  });

  it('counts a client once, however often it is reported', () => {
    const membership = membershipOf([3, 1]);
    membership.connect(members([1, 4]));
    expect(membership.connected.map(({ client }) => client).sort()).toEqual([1, 3, 4]);
    expect(membership.expected([{ stream: 0, sent: 10, rejected: 0 }])).toEqual({ total: 30, silent: 0 });
  });

  it('has the receivers of a stream that connected, in the order of the layout', () => {
    const membership = membershipOf([4, 1, 2]);
    expect(membership.receivers(0)).toEqual([1, 2, 4]);
    expect(membership.receivers(1)).toEqual([1]);
    expect(membership.receivers(2)).toEqual([]);
  });

  it('expects each message of each stream at every connected receiver', () => {
    const membership = membershipOf([0, 1, 2, 3, 4]);
    const sent = [
      { stream: 0, sent: 100, rejected: 0 },
      { stream: 1, sent: 7, rejected: 0 },
    ];
    expect(membership.expected(sent)).toEqual({ total: 100 * 5 + 7 * 2, silent: 0 });
    expect(membership.expected([])).toEqual({ total: 0, silent: 0 });
  });

  it('separates what is expected at clients of a lost worker', () => {
    const membership = membershipOf([0, 1, 2, 4]);
    membership.loseWorker(1);
    const sent = [
      { stream: 0, sent: 100, rejected: 0 },
      { stream: 1, sent: 7, rejected: 0 },
    ];
    // Client 3 never connected; client 1 is silent now.
    expect(membership.expected(sent)).toEqual({ total: 100 * 4 + 7 * 2, silent: 100 + 7 });
    expect(membership.receivers(0)).toEqual([0, 1, 2, 4]);
    membership.loseWorker(0);
    expect(membership.expected(sent)).toEqual({ total: 414, silent: 414 });
  });

  it('expects each of several replies at the client that asked', () => {
    const layout: Layout = {
      rooms: [[], []],
      streams: [
        { sender: 0, operation: { kind: 'stream-reply', replies: 3 }, receivers: [0] },
        { sender: 1, operation: { kind: 'request' }, receivers: [1] },
      ],
    };
    const membership = new Membership(layout, [[0], [1]]);
    membership.connect(members([0, 1]));
    const sent = [
      { stream: 0, sent: 10, rejected: 0 },
      { stream: 1, sent: 10, rejected: 0 },
    ];
    expect(membership.expected(sent)).toEqual({ total: 10 * 3 + 10, silent: 0 });
    membership.loseWorker(0);
    expect(membership.expected(sent)).toEqual({ total: 40, silent: 30 });
    expect([membership.copies(0), membership.copies(1), membership.copies(9)]).toEqual([3, 1, 1]);
  });

  it('keeps which process serves whom', () => {
    const membership = membershipOf([]);
    membership.connect([
      { client: 2, node: 0 },
      { client: 1, node: 1 },
    ]);
    expect(membership.connected).toEqual([
      { client: 2, node: 0 },
      { client: 1, node: 1 },
    ]);
  });

  it('ignores a worker that does not exist', () => {
    const membership = membershipOf([0, 1]);
    membership.loseWorker(7);
    expect(membership.expected([{ stream: 0, sent: 1, rejected: 0 }])).toEqual({ total: 2, silent: 0 });
  });
});

describe('who is lost, so that nothing can be measured', () => {
  const lostAfter = (layout: Layout, connected: readonly number[], ...dropped: readonly number[]) => {
    const membership = new Membership(layout, [[0, 1, 2, 3, 4]]);
    membership.connect(members(connected));
    for (const client of dropped) membership.drop(client);
    return membership.lost;
  };
  const one = (operation: Operation, receivers: readonly number[]): Layout => ({
    rooms: [],
    streams: [{ sender: 0, operation, receivers }],
  });

  it.each<[string, string | null, Layout, readonly number[], readonly number[]]>([
    ['all are connected', null, LAYOUT, [0, 1, 2, 3, 4], []],
    ['none connected', 'client', LAYOUT, [], []],
    ['all were dropped', 'client', LAYOUT, [0, 4], [4, 0]],
    ['one of two senders is left', null, LAYOUT, [0, 1, 2, 3, 4], [0]],
    ['both senders were dropped', 'sender', LAYOUT, [0, 1, 2, 3, 4], [0, 4]],
    ['the sender that is left has no receiver', 'receiver', LAYOUT, [0, 1, 2, 3, 4], [0, 1]],
    ['the sender receives its own messages', null, one(publish, [0, 1]), [0, 1], [1]],
    ['there never was a receiver', null, one(publish, []), [0, 1], []],
    ['steps measure more than deliveries', null, one({ kind: 'steps' }, [1]), [0, 1], [1]],
    ['a client is left that only listens', null, { rooms: [], streams: [] }, [0, 1], [0]],
  ])('%s: %s', (_, lost, layout, connected, dropped) => {
    expect(lostAfter(layout, connected, ...dropped)).toBe(lost);
  });
});
