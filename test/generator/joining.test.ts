import { describe, expect, it } from 'vitest';
import { joinRooms, nodeOf } from '../../src/generator/joining.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { FakeConnection } from './fake-connection.ts';

const LONG_MS = 10_000;
const time = new VirtualTime();

function eventsOf({ sent }: FakeConnection): string[] {
  return sent.map(({ event }) => event);
}

/** Lets what waits for a promise go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('joining', () => {
  it('waits for the acknowledgement of each event before it sends the next', async () => {
    const connection = new FakeConnection();
    const joined = joinRooms(
      connection,
      [
        { event: 'login', data: 'ann' },
        { event: 'join', data: 'a' },
      ],
      LONG_MS,
      time,
      time,
    );
    await settle();
    expect(eventsOf(connection)).toEqual(['login']);
    connection.acknowledge();
    await settle();
    expect(connection.sent).toMatchObject([
      { event: 'login', data: 'ann' },
      { event: 'join', data: 'a' },
    ]);
    connection.acknowledge();
    expect(await joined).toBeNull();
  });

  it('waits for an event where that is the reply, listening before it sends', async () => {
    const connection = new FakeConnection();
    const joined = joinRooms(
      connection,
      [{ event: 'join', reply: { event: 'joined' } }, { event: 'next' }],
      LONG_MS,
      time,
      time,
    );
    connection.receive('other', null);
    await settle();
    expect(connection.sent).toEqual([{ event: 'join', data: undefined, reply: null }]);
    connection.receive('joined', { rooms: [] });
    await settle();
    connection.acknowledge();
    expect(await joined).toBeNull();
  });

  it('waits for nothing where there is no reply', async () => {
    const connection = new FakeConnection();
    const events = [
      { event: 'a', reply: 'none' as const },
      { event: 'b', reply: 'none' as const },
    ];
    expect(await joinRooms(connection, events, LONG_MS, time, time)).toBeNull();
    expect(eventsOf(connection)).toEqual(['a', 'b']);
  });

  it('is done at once where there is nothing to send', async () => {
    expect(await joinRooms(new FakeConnection(), [], LONG_MS, time, time)).toBeNull();
  });

  it.each(['acknowledgement' as const, { event: 'joined' }])(
    'names the event that is not replied to in time, by %j',
    async (reply) => {
      const connection = new FakeConnection();
      const events = [{ event: 'a', reply: 'none' as const }, { event: 'join', reply }, { event: 'c' }];
      expect(await time.run(joinRooms(connection, events, 20, time, time))).toBe('join');
      // Nothing waits for a late reply.
      expect(connection.handlersOf('joined')).toBe(0);
      expect(eventsOf(connection)).toEqual(['a', 'join']);
    },
  );

  it('has the time for all its events together', async () => {
    const connection = new FakeConnection();
    const startNs = time.nowNs();
    const joined = joinRooms(connection, [{ event: 'a' }, { event: 'b' }], 200, time, time);
    time.after(150, () => connection.acknowledge());
    expect(await time.run(joined)).toBe('b');
    expect(time.nowNs() - startNs).toBe(200e6);
  });
});

describe('the process that serves a client', () => {
  it.each<[answer: unknown, node: number | null]>([
    [3, 3],
    [0, 0],
    ['3', null],
    [undefined, null],
  ])('is known when it answers %j: %j', async (answer, node) => {
    const connection = new FakeConnection();
    const asked = nodeOf(connection, { event: 'which_node' }, LONG_MS, time);
    connection.acknowledge(answer);
    expect(await asked).toBe(node);
  });

  it('is unknown when the server does not answer', async () => {
    const asked = nodeOf(new FakeConnection(), { event: 'which_node' }, 10, time);
    expect(await time.run(asked)).toBeNull();
  });
});
