/**
 * Every behaviour of the two applications that sockbench was made for, through the command line on real servers: each
 * message is accounted for. test/drivers/contract.test.ts runs every scope, payload and reply on every server.
 */
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/result/run-result.ts';
import { ANY_CPU, runScenario } from '../support/sockbench.ts';

const CLIENTS = 6;
const SENT = 40;
const NO_WARMUP = ['--warmup', '0s', '--warmup-max', '0s'];
const LOAD = ['--clients', `${CLIENTS}`, '--rate', '100/s', '--duration', '400ms', ...NO_WARMUP, ...ANY_CPU];
/** The same number of messages. Each client closes its connection at most once, so a slow reconnect delays none. */
const RECONNECTING = ['--clients', '40', '--rate', '40/s', '--duration', '1s'];

async function run(scenario: string, ...flags: string[]): Promise<RunResult> {
  const { code, result, stderr } = await runScenario(scenario, ...LOAD, ...flags);
  // Other work on the machine may make the latencies invalid, never the counts.
  expect([0, 3], stderr).toContain(code);
  return result;
}

/** Checks that all messages reached so many receivers each, and nothing else happened. */
function expectExactly({ ledger, rate }: RunResult, receivers: number, copies = 1): void {
  const expected = SENT * receivers * copies;
  expect(rate).toMatchObject({ intended: SENT, sent: SENT });
  expect(ledger).toMatchObject({
    expected,
    delivered: expected,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    unexpected: 0,
    unknown: 0,
  });
}

/** Checks what every run records, besides the ledger. */
function expectSeries({ headline, ledger, samples, series, telemetry }: RunResult): void {
  expect(series[headline]?.count).toBe(ledger.expected);
  expect(series[`${headline}_actual`]?.count).toBe(ledger.expected);
  expect(series['send_lag']?.count).toBe(SENT);
  expect(series['connect']?.count).toBe(CLIENTS);
  const unit = headline === 'delivery' ? 'broadcast' : 'request';
  expect(samples).toEqual({ unit, count: SENT, incomplete: 0 });
  for (const name of ['fanout_first', 'fanout_median', 'fanout_last', 'fanout_skew']) {
    expect(series[name]?.count).toBe(headline === 'delivery' ? SENT : undefined);
  }
  expect(telemetry.servers.map(({ role, source }) => ({ role, source }))).toEqual([
    { role: 'server', source: 'probe' },
  ]);
}

type Case = readonly [args: readonly [string, ...string[]], receivers: number, copies?: number];

/** What is sent, how many receive it, and how many copies of it. */
const BEHAVIOURS = {
  'server.emit: every socket': [['broadcast-latency'], 6],
  'broadcast.emit: every socket but the sender': [
    ['broadcast-latency', '--publishers', '3', '--exclude-sender'],
    5,
  ],
  'server.in(room).emit: the room with the sender': [['room-fanout', '--rooms', '3', '--members', '5'], 5],
  'socket.to(room).emit: the room without the sender': [
    ['room-fanout', '--rooms', '2', '--publishers', '2', '--exclude-sender', '--payload-type', 'binary'],
    2,
  ],
  'acknowledgement of a client request': [['ack-roundtrip', '--direction', 'client'], 1],
  'acknowledgement of a server request': [['ack-roundtrip', '--direction', 'server', '--payload', '1KiB'], 1],
  'streamed replies': [['stream-reply'], 1, 3],
} satisfies Record<string, Case>;

type Behaviour = keyof typeof BEHAVIOURS;
const EVERY = Object.keys(BEHAVIOURS) as Behaviour[];
/** Elsewhere a few behaviours show that the whole way works; the contract of the drivers has the others. */
const BY_WS: readonly Behaviour[] = [
  'socket.to(room).emit: the room without the sender',
  'acknowledgement of a server request',
];
const BY_POLLING: readonly Behaviour[] = ['socket.to(room).emit: the room without the sender'];
const BY_NEST: readonly Behaviour[] = ['streamed replies'];

describe.each<[target: string, behaviours: readonly Behaviour[]]>([
  ['socketio', EVERY],
  ['ws', BY_WS],
  ['socketio --transport polling', BY_POLLING],
  // `npm run explore` takes both servers of Nest.
  ['nest-ws', BY_NEST],
  ...(process.env['EXPLORE'] === '1' ? [['nest-socketio', BY_NEST] as [string, readonly Behaviour[]]] : []),
])('--target %s', (target, behaviours) => {
  test.each(behaviours)('%s', async (behaviour) => {
    const [[scenario, ...flags], receivers, copies = 1]: Case = BEHAVIOURS[behaviour];
    const result = await run(scenario, ...flags, '--target', ...target.split(' '));
    expectExactly(result, receivers, copies);
    if (scenario === 'stream-reply') {
      expect(result.series['reply_first']?.count).toBe(SENT);
      expect(result.series['reply_last']?.count).toBe(SENT);
    } else expectSeries(result);
    const isAsked = flags.includes('server');
    expect(result.series['ack_server']?.count).toBe(isAsked ? SENT : undefined);
  });
});

