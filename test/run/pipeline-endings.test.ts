import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import { chat, type Mapping } from '../../src/contract/mapping.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import type { RunPhase } from '../../src/result/progress.ts';
import { FakeRun, type FakeRunOptions, planFake } from '../support/fake-run.ts';

/** 250 broadcasts to 4 clients over 10 s, after a warm-up of 2 s. */
const LOAD = { rate: '25/s', duration: '10s', warmup: '2s', warmupMax: '2s' };
const CLIENTS = 4;

type Options = Omit<FakeRunOptions, 'planned'> & { readonly given?: GivenOptions };

function broadcasts({ given, ...rest }: Options = {}): FakeRun {
  return new FakeRun({ planned: planFake(broadcastLatency, { ...LOAD, ...given }), ...rest });
}

/** The last phase of a run that measured nothing. */
const lastPhase = (run: FakeRun) => run.phases.at(-1);

const BEFORE_MEASURING: ReadonlyArray<[RunPhase, afterMs: number]> = [
  ['start', 10],
  ['connect', 1],
  ['warm-up', 500],
  // After the workers know when to start measuring.
  ['warm-up', 2050],
];

describe('a stop by the user', () => {
  it.each(BEFORE_MEASURING)(
    'during %s, after %d ms, ends the run without a result',
    async (phase, afterMs) => {
      const run = broadcasts().during(phase, afterMs, () => run.stop());
      await expect(run.run()).rejects.toMatchObject({
        code: 'INTERRUPTED',
        exitCode: 3,
        message: 'nothing was measured: stopped by the user',
      });
      expect(lastPhase(run)).toBe(phase);
      expect(run.isServerStopped).toBe(phase !== 'start');
    },
  );

  it('before the run has begun ends it', async () => {
    const run = broadcasts();
    run.stop();
    await expect(run.run()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(run.phases).toEqual(['start']);
  });

  it('ends the start of a server that is never ready', async () => {
    const run = broadcasts({ serverStartMs: Number.POSITIVE_INFINITY });
    run.during('start', 3000, () => run.stop());
    await expect(run.run()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(run.time.nowNs() / 1e9).toBeCloseTo(1 + 3, 1);
  });

  it('while measuring drains what is in flight and keeps the rest', async () => {
    const run = broadcasts({ behavior: { network: () => [400] } });
    run.during('measure', 2500, () => run.stop());
    const result = await run.run();
    expect(result.status).toBe('partial');
    expect(result.invalid).toEqual([{ code: 'interrupted', message: 'stopped by the user' }]);
    expect(run.phases).toEqual(['start', 'connect', 'warm-up', 'measure', 'drain', 'collect']);
    expect(result.timing.measureMs).toBeCloseTo(2500, -1);
    const { sent } = result.rate;
    expect(sent).toBeGreaterThan(60);
    expect(sent).toBeLessThan(66);
    expect(result.ledger).toMatchObject({ expected: sent * CLIENTS, delivered: sent * CLIENTS, lost: 0 });
    expect(result.samples).toEqual({ unit: 'broadcast', count: sent, incomplete: 0 });
  });

  it.each<RunPhase>(['drain', 'collect'])('during %s changes nothing', async (phase) => {
    const run = broadcasts({ behavior: { network: () => [400] } });
    run.during(phase, 0.05, () => run.stop());
    const result = await run.run();
    expect(result).toMatchObject({ status: 'complete', invalid: [] });
    expect(result.ledger).toMatchObject({ expected: 1000, delivered: 1000 });
  });
});

describe('a server that dies', () => {
  it.each<[RunPhase, number]>([
    ['connect', 1],
    ['warm-up', 500],
  ])('during %s ends the run without a result', async (phase, afterMs) => {
    const run = broadcasts().during(phase, afterMs, () => run.killServer());
    await expect(run.run()).rejects.toMatchObject({
      code: 'SERVER_DIED',
      message: 'nothing was measured: the server ended during the run with exit code 7',
    });
  });

  it('while measuring leaves a partial result, without waiting for what it can no longer send', async () => {
    const run = broadcasts({ behavior: { network: () => [400] } });
    run.during('measure', 3000, () => run.killServer());
    const result = await run.run();
    expect(result.status).toBe('partial');
    expect(result.invalid[0]).toEqual({
      code: 'server_died',
      message: 'the server ended during the run with exit code 7',
    });
    expect(result.clients.dropped).toEqual([{ reason: 'connection reset', count: CLIENTS }]);
    expect(result.ledger.delivered).toBeGreaterThan(60 * CLIENTS);
    expect(result.series['delivery']?.count).toBe(result.ledger.delivered);
    expect(result.ledger.lost).toBeGreaterThan(5 * CLIENTS);
    expect(result.timing.drainMs).toBe(0);
    expect(result.timing.measureMs).toBeCloseTo(3000, -1);
  });

  it('in the drain ends the drain', async () => {
    const run = broadcasts({ behavior: { network: () => [4000] }, given: { drain: '60s' } });
    run.during('drain', 500, () => run.killServer());
    const result = await run.run();
    expect(result.invalid[0]?.code).toBe('server_died');
    expect(result.timing.drainMs).toBeLessThan(600);
  });
});

describe('a worker that dies', () => {
  it.each<[RunPhase, number]>([
    ['start', 50.15],
    ['connect', 1],
    ['warm-up', 500],
  ])('during %s ends the run without a result', async (phase, afterMs) => {
    const run = broadcasts().during(phase, afterMs, () => run.workers[0]?.crash());
    await expect(run.run()).rejects.toMatchObject({
      code: 'WORKER_DIED',
      message: 'nothing was measured: generator process 1 ended with signal SIGKILL',
    });
  });

  it('while measuring, the only one, leaves what it reported before', async () => {
    const run = broadcasts();
    run.during('measure', 4500, () => run.workers[0]?.crash());
    const result = await run.run();
    expect(result.status).toBe('partial');
    expect(result.invalid[0]).toEqual({
      code: 'worker_died',
      message: 'generator process 1 ended with signal SIGKILL',
    });
    // Four seconds of reports.
    expect(result.rate.sent).toBe(100);
    expect(result.ledger).toMatchObject({ expected: 400, delivered: 400, lost: 0, unknown: 0 });
  });

  it('while measuring, one of several without a sender, leaves its deliveries unknown', async () => {
    const run = broadcasts({ given: { clients: '6', workers: '3' } });
    run.during('measure', 4500, () => run.workers[2]?.crash());
    const result = await run.run();
    const { expected, delivered, lost, unknown } = result.ledger;
    expect(result.invalid[0]?.message).toBe('generator process 3 ended with signal SIGKILL');
    expect(delivered + lost + unknown).toBe(expected);
    expect(lost).toBe(0);
    expect(unknown).toBeGreaterThan(0);
    // Two of six clients from the fourth second on.
    expect(unknown).toBeLessThan((expected - 600) / 2);
  });

  it('while measuring, the one with the sender, leaves its last messages unknown', async () => {
    const run = broadcasts({ given: { clients: '6', workers: '3' }, behavior: { network: () => [300] } });
    run.during('measure', 4500, () => run.workers[0]?.crash());
    const { ledger, invalid } = await run.run();
    expect(invalid[0]?.code).toBe('worker_died');
    expect(ledger.delivered + ledger.lost + ledger.unknown).toBe(ledger.expected);
    expect(ledger.lost).toBe(0);
  });

  it('after it has reported everything does not matter', async () => {
    const run = broadcasts().during('collect', 0.6, () => run.workers[0]?.crash());
    const result = await run.run();
    expect(result).toMatchObject({ status: 'complete', invalid: [] });
  });
});

describe('clients that the server does not accept', () => {
  it('all of them: the reason is explained', async () => {
    const run = broadcasts({ behavior: { refuses: () => 'connection refused' } });
    await expect(run.run()).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
      exitCode: 2,
      message: 'no client could connect: connection refused',
    });
    expect(lastPhase(run)).toBe('connect');
  });

  it('all of many: the run does not wait for the last of them', async () => {
    // An hour of connecting.
    const given = { clients: '3600', connectRate: '1/s', connectTimeout: '1s' };
    const run = broadcasts({ given, behavior: { refuses: () => 'unauthorized' } });
    await expect(run.run()).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
    expect(run.time.nowNs() / 1e9).toBeLessThan(4);
  });

  it('all of them in silence: the run ends after the connect timeout', async () => {
    const given = { connectTimeout: '2s' };
    const run = broadcasts({ given, behavior: { refuses: () => 'silent' } });
    await expect(run.run()).rejects.toMatchObject({
      message: 'no client could connect: no answer within 2 s',
    });
  });

  it('all of them, by the system of the generator: that is not taken for the server', async () => {
    const reason = 'refused by the system of the generator: connect EMFILE';
    const run = broadcasts({ behavior: { refuses: () => reason } });
    await expect(run.run()).rejects.toMatchObject({
      code: 'SYSTEM_LIMIT',
      message: 'no client could connect: a generator process may open no more files (EMFILE)',
      hint: expect.stringContaining('raise its limit (ulimit -n)') as unknown,
    });
  });

  it('some of them: the others are measured, and the run is invalid', async () => {
    const refuses = (client: number) => (client === 2 ? 'connection refused' : null);
    const result = await broadcasts({ behavior: { refuses } }).run();
    expect(result.clients).toMatchObject({
      planned: 4,
      connected: 3,
      failures: [{ reason: 'connection refused', count: 1 }],
    });
    expect(result.ledger).toMatchObject({ expected: 750, delivered: 750 });
    expect(result.invalid).toEqual([
      {
        code: 'clients_lost',
        message: 'of 4 clients, 1 did not connect: connection refused (1)',
      },
    ]);
  });

  it('one that the server leaves without an answer: the run goes on after the connect timeout', async () => {
    const refuses = (client: number) => (client === 2 ? 'silent' : null);
    const result = await broadcasts({ given: { connectTimeout: '20s' }, behavior: { refuses } }).run();
    expect(result.timing.connectMs).toBeCloseTo(20_000, -1);
    expect(result.clients.failures).toEqual([{ reason: 'no answer within 20 s', count: 1 }]);
    expect(result.invalid.map(({ code }) => code)).toEqual(['clients_lost']);
    expect(result.ledger).toMatchObject({ expected: 750, delivered: 750 });
  });

  it('the sender: the run ends, since nothing can be sent', async () => {
    const refuses = (client: number) => (client === 0 ? 'connection refused' : null);
    await expect(broadcasts({ behavior: { refuses } }).run()).rejects.toMatchObject({
      code: 'SENDER_LOST',
      exitCode: 3,
      message: 'nothing was measured: no sender is connected: connection refused',
    });
  });

  it('the only receiver: the run ends, since nothing can be delivered', async () => {
    const refuses = (client: number) => (client === 1 ? 'connection refused' : null);
    const given = { clients: '2', excludeSender: 'true' };
    await expect(broadcasts({ given, behavior: { refuses } }).run()).rejects.toMatchObject({
      code: 'CLIENTS_LOST',
      message: 'nothing was measured: no receiver is connected: connection refused',
    });
  });
});

