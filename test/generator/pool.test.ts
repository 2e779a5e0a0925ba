import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/contract/target.ts';
import type { ConnectOptions, Driver } from '../../src/drivers/driver.ts';
import { connectWithin } from '../../src/drivers/ending.ts';
import { ClientPool } from '../../src/generator/pool.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { FakeConnection } from './fake-connection.ts';

/** A pool whose k-th attempt to connect ends as `outcomes[k]` says: a connection, or the message of an error. */
function openPool(
  outcomes: ReadonlyArray<FakeConnection | string>,
  transport: Transport = 'websocket',
  onOpened: () => void = () => {},
) {
  const attempts: ConnectOptions[] = [];
  const opened: Array<[client: number, connection: unknown, connectNs: number]> = [];
  const upgradeTimesNs: number[] = [];
  const dropped: Array<[client: number, reason: string]> = [];
  const time = new VirtualTime(0);
  const driver: Driver = {
    name: 'fake',
    protocol: 'ws',
    transports: ['websocket'],
    summary: '',
    connect(options) {
      const outcome = outcomes[attempts.length];
      attempts.push(options);
      time.moveTo(time.nowNs() + 1000);
      return connectWithin(options, (resolve, reject) => {
        if (outcome instanceof FakeConnection) resolve(outcome);
        else reject(outcome ?? '');
        return { abandon: () => void (outcome instanceof FakeConnection && outcome.close()) };
      });
    },
  };
  const pool = new ClientPool({
    driver,
    clock: time,
    timers: time,
    connectOptions: async (client) => ({
      url: `ws://127.0.0.1:1/?user=${client}`,
      transport,
      timeoutMs: 500,
    }),
    onOpened: (...each) => {
      opened.push(each);
      onOpened();
    },
    onUpgraded: (upgradeNs) => upgradeTimesNs.push(upgradeNs),
    onDropped: (client, reason) => dropped.push([client, reason]),
  });
  return { pool, attempts, opened, upgradeTimesNs, dropped, time };
}

const FAST_HZ = Number.POSITIVE_INFINITY;

