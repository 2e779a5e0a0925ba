import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';
import { Server, type Socket } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { CERTIFICATE, TEST_KEY } from '../support/certificates.ts';
import { listening } from '../support/refusing-servers.ts';
import { ANY_CPU, startSockbench, storedResult, temporaryFolder } from '../support/sockbench.ts';

const SENT = 20;
const CLIENTS = 4;
const SHORT = ['--duration', '400ms', '--warmup', '0s', '--warmup-max', '0s', '--drain', '2s', '--quiet'];
const FEW = ['--clients', `${CLIENTS}`, '--rate', `${SENT / 0.4}/s`, ...SHORT, ...ANY_CPU];

/** Runs sockbench in a folder. */
async function runIn(folder: string, ...args: string[]) {
  const out = temporaryFolder();
  const ended = await startSockbench(['run', ...args, '--out', out], { cwd: folder }).ended;
  return { ...ended, result: () => storedResult(out, ended) };
}

/** A namespace behind TLS and at another path, which accepts clients with the right token, origin and query only. */
function guardedServer() {
  const https = createHttpsServer({ key: TEST_KEY, cert: CERTIFICATE });
  const chat = new Server(https, { serveClient: false, path: '/realtime/' }).of('/chat');
  chat.use(({ handshake: { auth, headers, query } }, next) => {
    const wanted = [`token of ${query['user']}`, 'https://chat.example.org', '2'];
    const shown = [auth['token'], headers.origin, query['version']];
    next(JSON.stringify(shown) === JSON.stringify(wanted) ? undefined : new Error(`not with ${shown}`));
  });
  chat.on('connection', (socket: Socket) => {
    socket.on('join', (rooms: string[]) => {
      void socket.join(rooms);
      socket.emit('joined', rooms);
    });
    socket.on('post', (room: string | null, text: string) => {
      const audience = room === null ? chat : chat.to(room);
      audience.emit('posted', room, JSON.stringify({ text }));
    });
    socket.on('ask', (_question: string, acknowledge: (answer: unknown) => void) => {
      acknowledge({ status: 'ok' });
    });
    socket.on('refuse', (_question: string, acknowledge: (answer: unknown) => void) => {
      acknowledge({ status: 'error', why: 'not today' });
    });
  });
  return listening(https);
}

function guardedTarget(port: number, more = ''): string {
  return `
    import { readFileSync } from 'node:fs';
    import { Arguments, defineTarget } from 'sockbench';

    export default defineTarget({
      url: 'https://127.0.0.1:${port}',
      namespace: '/chat',
      path: '/realtime/',
      // The certificate is for localhost.
      tls: { ca: readFileSync(new URL('ca.pem', import.meta.url), 'utf8'), servername: 'localhost' },
      clients: (number) => ({ user: \`user-\${number}\` }),
      auth: ({ values }) => ({ token: \`token of \${values['user']}\` }),
      headers: { origin: 'https://chat.example.org' },
      query: ({ values }) => ({ user: String(values['user']), version: '2' }),
      join: ({ rooms }) => ({ event: 'join', data: rooms, reply: { event: 'joined' } }),
      publish: ({ payload, room }) => ({ event: 'post', data: new Arguments([room, payload]) }),
      delivery: { event: ['posted', 'moved'] },
      request: ({ payload }) => ({ event: 'ask', data: payload }),
      ${more}
    });`;
}

function guardedFolder(port: number, more?: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'guarded.target.ts'), guardedTarget(port, more));
  writeFileSync(join(folder, 'ca.pem'), CERTIFICATE);
  return folder;
}