describe('a function of the target that throws', () => {
  it('while publishing fails that message, and the run goes on', async () => {
    let count = 0;
    const publish: Mapping['publish'] = (message) => {
      count += 1;
      if (count % 5 === 0) throw new Error('no token');
      return chat.publish(message);
    };
    const result = await broadcasts({ mapping: { ...chat, publish } }).run();
    expect(result.status).toBe('complete');
    expect(result.rate).toMatchObject({
      intended: 250,
      sent: 200,
      unsent: [{ reason: 'no token', count: 50 }],
    });
    expect(result.failed).toEqual([{ reason: 'no token', count: 50 }]);
    expect(result.ledger).toMatchObject({ expected: 200 * CLIENTS, delivered: 200 * CLIENTS, lost: 0 });
    expect(result.invalid).toEqual([
      { code: 'send_failed', message: '200 of 250 messages sent: no token (50)' },
    ]);
  });

  it('while joining fails the clients that it throws for', async () => {
    const join: Mapping['join'] = ({ rooms, client }) => {
      if (client.number === 1) throw new Error('no room for client 1');
      return chat.join({ rooms, client });
    };
    const planned = planFake(roomFanout, { ...LOAD, rooms: '2' });
    const result = await new FakeRun({ planned, mapping: { ...chat, join } }).run();
    expect(result.clients.failures).toEqual([{ reason: 'no room for client 1', count: 1 }]);
    expect(result.ledger.delivered).toBeGreaterThan(100);
  });
});

