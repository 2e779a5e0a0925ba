import { afterEach, describe, expect, it, vi } from 'vitest';
import { joinRooms, nodeOf } from '../../src/generator/joining.ts';
import { FakeConnection } from './fake-connection.ts';

const LONG_MS = 10_000;

afterEach(() => {
  vi.useRealTimers();
});

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
    expect(await joinRooms(connection, events, LONG_MS)).toBeNull();
    expect(eventsOf(connection)).toEqual(['a', 'b']);
  });

  it('is done at once where there is nothing to send', async () => {
    expect(await joinRooms(new FakeConnection(), [], LONG_MS)).toBeNull();
  });

  it.each(['acknowledgement' as const, { event: 'joined' }])(
    'names the event that is not replied to in time, by %j',
    async (reply) => {
      const connection = new FakeConnection();
      expect(
        await joinRooms(
          connection,
          [{ event: 'a', reply: 'none' }, { event: 'join', reply }, { event: 'c' }],
          20,
        ),
      ).toBe('join');
      expect(eventsOf(connection)).toEqual(['a', 'join']);
    },
  );

  it('has the time for all its events together', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const connection = new FakeConnection();
    let unanswered: string | null = 'under way';
    const joined = joinRooms(connection, [{ event: 'a' }, { event: 'b' }], 200).then((event) => {
      unanswered = event;
    });
    vi.advanceTimersByTime(150);
    connection.acknowledge();
    await settle();
    vi.advanceTimersByTime(49);
    await settle();
    expect(unanswered).toBe('under way');
    vi.advanceTimersByTime(1);
    await joined;
    expect(unanswered).toBe('b');
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
    const asked = nodeOf(connection, { event: 'which_node' }, LONG_MS);
    connection.acknowledge(answer);
    expect(await asked).toBe(node);
  });

  it('is not known when nobody answers', async () => {
    expect(await nodeOf(new FakeConnection(), { event: 'which_node' }, 10)).toBeNull();
  });
});