describe('a server with a path, a namespace, TLS, and a token for each client', () => {
  test('accepts everyone by polling and after the upgrade', async () => {
    const { port, close } = await guardedServer();
    const folder = guardedFolder(port);
    const flags = ['--target', './guarded.target.ts', '--transport', 'upgrade', ...FEW];
    const { result, stderr } = await runIn(folder, 'broadcast-latency', ...flags);
    await close();
    expect(stderr).toBe('');
    const expected = SENT * CLIENTS;
    expect(result().ledger).toMatchObject({
      expected,
      delivered: expected,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
    });
    expect(result().series['connect_upgraded']?.count).toBe(CLIENTS);
  });

  test('confirms by an event, over websocket, that a client is in its rooms', async () => {
    const { port, close } = await guardedServer();
    const folder = guardedFolder(port);
    const flags = ['--target', './guarded.target.ts', '--rooms', '2', ...FEW, '--transport', 'websocket'];
    const { result } = await runIn(folder, 'room-fanout', ...flags);
    await close();
    const expected = (SENT * CLIENTS) / 2;
    expect(result().ledger).toMatchObject({
      expected,
      delivered: expected,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
    });
  });

  test('acknowledges requests without a payload, over polling', async () => {
    const { port, close } = await guardedServer();
    const folder = guardedFolder(port);
    const flags = ['--target', './guarded.target.ts', '--transport', 'polling', ...FEW];
    const { result } = await runIn(folder, 'ack-roundtrip', ...flags);
    await close();
    expect(result().ledger).toMatchObject({ expected: SENT, delivered: SENT, lost: 0, unexpected: 0 });
    expect(result().series['ack']?.count).toBe(SENT);
  });

  test('rejects in its acknowledgements: the first line has its own reason', async () => {
    const { port, close } = await guardedServer();
    const folder = guardedFolder(
      port,
      `request: ({ payload }) => ({ event: 'refuse', data: payload }),
      reply: (answer: any) => {
        if (answer.status !== 'ok') throw new Error(answer.why);
        return answer;
      },`,
    );
    const { result, stdout, code } = await runIn(
      folder,
      'ack-roundtrip',
      ...['--target', './guarded.target.ts', ...FEW],
    );
    await close();
    expect(code).toBe(3);
    expect(stdout.split('\n')[0]).toContain(`the server rejected ${SENT} of ${SENT} messages`);
    expect(result().ledger).toMatchObject({ expected: 0, delivered: 0, lost: 0 });
    expect(result().rejected).toEqual([{ reason: 'not today', count: SENT }]);
    expect(result().failed).toEqual([]);
  });
});

/** A chat with the events that the files of init are written for. */
function chatServer() {
  const http = createHttpServer();
  const io = new Server(http, { serveClient: false });
  io.on('connection', (socket) => {
    socket.on('message', ({ text }: { text: string }) => io.emit('message', { text, at: Date.now() }));
    socket.on('echo', (text: string, acknowledge: (answer: string) => void) => acknowledge(text));
  });
  return listening(http);
}

describe('the files that init writes', () => {
  test('measure a server once they know its address', async () => {
    const { port, close } = await chatServer();
    const folder = temporaryFolder();
    const { code } = await startSockbench(['init'], { cwd: folder }).ended;
    expect(code).toBe(0);
    const target = join(folder, 'sockbench.target.mts');
    const asWritten = readFileSync(target, 'utf8');
    writeFileSync(
      target,
      asWritten
        .replace('http://127.0.0.1:3000', `http://127.0.0.1:${port}`)
        .replace("// request: ({ payload }) => ({ event: 'echo', data: payload }),", (line) => line.slice(3)),
    );

    const messages = await runIn(folder, 'broadcast-latency', '--rate', `${SENT / 0.4}/s`, ...SHORT);
    const { plan, ledger } = messages.result();
    expect(plan).toMatchObject({ clients: 50, thresholds: ['delivery.p95<100ms', 'lost==0'] });
    expect(ledger).toMatchObject({ expected: SENT * 50, delivered: SENT * 50, unexpected: 0 });

    const iterations = await runIn(folder, './sockbench.scenario.mts', ...FEW);
    expect(iterations.stdout).toMatch(/chat-visit/);
    const ofVisits = iterations.result();
    expect(ofVisits.series['own_message']?.count).toBe(2 * SENT);
    expect(ofVisits.ledger).toMatchObject({ delivered: 2 * SENT * CLIENTS, lost: 0, unexpected: 0 });
    expect(ofVisits.findings).toEqual([]);

    const requests = await runIn(folder, 'ack-roundtrip', ...FEW);
    await close();
    const ofRequests = requests.result();
    expect(ofRequests.plan.thresholds).toEqual(['lost==0']);
    expect(ofRequests.thresholds).toMatchObject([{ passed: true }]);
  });
});
