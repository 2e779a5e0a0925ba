import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { listening, REFUSING_SERVERS, type RefusingServer } from '../support/refusing-servers.ts';
import { freePort, sockbench, startSockbench, temporaryFolder } from '../support/sockbench.ts';

/** Command lines that must be refused before anything starts: arguments, then what the error must name. */
const REFUSED: ReadonlyArray<readonly [what: string, args: readonly string[], named: readonly RegExp[]]> = [
  ['an unknown command', ['rum'], [/rum/, /run/]],
  ['an unknown flag, with the nearest', ['run', 'room-fanout', '--room', '3'], [/--room\b/, /--rooms/]],
  [
    'an unknown scenario, with the nearest',
    ['run', 'room-fanuot'],
    [/room-fanuot/, /Did you mean room-fanout/],
  ],
  ['an unknown server', ['run', 'room-fanout', '--target', 'sockeio'], [/sockeio/, /socketio/]],
  ['an unknown driver', ['run', 'room-fanout', '--driver', 'wir'], [/"wir"/, /official/]],
  ['an unknown format', ['run', 'room-fanout', '--format', 'htm'], [/"htm"/, /Did you mean html/]],
  [
    'a bare number as duration',
    ['run', 'room-fanout', '--duration', '10'],
    [/--duration/, /"10" has no unit/, /10s/],
  ],
  ['a rate without a unit', ['run', 'room-fanout', '--rate', '100'], [/"100" has no unit/, /100\/s/]],
  ['a rate of zero', ['run', 'room-fanout', '--rate', '0/s'], [/0\/s/]],
  ['a broken profile', ['run', 'room-fanout', '--rate', '10s@50..x/s'], [/10s@50\.\.x\/s/, /10s@50\/s/]],
  ['no clients', ['run', 'room-fanout', '--clients', '0'], [/--clients/, /"0"/, /1 to/]],
  [
    'a payload without room for the stamp',
    ['run', 'room-fanout', '--payload', '8B'],
    [/--payload 8B/, /40B/],
  ],
  [
    'an unknown transport',
    ['run', 'room-fanout', '--transport', 'carrier'],
    [/carrier/, /websocket, polling/],
  ],
  [
    'a transport that the server lacks',
    ['run', 'room-fanout', '--target', 'ws', '--transport', 'polling'],
    [/polling/, /websocket/],
  ],
  [
    "another scenario's option",
    ['run', 'ack-roundtrip', '--rooms', '3'],
    [/--rooms/, /ack-roundtrip/, /room-fanout/],
  ],
  [
    'a broken threshold',
    ['run', 'room-fanout', '--threshold', 'delivery.p99<50'],
    [/delivery\.p99<50/, /no unit/],
  ],
  [
    'a threshold on an unknown series',
    ['run', 'room-fanout', '--threshold', 'delivry.p99<5ms'],
    [/delivry/, /fanout_last/],
  ],
  [
    'a threshold on a base, which a run does not have',
    ['run', 'room-fanout', '--threshold', 'lost==0 and delivery.p50 < 1.1 * base.delivery.p50'],
    [/column 34/, /only gate and compare have a base/],
  ],
  [
    'a remote host',
    ['run', 'room-fanout', '--target', 'http://example.com'],
    [/example\.com/, /--allow-remote example\.com/],
  ],
  ['a URL of another kind', ['run', 'room-fanout', '--target', 'ftp://127.0.0.1'], [/ftp:/, /ws:/]],
  ['a command without a URL', ['run', 'room-fanout', '--exec', 'node app.js'], [/--exec/, /--target/]],
  ['a result that is not there', ['report', 'nowhere.json'], [/nowhere\.json/]],
  ['an unknown server to serve', ['serve', 'wss'], [/wss/, /ws/]],
  ['a port that there is not', ['serve', 'ws', '--port', '99999'], [/--port: "99999"/, /0 to 65535/]],
  [
    'a threshold on a series that the scenario does not record',
    ['run', 'ack-roundtrip', '--threshold', 'delivery.p50<5ms'],
    [/will not record "delivery"/, /connect, .*ack/],
  ],
];

describe('bad input is refused before anything starts', () => {
  test.each(REFUSED)('%s', async (_, args, named) => {
    const { code, stdout, stderr } = await sockbench(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const pattern of named) expect(stderr).toMatch(pattern);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).not.toMatch(/starting server/);
  });

  test('a result of another version names both versions', async () => {
    const file = join(temporaryFolder(), 'future.json');
    writeFileSync(file, JSON.stringify({ schemaVersion: 99 }));
    const { code, stderr } = await sockbench('report', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/schemaVersion 99; this sockbench reads 2/);
  });

  test('an output folder that cannot be made is named, before anything starts', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await sockbench('run', 'broadcast-latency', '--out', join(file, 'reports'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot be written to/);
    expect(stderr).toMatch(/--out DIR/);
  });
});