test('broadcasts of random arrivals reach receivers in three workers', async () => {
  const load = [
    '--clients',
    '30',
    '--arrival',
    'poisson',
    '--duration',
    '1s',
    '--workers',
    '3',
    '--pin',
    'on',
  ];
  const { environment, ledger, rate, samples, series, telemetry } = await run(
    'broadcast-latency',
    ...['--target', 'ws', ...load],
  );
  expect(rate.sent).toBe(rate.intended);
  const expected = 30 * rate.sent;
  expect(ledger).toMatchObject({ expected, delivered: expected, lost: 0, unexpected: 0 });
  expect(series['fanout_last']?.count).toBe(rate.sent);
  expect(samples).toEqual({ unit: 'broadcast', count: rate.sent, incomplete: 0 });
  expect(telemetry.workers).toHaveLength(3);
  const { affinity } = environment;
  if (affinity.server !== null) expect(affinity.workers).not.toContain(affinity.server);
});

test('a profile of stages and ramps is followed second by second', async () => {
  const load = ['--clients', '5', '--rate', '1s@50/s,2s@50..150/s'];
  const { result } = await runScenario(
    'broadcast-latency',
    '--target',
    'ws',
    ...load,
    ...NO_WARMUP,
    ...ANY_CPU,
  );
  expect(result.rate).toMatchObject({ intended: 250, sent: 250 });
  expect(result.intervals.slice(0, 3).map(({ sent }) => sent)).toEqual([50, 75, 125]);
  expect(result.telemetry.servers[0]?.samples.length).toBeGreaterThan(1);
});

test("of('chat'): a namespace, over polling and the upgrade", async () => {
  const result = await run('broadcast-latency', '--namespace', 'chat', '--transport', 'upgrade');
  expectExactly(result, 6);
  expect(result.plan.target.namespace).toBe('/chat');
});

test.each(['ws', 'bun-ws'])('the four message types on %s', async (server) => {
  const result = await run('message-types', '--target', server, ...RECONNECTING);
  expectExactly(result, 1);
  for (const series of ['echo_text', 'echo_binary', 'ping_pong', 'close']) {
    expect([series, result.series[series]?.count]).toEqual([series, SENT / 4]);
  }
  expect(result.clients.closed).toEqual([{ reason: '1000', count: SENT / 4 }]);
  expect(result.clients.dropped).toEqual([]);
});

test('the message types on Socket.IO: all but the ping, which only its server sends', async () => {
  const result = await run('message-types', ...RECONNECTING);
  expectExactly(result, 1);
  expect(Object.keys(result.series)).toEqual(expect.arrayContaining(['echo_text', 'echo_binary', 'close']));
  expect(result.series).not.toHaveProperty('ping_pong');
});

test('polling costs empty polls and bytes, push does not', async () => {
  const load = ['--clients', '4', '--rooms', '2', '--rate', '10/s', '--duration', '1500ms'];
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

test('polling, then upgrade: the time of the upgrade, and round trips before and after', async () => {
  const result = await run('upgrade', '--clients', '4', '--rate', '20/s', '--duration', '1s');
  expect(result.series['upgrade']?.count).toBe(20);
  expect(result.series['iteration']?.count).toBe(20);
  expect(result.series['ack_upgrading']?.count).toBeGreaterThanOrEqual(20);
  expect(result.series['ack_upgraded']?.count).toBe(100);
  expect(result.failed).toEqual([]);
});

describe('the options of Socket.IO', () => {
  test('--parser msgpack and --recovery on change no delivery', async () => {
    const flags = ['--parser', 'msgpack', '--recovery', 'on', '--payload-type', 'binary'];
    expectExactly(await run('broadcast-latency', '--publishers', '2', ...flags), 6);
  });

  test('--compression on changes no delivery, and makes compressible payloads smaller on the wire', async () => {
    const result = await run('broadcast-latency', '--payload', '4KiB', '--compression', 'on');
    expectExactly(result, 6);
    // 40 messages to 6 clients are 960 KiB without compression. Their filling deflates to less than half.
    expect(result.traffic.receivedBytes).toBeLessThan((SENT * CLIENTS * 4096) / 2);
  });
});

test.each([
  ['socketio-cluster', []],
  ['socketio-redis', ['--redis-adapter', 'streams']],
])('%s %j delivers across processes, and separates these deliveries', async (server, flags) => {
  const result = await run('room-fanout', '--rooms', '1', '--target', server, ...flags);
  expectExactly(result, 6);
  const [same = 0, cross = 0] = ['delivery_same_node', 'delivery_cross_node'].map(
    (series) => result.series[series]?.count,
  );
  expect(same).toBeGreaterThan(0);
  expect(cross).toBeGreaterThan(0);
  expect(same + cross).toBe(result.ledger.delivered);
});
