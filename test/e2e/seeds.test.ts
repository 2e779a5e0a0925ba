/** Each behaviour of the two texts that sockbench was made from, measured through the command line on real servers. */
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/result/run-result.ts';
import { runScenario } from '../support/sockbench.ts';

const LOAD = ['--clients', '6', '--rate', '40/s', '--duration', '1s', '--warmup', '0s', '--warmup-max', '0s'];
const SENT = 40;

/** Owed to so many receivers each, all delivered, nothing else. */
function expectExactly({ ledger, rate }: RunResult, receivers: number, copies = 1): void {
  const expected = SENT * receivers * copies;
  expect(rate.sent).toBe(SENT);
  expect(ledger).toMatchObject({
    expected,
    delivered: expected,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    unexpected: 0,
  });
}

async function run(scenario: string, ...flags: string[]): Promise<RunResult> {
  const { code, result, stderr } = await runScenario(scenario, ...LOAD, ...flags);
  // A burst of other work on the machine may make latencies doubtful, never what was delivered to whom.
  expect([0, 3], stderr).toContain(code);
  return result;
}

const SERVERS = ['socketio', 'nest-socketio', 'ws', 'nest-ws'];

describe.each(SERVERS)('%s', (server) => {
  const target = ['--target', server];

  test('emit and on: server.emit reaches every socket', async () => {
    expectExactly(await run('broadcast-latency', ...target), 6);
  });

  test('broadcast.emit: every socket but the sender', async () => {
    expectExactly(await run('broadcast-latency', '--exclude-sender', ...target), 5);
  });

  test('join and server.in(room).emit: the room, the sender too', async () => {
    expectExactly(await run('room-fanout', '--rooms', '2', ...target), 3);
  });

  test('socket.to(room).emit: the room without the sender', async () => {
    expectExactly(await run('room-fanout', '--rooms', '2', '--exclude-sender', ...target), 2);
  });

  test.each(['client', 'server'])('acknowledgement of what the %s asks', async (direction) => {
    const result = await run('ack-roundtrip', '--direction', direction, ...target);
    expectExactly(result, 1);
    expect(result.series['ack']?.count).toBe(SENT);
    expect(result.series['ack_server']?.count).toBe(direction === 'server' ? SENT : undefined);
  });

  test('streamed replies: one request, three replies', async () => {
    const result = await run('stream-reply', ...target);
    expectExactly(result, 1, 3);
    expect(result.series['reply_first']?.count).toBe(SENT);
    expect(result.series['reply_last']?.count).toBe(SENT);
  });
});

test.each(['websocket', 'polling', 'upgrade'])("of('chat'): a namespace over %s", async (transport) => {
  const result = await run('broadcast-latency', '--namespace', 'chat', '--transport', transport);
  expectExactly(result, 6);
  expect(result.plan.target.namespace).toBe('/chat');
});

test.each(['ws', 'nest-ws', 'bun-ws'])('the four message types on %s', async (server) => {
  const result = await run('message-types', '--target', server, '--clients', '8');
  expectExactly(result, 1);
  for (const series of ['echo_text', 'echo_binary', 'ping_pong', 'close']) {
    expect([series, result.series[series]?.count]).toEqual([series, SENT / 4]);
  }
  expect(result.clients.closed).toEqual([{ reason: '1000', count: SENT / 4 }]);
  expect(result.clients.dropped).toEqual([]);
});

test('message types on Socket.IO: all but the ping, which only its server sends', async () => {
  // A quarter of them close their connections in turn: ten, so that each has most of a second to be back.
  const result = await run('message-types', '--clients', '40');
  expectExactly(result, 1);
  expect(Object.keys(result.series)).toEqual(expect.arrayContaining(['echo_text', 'echo_binary', 'close']));
  expect(result.series).not.toHaveProperty('ping_pong');
});

test('polling asks in vain, and hears of news late; who is pushed to does neither', async () => {
  const load = ['--clients', '4', '--rooms', '2', '--rate', '10/s', '--duration', '4s'];
  const polled = await run(
    'polling-vs-push',
    ...load,
    ...['--target', 'http-polling', '--transport', 'short-polling', '--poll-interval', '50ms'],
  );
  const pushed = await run('polling-vs-push', ...load, '--target', 'ws');
  for (const { ledger } of [polled, pushed]) expect(ledger).toMatchObject({ lost: 0, unexpected: 0 });
  expect(polled.traffic.emptyPolls).toBeGreaterThan(polled.traffic.polls / 2);
  expect(pushed.traffic).toMatchObject({ requests: 0, polls: 0, emptyPolls: 0 });
  const bytes = ({ traffic, ledger }: RunResult) =>
    (traffic.sentBytes + traffic.receivedBytes) / ledger.delivered;
  expect(bytes(polled)).toBeGreaterThan(bytes(pushed));
});

test('polling then upgrade: the time until then, and round trips on the way', async () => {
  const result = await run('upgrade', '--rate', '20/s', '--clients', '4');
  expect(result.series['upgrade']?.count).toBe(20);
  expect(result.series['iteration']?.count).toBe(20);
  expect(result.series['ack_upgrading']?.count).toBeGreaterThanOrEqual(20);
  expect(result.series['ack_upgraded']?.count).toBe(100);
  expect(result.failed).toEqual([]);
});

describe('the options of Socket.IO', () => {
  test.each([
    ['--parser', 'msgpack'],
    ['--recovery', 'on'],
    ['--compression', 'on'],
  ])('%s %s changes no delivery', async (...flags) => {
    expectExactly(await run('broadcast-latency', ...flags), 6);
    expectExactly(await run('ack-roundtrip', ...flags, '--payload-type', 'binary'), 1);
  });

  test('--compression on makes what can be compressed smaller on the wire', async () => {
    const received = async (...flags: string[]) =>
      (await run('broadcast-latency', '--payload', '4KiB', ...flags)).traffic.receivedBytes;
    expect(await received('--compression', 'on')).toBeLessThan((await received()) / 4);
  });
});

describe('several server processes', () => {
  test.each([
    ['socketio-cluster', []],
    ['socketio-redis', ['--redis-adapter', 'pubsub']],
    ['socketio-redis', ['--redis-adapter', 'sharded']],
    ['socketio-redis', ['--redis-adapter', 'streams']],
  ])('%s %j delivers across processes, and tells these deliveries apart', async (server, flags) => {
    const result = await run('room-fanout', '--rooms', '1', '--target', server, ...flags);
    expectExactly(result, 6);
    const [same, cross] = ['delivery_same_node', 'delivery_cross_node'].map(
      (series) => result.series[series]?.count ?? 0,
    );
    expect(same).toBeGreaterThan(0);
    expect(cross).toBeGreaterThan(0);
    expect((same ?? 0) + (cross ?? 0)).toBe(result.ledger.delivered);
  });
});