describe('clients that cannot join their rooms', () => {
  const rooms = (acknowledgesJoin: (client: number) => boolean) =>
    new FakeRun({
      planned: planFake(roomFanout, {
        ...LOAD,
        clients: '6',
        rooms: '2',
        members: '3',
        connectTimeout: '2s',
      }),
      behavior: { acknowledgesJoin },
    });

  it('all of them: the run ends with the reason', async () => {
    await expect(rooms(() => false).run()).rejects.toMatchObject({
      code: 'JOIN_UNANSWERED',
      exitCode: 2,
      message:
        'the clients connected to ws://fake, but none of them could join its rooms: no reply to "enter_chat" (joining rooms) within 2 s',
    });
  });

  it('some of them: the run is invalid', async () => {
    const result = await rooms((client) => client !== 3).run();
    expect(result.clients.connected).toBe(6);
    expect(result.invalid.map(({ code }) => code)).toContain('clients_lost');
    expect(result.invalid[0]?.message).toMatch(/1 did not join/);
  });
});

it('a client that is dropped while others connect has connected, and expects its messages', async () => {
  const run = broadcasts({ given: { connectRate: '2/s' } });
  run.during('connect', 700, () => run.server.connections.get(1)?.drop('io server disconnect'));
  const result = await run.run();
  expect(result.clients).toMatchObject({
    connected: 4,
    dropped: [{ reason: 'io server disconnect', count: 1 }],
  });
  expect(result.invalid[0]?.message).toMatch(/1 was dropped/);
  expect(result.ledger).toMatchObject({ expected: 1000, delivered: 750, lost: 250 });
});

