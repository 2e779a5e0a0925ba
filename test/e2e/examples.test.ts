import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NsHistogram } from '../../src/measure/histogram.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { listening } from '../support/refusing-servers.ts';
import {
  ANY_CPU,
  type Ended,
  freePort,
  NOISE,
  startSockbench,
  storedResult,
  temporaryFolder,
} from '../support/sockbench.ts';

const EXAMPLES = join(import.meta.dirname, '../../docs/examples');
const CLIENTS = 5;
/** Follows the flags of a README, whose load is larger than a test needs. */
const SHORT = ['--duration', '400ms', '--warmup', '0s', '--warmup-max', '0s', '--format', 'json'];
const FEW = ['--clients', `${CLIENTS}`, '--rate', '50/s', ...SHORT, ...ANY_CPU];
/** The lines of the README's blocks of commands. */
function commandsOf(example: string): string[] {
  const readme = readFileSync(join(EXAMPLES, example, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks.join('').trim().split('\n');
}

/** Runs a README's command `npx --no-install sockbench run ...` in the folder of its example, short and with few clients. */
async function runCommand(
  example: string,
  command: string,
  more: readonly string[] = [],
): Promise<Ended & { result: () => RunResult }> {
  const [npx, local, name, ...args] = command.split(' ');
  expect([npx, local, name, args[0]]).toEqual(['npx', '--no-install', 'sockbench', 'run']);
  const out = temporaryFolder();
  const ended = await startSockbench([...args, ...FEW, ...more, '--out', out, '--quiet'], {
    cwd: join(EXAMPLES, example),
    env: { ...process.env, PORT: String(await freePort()) },
  }).ended;
  return { ...ended, result: () => storedResult(out, ended) };
}

/** Checks that all expected deliveries came once, and nothing else; `receivers` is their number for each message. */
function expectAllDelivered(result: RunResult, messages: number, receivers: number): void {
  expect(result.status).toBe('complete');
  expect(result.invalid.filter(({ code }) => !NOISE.includes(code))).toEqual([]);
  expect(result.failed).toEqual([]);
  expect(result.clients.connected).toBe(CLIENTS);
  expect(messages).toBeGreaterThan(0);
  expect(result.ledger).toMatchObject({
    expected: messages * receivers,
    delivered: messages * receivers,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    unexpected: 0,
  });
}

function shortestMs(result: RunResult, series: string): number {
  const stored = result.series[series];
  if (stored === undefined) throw new Error(`the run recorded no ${series}`);
  return NsHistogram.decode(stored.histogram).quantileNs(0) / 1e6;
}

describe('the example socketio-tutorial', () => {
  const EXAMPLE = 'socketio-tutorial';
  const [install, start, ...runs] = commandsOf(EXAMPLE);

  test('serves a page, and the client that it asks for', async () => {
    expect([install, start]).toEqual(['npm install', 'npm start']);
    const port = await freePort();
    const server = spawn(process.execPath, ['server.js'], {
      cwd: join(EXAMPLES, EXAMPLE),
      env: { ...process.env, PORT: String(port) },
    });
    await new Promise((resolve) => server.stdout.once('data', resolve));
    const page = await (await fetch(`http://127.0.0.1:${port}`)).text();
    const script = /<script src="([^"]+)"/.exec(page)?.[1] ?? '';
    const client = await fetch(`http://127.0.0.1:${port}${script}`);
    server.kill();
    expect(client.status).toBe(200);
    expect(client.headers.get('content-type')).toMatch(/javascript/);
  });

  test('delivers every message to everyone, and times its acknowledgement', async () => {
    const { result, code } = await runCommand(EXAMPLE, runs[0] ?? '');
    expect([0, 3]).toContain(code);
    const { rate, series, ledger, telemetry } = result();
    expect(rate.sent).toBe(20);
    expectAllDelivered(result(), rate.sent, CLIENTS);
    expect(series['delivery']?.count).toBe(ledger.delivered);
    expect(series['ack']?.count).toBe(rate.sent);
    expect(telemetry.servers).toMatchObject([{ role: 'server' }]);
  });

  test.each([
    ['two messages', 1, 2, 100],
    ['as many messages as asked for', 2, 3, 500],
  ])('has iterations that join, think, and receive %s of their own', async (_, index, messages, thinkMs) => {
    const { result } = await runCommand(EXAMPLE, runs[index] ?? '');
    const run = result();
    expect(run.rate.sent).toBe(20);
    expect(run.samples).toMatchObject({ unit: 'iteration', count: 20 });
    expectAllDelivered(run, 20 * messages, CLIENTS);
    expect(run.ownSeries['own_message']).toBe('writing -> the writer sees its own message');
    expect(run.series['entering']?.count).toBe(20);
    expect(run.series['own_message']?.count).toBe(20 * messages);
    expect(run.series['ack']?.count).toBe(20 * messages);
    // The bucket of a histogram may begin slightly below the value.
    expect(shortestMs(run, 'iteration')).toBeGreaterThan(messages * thinkMs * 0.99);
  });
});