describe('a pool of clients', () => {
  it('opens a connection for each client number, with its own options, and times it', async () => {
    const [first, second] = [new FakeConnection(), new FakeConnection()];
    const { pool, attempts, opened } = openPool([first, second]);
    await pool.connectAll([4], FAST_HZ);
    await pool.connectAll([7], FAST_HZ);
    expect(attempts).toMatchObject([
      { url: 'ws://127.0.0.1:1/?user=4', transport: 'websocket', timeoutMs: 500 },
      { url: 'ws://127.0.0.1:1/?user=7', transport: 'websocket', timeoutMs: 500 },
    ]);
    expect(opened).toEqual([
      [4, first, 1000],
      [7, second, 1000],
    ]);
    expect([pool.connections.get(4), pool.connections.get(7), pool.connections.get(0)]).toEqual([
      first,
      second,
      undefined,
    ]);
    expect([...pool.connections.keys()]).toEqual([4, 7]);
  });

  it('reports how long it took until a connection was on WebSocket', async () => {
    const { pool, attempts, upgradeTimesNs, time } = openPool([new FakeConnection()], 'upgrade');
    await pool.connectAll([0], FAST_HZ);
    expect(upgradeTimesNs).toEqual([]);
    time.moveTo(5000);
    attempts[0]?.onUpgraded?.();
    expect(upgradeTimesNs).toEqual([5000]);
  });

  it('counts failures by reason and goes on with the rest', async () => {
    const connection = new FakeConnection();
    const { pool, opened } = openPool(['refused', 'timed out', connection, 'timed out']);
    await pool.connectAll([0, 1, 2, 3], FAST_HZ);
    expect(pool.connections.size).toBe(1);
    expect({ total: pool.failures.total, commonest: pool.failures.commonest }).toEqual({
      total: 3,
      commonest: 'timed out',
    });
    expect(pool.failures.take()).toEqual([
      { reason: 'timed out', count: 2 },
      { reason: 'refused', count: 1 },
    ]);
    expect(pool.connections.get(2)).toBe(connection);
    expect(opened).toHaveLength(1);
  });

  it('lets go of a client that was dropped, and says why', async () => {
    const connections = [new FakeConnection(), new FakeConnection()];
    const { pool, dropped } = openPool(connections);
    await pool.connectAll([0, 1], FAST_HZ);
    const drop = pool.dropOf(0);
    connections[0]?.drop('transport close');
    expect(await drop).toBeNull();
    expect(pool.connections.size).toBe(1);
    expect([pool.connections.get(0), pool.connections.get(1)]).toEqual([undefined, connections[1]]);
    expect(dropped).toEqual([[0, 'transport close']]);
  });

  it('opens connections at the given rate', async () => {
    const { pool, opened, time } = openPool([
      new FakeConnection(),
      new FakeConnection(),
      new FakeConnection(),
    ]);
    const atNs: number[] = [];
    const connecting = pool.connectAll([0, 1, 2], 100);
    for (const place of [0, 1, 2]) {
      time.after(place * 10 + 1, () => atNs.push(opened.length));
    }
    await time.run(connecting);
    await time.run(time.sleep(1));
    expect(atNs).toEqual([1, 2, 3]);
  });

  it('closes a connection that cannot be listened to, and counts the client as failed', async () => {
    const connection = new FakeConnection();
    const { pool } = openPool([connection], 'websocket', () => {
      throw new Error('no such event');
    });
    await pool.connectAll([0], FAST_HZ);
    expect(connection.closed).toBe(true);
    expect(pool.connections.size).toBe(0);
    expect(pool.failures.take()).toEqual([{ reason: 'no such event', count: 1 }]);
  });

  it('closes every connection', async () => {
    const connections = [new FakeConnection(), new FakeConnection()];
    const { pool } = openPool(connections);
    await pool.connectAll([0, 1], FAST_HZ);
    await pool.closeAll();
    expect(connections.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('reopening', () => {
  it('closes a connection, reports how it ended, and only then opens another in its place', async () => {
    const [first, second] = [new FakeConnection(), new FakeConnection()];
    first.outcome = { code: 1000, reason: 'bye' };
    const { pool, attempts, opened } = openPool([first, second]);
    await pool.connectAll([3], FAST_HZ);
    const atClose: unknown[] = [];
    const reopened = pool.reopen(3, (outcome) => {
      atClose.push(outcome, first.closed, attempts.length, pool.connections.get(3));
    });
    // Nothing may be sent over it until the other is open.
    expect(pool.connections.get(3)).toBeUndefined();
    await reopened;
    expect(atClose).toEqual([{ code: 1000, reason: 'bye' }, true, 1, undefined]);
    expect(pool.connections.get(3)).toBe(second);
    expect(opened.map(([client, connection]) => [client, connection])).toEqual([
      [3, first],
      [3, second],
    ]);
  });

  it('does nothing for a client that is not connected, as while it is being reopened', async () => {
    const [first, second] = [new FakeConnection(), new FakeConnection()];
    const { pool, attempts } = openPool([first, second]);
    await pool.connectAll([3], FAST_HZ);
    let closes = 0;
    await Promise.all([pool.reopen(3, () => closes++), pool.reopen(3, () => closes++)]);
    await pool.reopen(4, () => closes++);
    expect({ closes, attempts: attempts.length }).toEqual({ closes: 1, attempts: 2 });
  });

  it('counts a client that cannot connect again as dropped, and not as one that never connected', async () => {
    const { pool, dropped } = openPool([new FakeConnection(), 'ECONNREFUSED']);
    await pool.connectAll([3], FAST_HZ);
    await pool.reopen(3, () => {});
    expect(pool.connections.get(3)).toBeUndefined();
    expect(dropped).toEqual([[3, 'could not reconnect: ECONNREFUSED']]);
    expect(pool.failures.take()).toEqual([]);
  });

  it('keeps the new connection when the old one ends late', async () => {
    const [first, second] = [new FakeConnection(), new FakeConnection()];
    const { pool, dropped } = openPool([first, second]);
    await pool.connectAll([3], FAST_HZ);
    await pool.reopen(3, () => {});
    first.drop('transport close');
    expect(dropped).toEqual([]);
    expect(pool.connections.get(3)).toBe(second);
  });
});

describe('another connection of a client', () => {
  it("has the client's options, is none of the pool's and is closed by who asked for it", async () => {
    const [own, another] = [new FakeConnection(), new FakeConnection()];
    const { pool, attempts, opened } = openPool([own, another]);
    await pool.connectAll([5], FAST_HZ);
    const { connection, upgraded } = await pool.openAnother(5);
    expect(connection).toBe(another);
    expect(attempts[1]?.url).toBe('ws://127.0.0.1:1/?user=5');
    expect(pool.connections.get(5)).toBe(own);
    expect(opened).toHaveLength(1);
    // Over WebSocket there is nothing to wait for.
    await upgraded;
    await pool.closeAll();
    expect([own.closed, another.closed]).toEqual([true, false]);
  });

  it('is upgraded when the driver says so, and not before', async () => {
    const { pool, attempts, upgradeTimesNs } = openPool([new FakeConnection()], 'upgrade');
    const { upgraded } = await pool.openAnother(0);
    let isUpgraded = false;
    const settled = upgraded.then(() => {
      isUpgraded = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isUpgraded).toBe(false);
    attempts[0]?.onUpgraded?.();
    await settled;
    expect(upgradeTimesNs).toEqual([]);
  });

  it('rejects with the reason when the server does not take it', async () => {
    const { pool } = openPool(['refused']);
    await expect(pool.openAnother(0)).rejects.toThrow('refused');
    expect(pool.failures.take()).toEqual([]);
  });
});

describe('clients that hold no connection', () => {
  it('count as connected without an attempt, and refuse to send', async () => {
    const { pool, attempts, opened } = openPool([]);
    await pool.holdNone([2, 5], 100);
    expect([...pool.opened.keys()]).toEqual([2, 5]);
    expect([attempts.length, opened.length, pool.failures.total]).toEqual([0, 0, 0]);
    expect(() => pool.connections.get(2)?.emit('hello', null)).toThrow(/user\.open\(\) opened/);
    await pool.closeAll();
  });

  it('open theirs with changed options', async () => {
    const { pool, attempts } = openPool([new FakeConnection()]);
    await pool.holdNone([2], 100);
    await pool.openAnother(2, (options) => ({ ...options, namespace: '/admin' }));
    expect(attempts).toMatchObject([{ url: 'ws://127.0.0.1:1/?user=2', namespace: '/admin' }]);
  });
});