const FEW = ['--clients', '3', '--connect-timeout', '2s'];

/** `http: nobody listens` and `ws: nobody listens` are one case, and once through the command line is enough. */
const caseOf = ({ what }: RefusingServer) => what.replace(/^\w+: /, '');
const aimable = REFUSING_SERVERS.filter(({ tls }) => tls === undefined);
const AIMED = [...new Map(aimable.toReversed().map((server) => [caseOf(server), server])).values()].reverse();

describe('a server that takes no client is named in one sentence, with what to do in another', () => {
  test.each(AIMED.map((server): [string, RefusingServer] => [server.what, server]))(
    '%s',
    async (_, { start, target, transport = 'websocket', namespace, found, hint }) => {
      const { port, close } = await start();
      const filled = (text: string) =>
        text.replaceAll('HOST', `127.0.0.1:${port}`).replaceAll('TIMEOUT', '2000');
      const url = filled(target);
      const flags = [
        ...['--target', url, '--transport', transport, ...FEW, '--quiet'],
        ...(namespace === undefined ? [] : ['--namespace', namespace]),
      ];
      const { code, stdout, stderr } = await sockbench('run', 'broadcast-latency', ...flags);
      await close();
      expect(stderr).toBe(
        `error: none of 3 clients could connect to ${url} by ${transport}: ${filled(found)}\n${filled(hint)}\n`,
      );
      expect(stdout).toBe('');
      expect(code).toBe(2);
    },
    // The default connect timeout alone, in place of the 2 s that are asked for, is 10 s.
    10_000,
  );

  test('does so before the last client has tried, when there are many', async () => {
    const http = createServer();
    new Server(http, { serveClient: false }).use((_, next) => next(new Error('unauthorized')));
    const { port, close } = await listening(http);
    const url = `http://127.0.0.1:${port}`;
    // An hour of trying.
    const flags = ['--clients', '3600', '--connect-rate', '1/s', '--connect-timeout', '1s', '--quiet'];
    const { code, stderr } = await sockbench('run', 'broadcast-latency', '--target', url, ...flags);
    await close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: none of 3,600 clients .* the server refuses them with "unauthorized"\n/);
  });

  test('lets clients connect and never acknowledges that they join their rooms', async () => {
    const http = createServer();
    new Server(http, { serveClient: false }).on('connection', () => {});
    const { port, close } = await listening(http);
    const url = `http://127.0.0.1:${port}`;
    const flags = ['--target', url, '--rooms', '1', ...FEW, '--quiet'];
    const { code, stderr } = await sockbench('run', 'room-fanout', ...flags);
    await close();
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: the clients connected to .* but none of them could join its rooms: no reply to "enter_chat"/,
    );
    expect(stderr).toMatch(/\nThe server has to acknowledge enter_chat/);
  });
});

describe('a command of --exec that starts no server is named within the connect timeout', () => {
  test('the command of --exec fails: its last lines are shown', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const command = `echo reticulating splines; echo no splines >&2; exit 3`;
    const { code, stderr } = await sockbench(
      'run',
      'broadcast-latency',
      '--target',
      url,
      '--exec',
      command,
      ...FEW,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/exit code 3/);
    expect(stderr).toMatch(/no splines/);
  });

  test('the command of --exec never listens: it is stopped', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const mark = join(temporaryFolder(), 'alive');
    const command = `while true; do touch ${mark}; sleep 0.1; done`;
    const { code, stderr } = await sockbench(
      'run',
      'broadcast-latency',
      '--target',
      url,
      '--exec',
      command,
      ...FEW,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/does not listen at/);
    expect(existsSync(mark)).toBe(true);
  });
});

describe('serve', () => {
  test('says where it listens, and refuses a port in use', async () => {
    const port = String(await freePort());
    const first = startSockbench(['serve', 'ws', '--port', port]);
    await once(first.child.stdout ?? first.child, 'data');
    const second = await sockbench('serve', 'ws', '--port', port);
    first.child.kill('SIGINT');
    const { code, stdout } = await first.ended;
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(new RegExp(`port ${port} is in use`));
    expect(stdout).toBe(`ws listens at ws://127.0.0.1:${port}\n`);
    expect(code).toBe(0);
  });
});
