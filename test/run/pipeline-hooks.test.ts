import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { connectStorm } from '../../scenarios/connect-storm.ts';
import { messageTypes } from '../../scenarios/message-types.ts';
import type { ClientHooks } from '../../src/contract/hooks.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { viewResult } from '../../src/result/view.ts';
import { FakeRun, planFake } from '../support/fake-run.ts';
import type { FakeEvent, ServerBehavior } from '../support/fake-server.ts';

const NO_WARM_UP = { warmup: '0s', warmupMax: '0s', connectTimeout: '2s' };

/** A server that greets, pings at once, and is ready for who greets with the right name. */
const GREETER: Partial<ServerBehavior> = {
  greets: (client) => [
    { event: 'ping', data: 7 },
    { event: 'welcome', data: `user-${client}` },
  ],
  responds: (client, event, data): FakeEvent | null => {
    if (event !== 'greet') return null;
    return data === `user-${client}` ? { event: 'ready' } : { event: 'close', data: '4401 wrong name' };
  },
};

/** A client that greets back before its hook is over, and keeps its connection alive. */
const POLITE: ClientHooks = {
  prepare: ({ number }) => ({ name: `user-${number}` }),
  async opened(connection, { values }) {
    const ready = connection.next('ready');
    await connection.next('welcome', (name) => name === values['name']);
    connection.emit('greet', values['name']);
    await ready;
  },
  answer: { ping: (data) => ({ event: 'pong', data }) },
  keepAlive: { every: '1s', send: () => ({ event: 'alive' }) },
  leave: (connection, { values }) => connection.emit('bye', values['name']),
};

/** Answers every 10 s, and sends something by itself every 25 s. */
const POLITE_FOR_LONG = {
  answer: { ping: (data) => ({ event: 'pong', data }) },
  keepAlive: { every: '25s', send: () => ({ event: 'alive' }) },
} as const satisfies ClientHooks;

function runWith(
  hooks: ClientHooks,
  { scenario = broadcastLatency, given = {}, behavior = GREETER } = {} as {
    readonly scenario?: Scenario;
    readonly given?: GivenOptions;
    readonly behavior?: Partial<ServerBehavior>;
  },
): FakeRun {
  const options = { ...NO_WARM_UP, clients: '2', rate: '10/s', duration: '2500ms', ...given };
  return new FakeRun({ planned: planFake(scenario, options), hooks, behavior });
}

/** What the server heard from one client. */
function heardFrom({ server }: FakeRun, client: number): string[] {
  return server.heard.filter((line) => line.startsWith(`${client} `)).map((line) => line.slice(2));
}

describe('the life of a client', () => {
  it('goes from prepare to leave, and misses nothing that comes with the handshake', async () => {
    const run = runWith(POLITE);
    const result = await run.run();
    expect(result).toMatchObject({ invalid: [], notes: [], ledger: { expected: 50, delivered: 50 } });
    for (const client of [0, 1]) {
      const name = `user-${client}`;
      const [pong, greeting, ...rest] = heardFrom(run, client);
      expect([pong, greeting]).toEqual(['pong 7', `greet ${name}`]);
      expect(rest).toEqual(['alive', 'alive', `bye ${name}`, 'left']);
    }
  });

  it.each<[what: string, hooks: ClientHooks, dropped: number]>([
    ['answers and keeps alive', POLITE_FOR_LONG, 0],
    ['answers only', { answer: POLITE_FOR_LONG.answer }, 2],
    ['keeps alive only', { keepAlive: POLITE_FOR_LONG.keepAlive }, 2],
  ])('lasts with a server that waits 30 s for one that %s', async (_, hooks, dropped) => {
    const lastNs = new Map<string, number>();
    const run = runWith(hooks, {
      given: { duration: '65s', rate: '1/s' },
      behavior: {
        responds(client, event) {
          lastNs.set(`${client} ${event}`, run.time.nowNs());
          return null;
        },
      },
    });
    const stop = run.time.every(10_000, () => {
      for (const [client, connection] of run.server.connections) {
        const lasts = ['pong', 'alive'].map((event) => lastNs.get(`${client} ${event}`) ?? 0);
        if (run.time.nowNs() - Math.min(...lasts) > 30e9) connection.drop('silent for too long');
        else connection.deliver('ping', null);
      }
    });
    const { clients, ledger } = await run.run();
    stop();
    expect(clients.dropped).toEqual(dropped === 0 ? [] : [{ reason: 'silent for too long', count: dropped }]);
    if (dropped === 0) expect(ledger).toMatchObject({ expected: 130, delivered: 130 });
  });

  it('ends with leave where the user stops the run', async () => {
    const run = runWith(POLITE).during('measure', 1500, () => run.stop());
    expect(await run.run()).toMatchObject({ status: 'partial', notes: [], clients: { dropped: [] } });
    for (const client of [0, 1])
      expect(heardFrom(run, client).slice(-2)).toEqual([`bye user-${client}`, 'left']);
  });

  it('does not count as time of the handshake', async () => {
    const run = runWith({
      prepare: async () => void (await run.time.sleep(300)),
      opened: () => run.time.sleep(300),
    });
    const result = await run.run();
    expect(viewResult(result).histogram('connect')?.maxNs).toBeLessThan(2e6);
    expect(result.timing.connectMs).toBeGreaterThan(600);
  });

  it('begins for clients beside each other, at the connect rate', async () => {
    const given = { clients: '20', connectRate: '20/s' };
    const run = runWith({ opened: () => run.time.sleep(1000) }, { given });
    const { timing, clients } = await run.run();
    expect(clients.connected).toBe(20);
    expect(timing.connectMs).toBeGreaterThan(1900);
    expect(timing.connectMs).toBeLessThan(2300);
  });

  it('is that of each connection which replaces another; prepare is called once for each client', async () => {
    let prepared = 0;
    const hooks = {
      ...POLITE,
      prepare: ({ number }: { number: number }) => ({ name: `user-${number}`, at: prepared++ }),
    };
    const run = runWith(hooks, {
      scenario: messageTypes,
      given: { type: 'close', clients: '2', rate: '4/s' },
    });
    const result = await run.run();
    expect(result).toMatchObject({
      failed: [],
      clients: { dropped: [] },
      ledger: { expected: 10, delivered: 10 },
    });
    const count = (word: string) => run.server.heard.filter((line) => line.includes(word)).length;
    expect([prepared, count('greet'), count('bye'), count('pong')]).toEqual([2, 12, 12, 12]);
  });

  it('is that of each connection which an iteration opens, and prepare is called before', async () => {
    let prepared = 0;
    const hooks: ClientHooks = {
      prepare: () => ({ at: ++prepared }),
      async opened(connection, { values }) {
        expect(values['at']).toBeGreaterThan(0);
        await connection.next('welcome');
      },
      leave: (connection) => connection.emit('bye'),
    };
    const run = runWith(hooks, { scenario: connectStorm });
    const result = await run.run();
    expect(result).toMatchObject({ invalid: [], failed: [], samples: { count: 25 } });
    const byes = run.server.heard.filter((line) => line.endsWith(' bye'));
    expect([prepared, byes.length]).toEqual([2, 25]);
  });
});