// The tests share a file of tokens.
describe('the example nest-jwt', { concurrent: false }, () => {
  const EXAMPLE = 'nest-jwt';
  const CSV = join(EXAMPLES, EXAMPLE, 'clients.csv');
  const [install, tokens = '', inRooms = '', acknowledged = '', wrongTokens = '', refused = ''] =
    commandsOf(EXAMPLE);
  const make = (command: string) => execFileSync('sh', ['-c', command], { cwd: join(EXAMPLES, EXAMPLE) });

  beforeAll(() => {
    expect(install).toBe('npm install');
    make(tokens);
  });
  afterAll(() => rmSync(CSV, { force: true }));

  test('accepts clients with a token, and delivers the messages of a room to its members', async () => {
    const { result } = await runCommand(EXAMPLE, inRooms, ['--rooms', '1']);
    expectAllDelivered(result(), result().rate.sent, CLIENTS);
    expect(result().plan.target).toMatchObject({ name: 'nest chat', namespace: '/chat' });
  });

  test('acknowledges requests with what was asked inside an object', async () => {
    const { result } = await runCommand(EXAMPLE, acknowledged);
    expectAllDelivered(result(), result().rate.sent, 1);
  });

  test('needs a token for each client', async () => {
    const { code, stderr } = await runCommand(EXAMPLE, acknowledged, ['--clients', '101']);
    expect(stderr).toMatch(
      /^error: \.\/clients\.csv has 100 rows, which is not enough for client 101\n.*--clients 100 or less/,
    );
    expect(code).toBe(2);
  });

  test('rejects clients with a wrong token, in one sentence', async () => {
    make(wrongTokens);
    const { code, stdout, stderr } = await runCommand(EXAMPLE, refused, ['--rooms', '1']);
    expect(stderr).toMatch(
      /^error: none of 5 clients could connect to .* rejects them with "invalid token"\n/,
    );
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('the example ws-binary', () => {
  const EXAMPLE = 'ws-binary';
  const [install, asText = '', asBytes = '', asked = '', observed = '', overHttp = ''] = commandsOf(EXAMPLE);

  test.each([
    ['text', asText, 'text'],
    ['bytes', asBytes, 'binary'],
  ])('delivers %s in frames of its own to the members of each room', async (_, command, payloadType) => {
    expect(install).toBe('npm install');
    const { result } = await runCommand(EXAMPLE, command, ['--rooms', '1']);
    expect(result().plan.payloadType).toBe(payloadType);
    expectAllDelivered(result(), result().rate.sent, CLIENTS);
  });

  test('answers questions by their number', async () => {
    const { result } = await runCommand(EXAMPLE, asked);
    expectAllDelivered(result(), result().rate.sent, 1);
  });

  test('pushes a tick every 50 ms, each of which reaches everyone', async () => {
    const { result } = await runCommand(EXAMPLE, observed, ['--duration', '2s']);
    const { samples, series } = result();
    expect(samples).toMatchObject({ unit: 'push', incomplete: 0 });
    // 40 if its timer is exact.
    expect(samples.count).toBeGreaterThan(20);
    expect(samples.count).toBeLessThanOrEqual(41);
    expectAllDelivered(result(), samples.count, CLIENTS);
    expect(series['push_skew']?.count).toBe(samples.count);
    expect(series['push_gap']?.count).toBeGreaterThan((samples.count - 2) * CLIENTS);
  });

  test('publishes by HTTP requests, one client in each room', async () => {
    const { result } = await runCommand(EXAMPLE, overHttp, ['--rooms', '2', '--rate', '50/s']);
    const { plan, rate, ledger, traffic } = result();
    expect(plan.scenarioOptions).toMatchObject({ rooms: 2, publishers: 1 });
    // Requests are sent over several connections, and may overtake each other.
    expectAllDelivered({ ...result(), ledger: { ...ledger, reordered: 0 } }, rate.sent, 2);
    // Clients are connected when measuring begins, so that these are of messages. Spans at its borders count in part.
    expect(traffic.requests).toBeGreaterThan(0);
  });

  test('rejects clients with another key', async () => {
    const { code, stderr } = await runCommand(EXAMPLE, asked, [
      '--exec',
      'KEY_SECRET=another node server.ts',
    ]);
    expect(stderr).toMatch(
      /^error: none of 5 clients could connect .* requires authentication \(401 Unauthorized\)/,
    );
    expect(code).toBe(2);
  });

  test('names the function of the target file that failed', async () => {
    const { code, stderr } = await runCommand(
      EXAMPLE,
      'npx --no-install sockbench run broadcast-latency --target ./sockbench.target.ts',
      // It is called once while planning.
      ['--warmup', '500ms', '--warmup-max', '500ms'],
    );
    expect(stderr).toMatch(
      /^error: publish of sockbench\.target\.ts \(line \d+\) failed: this server has rooms only: run room-fanout\n/,
    );
    expect(code).toBe(2);
  });
});

test('a server that passes texts on inside JSON inside an object is measured', async () => {
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  io.on('connection', (socket) => {
    // The same event without a payload of sockbench.
    socket.emit('posted', 'welcome');
    socket.on('post', (text: string) =>
      io.emit('posted', { kind: 'post', inner: { json: JSON.stringify({ text, likes: 0 }) } }),
    );
  });
  const { port, close } = await listening(http);
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'posts.target.ts'),
    `import { defineTarget } from 'sockbench';
    export default defineTarget({
      url: 'http://127.0.0.1:${port}',
      publish: ({ payload }) => ({ event: 'post', data: payload }),
      delivery: { event: 'posted' },
    });`,
  );
  const args = ['run', 'broadcast-latency', '--target', './posts.target.ts', ...FEW, '--quiet'];
  const ended = await startSockbench([...args, '--out', folder], { cwd: folder }).ended;
  await close();
  const result = storedResult(folder, ended);
  expect(result.rate.sent).toBe(20);
  expect(result.series['delivery']?.count).toBe(20 * CLIENTS);
  expect(result.ledger).toMatchObject({ delivered: 20 * CLIENTS, lost: 0, duplicated: 0 });
  // The greeting of each client.
  expect(result.ledger.unexpected).toBeLessThanOrEqual(CLIENTS);
});
