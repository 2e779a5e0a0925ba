import { describe, expect, it } from 'vitest';
import type { Connection, Driver } from '../../src/drivers/driver.ts';
import { ClientPool, ReasonCounts } from '../../src/load/pool.ts';

/** A connection that a test can drop. */
class FakeConnection implements Connection {
  closed = false;
  drop: (reason: string) => void = () => {};
  emit(): void {}
  request(): void {}
  on(): void {}
  answer(): void {}
  onDropped(handler: (reason: string) => void): void {
    this.drop = handler;
  }
  async close(): Promise<null> {
    this.closed = true;
    return null;
  }
}

/** A pool whose k-th attempt to connect ends as `outcomes[k]` says: a connection, or the message of an error. */
function poolOf(outcomes: ReadonlyArray<FakeConnection | string>) {
  const attempts: object[] = [];
  const connectTimesNs: number[] = [];
  const clock = { ns: 0, nowNs: () => clock.ns };
  const driver: Driver = {
    name: 'fake',
    protocol: 'ws',
    transports: ['websocket'],
    summary: '',
    async connect(options) {
      const outcome = outcomes[attempts.length];
      attempts.push(options);
      clock.ns += 1000;
      if (outcome instanceof FakeConnection) return outcome;
      throw new Error(outcome);
    },
  };
  const pool = new ClientPool({
    driver,
    clock,
    connectOptions: () => ({ url: 'ws://127.0.0.1:1', transport: 'websocket', timeoutMs: 500 }),
    onConnected: (connectNs) => connectTimesNs.push(connectNs),
  });
  return { pool, attempts, connectTimesNs };
}

const FAST_HZ = 1e6;

describe('a pool of clients', () => {
  it('opens a connection for each client number and times it', async () => {
    const [first, second] = [new FakeConnection(), new FakeConnection()];
    const { pool, attempts, connectTimesNs } = poolOf([first, second]);
    await pool.connectAll([4], FAST_HZ);
    await pool.connectAll([7], FAST_HZ);
    expect(attempts).toEqual(
      Array(2).fill({ url: 'ws://127.0.0.1:1', transport: 'websocket', timeoutMs: 500 }),
    );
    expect(connectTimesNs).toEqual([1000, 1000]);
    expect([pool.connection(4), pool.connection(7), pool.connection(0)]).toEqual([first, second, null]);
    expect([...pool.entries().keys()]).toEqual([4, 7]);
  });

  it('counts failures by reason and goes on with the rest', async () => {
    const connection = new FakeConnection();
    const { pool, connectTimesNs } = poolOf(['refused', 'timed out', connection, 'timed out']);
    await pool.connectAll([0, 1, 2, 3], FAST_HZ);
    expect([pool.connected, pool.failures.total, pool.failures.commonest]).toEqual([1, 3, 'timed out']);
    expect(pool.failures.take()).toEqual([
      { reason: 'timed out', count: 2 },
      { reason: 'refused', count: 1 },
    ]);
    expect(pool.connection(2)).toBe(connection);
    expect(connectTimesNs).toHaveLength(1);
  });

  it('lets go of a client that was dropped, and says why', async () => {
    const connections = [new FakeConnection(), new FakeConnection()];
    const { pool } = poolOf(connections);
    await pool.connectAll([0, 1], FAST_HZ);
    connections[0]?.drop('transport close');
    expect(pool.connected).toBe(1);
    expect([pool.connection(0), pool.connection(1)]).toEqual([null, connections[1]]);
    expect(pool.dropped.take()).toEqual([{ reason: 'transport close', count: 1 }]);
    expect(pool.dropped.take()).toEqual([]);
  });

  it('opens connections no faster than it was told', async () => {
    const { pool } = poolOf([new FakeConnection(), new FakeConnection(), new FakeConnection()]);
    const startedMs = performance.now();
    await pool.connectAll([0, 1, 2], 100);
    // The third is due 20 ms after the first; timers may fire up to a millisecond early.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(18);
  });

  it('closes every connection', async () => {
    const connections = [new FakeConnection(), new FakeConnection()];
    const { pool } = poolOf(connections);
    await pool.connectAll([0, 1], FAST_HZ);
    await pool.closeAll();
    expect(connections.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('counting reasons', () => {
  it('adds up, gives the most frequent first and starts afresh', () => {
    const counts = new ReasonCounts();
    counts.add('a');
    counts.add('b', 5);
    counts.add('a', 2);
    expect(counts.take()).toEqual([
      { reason: 'b', count: 5 },
      { reason: 'a', count: 3 },
    ]);
    expect(counts.take()).toEqual([]);
  });
});