describe('a hook that fails', () => {
  it.each<[what: string, hooks: ClientHooks, reason: string]>([
    [
      'in prepare',
      { prepare: () => Promise.reject(new Error('HTTP status 401: no such user')) },
      'client 0: HTTP status 401: no such user',
    ],
    [
      'in prepare, without an end',
      { prepare: () => new Promise(() => {}) },
      'client 0: prepare of the target did not end within 2s',
    ],
    [
      'in opened, by what the server does',
      {
        async opened(connection) {
          connection.emit('greet', 'nobody');
          await connection.next('ready');
        },
      },
      'client 0: opened of the target failed: the connection was dropped: 4401 wrong name',
    ],
    [
      'in opened, without the event that it waits for',
      { opened: async (connection) => void (await connection.next('redy')) },
      'client 0: opened of the target did not end within 2s; it waits for the event "redy", and the last event was "welcome" "user-0"',
    ],
    [
      'in opened, without an acknowledgement',
      { opened: async (connection) => void (await connection.call('login', 1)) },
      'client 0: opened of the target did not end within 2s; it waits for the acknowledgement of "login", and the last event was "welcome" "user-0"',
    ],
  ])('%s is named when no client connects', async (_, hooks, reason) => {
    await expect(runWith(hooks, { given: { clients: '1' } }).run()).rejects.toMatchObject({
      code: 'CLIENT_HOOK_FAILED',
      message: `none of 1 client could connect to ws://fake: ${reason}`,
      exitCode: 2,
    });
  });

  it('counts its client as one that could not connect, by reason, and the others go on', async () => {
    const opened: ClientHooks['opened'] = (_, { number }) => {
      if (number > 0) throw new Error('not me');
    };
    const run = runWith({ opened }, { given: { clients: '4', publishers: '1' } });
    const { clients, invalid, ledger } = await run.run();
    expect(clients).toMatchObject({
      connected: 1,
      failures: [{ reason: 'client 1: opened of the target failed: not me', count: 3 }],
    });
    expect(invalid.map(({ code }) => code)).toEqual(['clients_lost']);
    expect(ledger).toMatchObject({ expected: 25, delivered: 25 });
    expect(run.server.connections.size).toBe(0);
  });

  it('in leave is a note, and takes a second at most', async () => {
    const run = runWith({ leave: async (connection) => void (await connection.call('bye')) });
    const result = await run.run();
    expect(result.invalid).toEqual([]);
    expect(result.notes).toEqual([
      {
        code: 'not_left',
        message:
          '2 clients could not leave: client 0: leave of the target did not end within 1s; it waits for the acknowledgement of "bye", and no event arrived',
      },
    ]);
    expect(result.timing.collectMs).toBeLessThan(1100);
    expect(heardFrom(run, 0)).toEqual(['bye', 'left']);
  });

  it.each<[what: string, hooks: ClientHooks]>([
    ['an answer', { answer: { ping: () => Promise.reject(new Error('no pong')) } }],
    [
      'what keeps a client alive',
      {
        keepAlive: {
          every: '2s',
          send() {
            throw new Error('no pong');
          },
        },
      },
    ],
  ])('in %s is counted as failed work', async (_, hooks) => {
    const { failed } = await runWith(hooks, { given: { duration: '3s' } }).run();
    expect(failed).toEqual([{ reason: 'no pong', count: 2 }]);
  });
});
