import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
    'a remote host',
    ['run', 'room-fanout', '--target', 'http://example.com'],
    [/example\.com/, /--allow-remote example\.com/],
  ],
  ['a URL of another kind', ['run', 'room-fanout', '--target', 'ftp://127.0.0.1'], [/ftp:/, /ws:/]],
  ['a command without a URL', ['run', 'room-fanout', '--exec', 'node app.js'], [/--exec/, /--target/]],
  ['a result that is not there', ['report', 'nowhere.json'], [/nowhere\.json/]],
  ['an unknown server to serve', ['serve', 'wss'], [/wss/, /ws/]],
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
    expect(stderr).toMatch(/schemaVersion 99; this sockbench reads 1/);
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

describe('a target that cannot be met is named within the connect timeout', () => {
  test('nothing listens there', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await sockbench('run', 'broadcast-latency', '--target', url, ...FEW);
    expect(code).toBe(2);
    expect(stderr).toMatch(/none of 3 clients could connect/);
    expect(stderr).toMatch(/ECONNREFUSED/);
  });

  test.each([
    ['ws', /no answer|timed out|timeout/i],
    ['http', /no answer|timed out|timeout/i],
  ])('it accepts %s connections and never answers', async (scheme, said) => {
    const server = createTcpServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await sockbench('run', 'broadcast-latency', '--target', url, ...FEW);
    server.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test.each(['ws', 'http'])('it answers %s with a web page', async (scheme) => {
    const server = createServer((_, response) => response.end('<html>hello</html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await sockbench('run', 'broadcast-latency', '--target', url, ...FEW);
    server.closeAllConnections();
    server.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/none of 3 clients could connect/);
    expect(stderr).toMatch(/200/);
  });

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