it('clients that the server drops are counted with the reason, and expect their messages all the same', async () => {
  const run = broadcasts();
  run.during('measure', 5010, () => run.server.connections.get(3)?.drop('transport close'));
  const result = await run.run();
  expect(result.clients.dropped).toEqual([{ reason: 'transport close', count: 1 }]);
  expect(result.invalid.map(({ code }) => code)).toEqual(['clients_lost']);
  expect(result.ledger.expected).toBe(1000);
  expect(result.ledger.lost).toBeGreaterThan(120);
  expect(result.ledger.lost).toBeLessThan(127);
});

describe('a run ends early when', () => {
  const dropAll = (run: FakeRun, reason: string) => {
    for (const connection of [...run.server.connections.values()]) connection.drop(reason);
  };
  const secondsSince = (run: FakeRun, phase: RunPhase) => {
    return (run.time.nowNs() - (run.phaseStartNs.get(phase) ?? Number.NaN)) / 1e9;
  };

  it('all clients are dropped while they join their rooms', async () => {
    const run = new FakeRun({
      planned: planFake(roomFanout, { ...LOAD, clients: '6', rooms: '2', members: '3' }),
      behavior: { acknowledgesJoin: () => false },
    });
    run.during('connect', 100, () => dropAll(run, 'parse error'));
    await expect(run.run()).rejects.toMatchObject({
      code: 'CLIENTS_LOST',
      message: 'nothing was measured: no client is connected: parse error',
    });
    expect(secondsSince(run, 'connect')).toBeLessThan(0.5);
  });

  it('all clients that have connected are dropped, while others still connect', async () => {
    // An hour of connecting.
    const given = { clients: '3600', connectRate: '1/s', connectTimeout: '1s' };
    const run = broadcasts({ given });
    run.during('connect', 0, () => run.time.every(5, () => dropAll(run, 'io server disconnect')));
    await expect(run.run()).rejects.toMatchObject({
      code: 'CLIENTS_LOST',
      message: 'nothing was measured: all clients that connected were dropped: io server disconnect',
    });
    expect(run.time.nowNs() / 1e9).toBeLessThan(4);
  });

  it('all clients are dropped in the warm-up', async () => {
    const run = broadcasts();
    run.during('warm-up', 700, () => dropAll(run, 'error packet: x'));
    await expect(run.run()).rejects.toMatchObject({
      code: 'CLIENTS_LOST',
      exitCode: 3,
      message: 'nothing was measured: no client is connected: error packet: x',
    });
    expect(secondsSince(run, 'warm-up')).toBeLessThan(1.1);
  });

  it('all clients are dropped while measuring: what was measured is kept', async () => {
    const run = broadcasts({ given: { workers: '2' } });
    run.during('measure', 3500, () => dropAll(run, 'error packet: x'));
    const result = await run.run();
    expect(result.status).toBe('partial');
    expect(result.invalid[0]).toEqual({
      code: 'clients_lost',
      message: 'no client is connected: error packet: x',
    });
    expect(result.findings.map(({ code }) => code)).not.toContain('server_overloaded');
    expect(result.clients.dropped).toEqual([{ reason: 'error packet: x', count: CLIENTS }]);
    expect(result.timing.measureMs).toBeCloseTo(3750, -1);
    expect(result.timing.drainMs).toBe(0);
    expect(result.ledger.delivered).toBeGreaterThan(80 * CLIENTS);
    expect(result.ledger.lost).toBeLessThan(CLIENTS);
  });

  it('the sender is dropped while measuring', async () => {
    const run = broadcasts({ behavior: { network: () => [400] } });
    run.during('measure', 3500, () => run.server.connections.get(0)?.drop('transport close'));
    const result = await run.run();
    expect(result.invalid).toEqual([
      { code: 'sender_lost', message: 'no sender is connected: transport close' },
      {
        code: 'clients_lost',
        message: 'of 4 clients, 1 was dropped: transport close (1)',
      },
    ]);
    expect(result.timing.measureMs).toBeCloseTo(3750, -1);
    // What was in flight to the others is awaited.
    const { expected, delivered } = result.ledger;
    expect(expected - delivered).toBeLessThan(15);
  });

  it('all receivers are dropped while measuring', async () => {
    const run = broadcasts({ given: { excludeSender: 'true' } });
    run.during('measure', 3500, () => {
      for (const client of [1, 2, 3]) run.server.connections.get(client)?.drop('transport close');
    });
    const result = await run.run();
    expect(result.invalid[0]).toEqual({
      code: 'clients_lost',
      message: 'no receiver is connected: transport close',
    });
    expect(result.timing.measureMs).toBeCloseTo(3750, -1);
    expect(result.timing.drainMs).toBe(0);
  });

  it('all clients are dropped in the drain, which keeps the run complete', async () => {
    const run = broadcasts({ behavior: { network: () => [4000] }, given: { drain: '60s' } });
    run.during('drain', 500, () => dropAll(run, 'transport close'));
    const result = await run.run();
    expect(result.status).toBe('complete');
    expect(result.invalid.map(({ code }) => code)).toEqual(['clients_lost']);
    expect(result.timing.drainMs).toBeLessThan(600);
  });

  it.each([
    ['2MiB', 'transport close (closed with 1009 message too big)', 'limits'],
    ['2MiB', 'xhr post error (HTTP status 413)', 'limits'],
    ['20KiB', 'closed without a close frame', 'may limit'],
  ])(
    'a payload of %s ends all clients by "%s": the limit of the server is named',
    async (payload, reason, word) => {
      const run = broadcasts({ given: { payload } });
      run.during('warm-up', 50, () => dropAll(run, reason));
      await expect(run.run()).rejects.toMatchObject({
        message: `nothing was measured: no client is connected: ${reason}; the server ${word} the size of a message (maxHttpBufferSize of Socket.IO, maxPayload of ws), and the payload has ${payload.replace(/(?=[KM])/, ' ')}`,
      });
    },
  );
});
