import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { temporaryFolder } from '../support/sockbench.ts';
import { runFake } from './fake-cli.ts';

/** Command lines that are rejected before anything starts: arguments, then what the error names. */
const REJECTED: ReadonlyArray<readonly [what: string, args: readonly string[], named: readonly RegExp[]]> = [
  ['an unknown command', ['rum'], [/rum/, /run/]],
  ['an unknown flag, with the nearest', ['run', 'room-fanout', '--room', '3'], [/--room\b/, /--rooms/]],
  [
    'an unknown scenario, with the nearest',
    ['run', 'room-fanuot'],
    [/room-fanuot/, /Did you mean room-fanout/],
  ],
  ['an unknown server', ['run', 'room-fanout', '--target', 'sockeio'], [/sockeio/, /socketio/]],
  ['an unknown driver', ['run', 'room-fanout', '--driver', 'wir'], [/"wir"/, /official/]],
  [
    'sockets of the kernel for a driver that has its own',
    ['run', 'room-fanout', '--driver', 'official', '--sockets', 'kernel'],
    [/--sockets kernel is for the driver wire/, /official/],
  ],
  [
    'sockets of the kernel with TLS',
    ['run', 'room-fanout', '--target', 'wss://127.0.0.1:1', '--sockets', 'kernel'],
    [/--sockets kernel has no TLS/, /wss:/],
  ],
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
    [/--payload 8B/, /48B/],
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
    [/column 34/, /which only gate and compare have/],
  ],
  [
    'a remote host',
    ['run', 'room-fanout', '--target', 'http://example.com'],
    [/example\.com/, /--allow-remote example\.com/],
  ],
  [
    'a Redis on another host',
    ['run', 'room-fanout', '--target', 'socketio-redis', '--redis', 'redis://example.com'],
    [/example\.com is not this machine/, /--allow-remote example\.com/],
  ],
  [
    'a Redis on another host to serve with',
    ['serve', 'socketio-redis', '--redis', 'redis://10.0.0.1'],
    [/10\.0\.0\.1 is not this machine/],
  ],
  [
    'a URL that programs read in different ways',
    ['run', 'room-fanout', '--target', 'http://127.0.0.1\\@10.0.0.1:3000/'],
    [/has a backslash/, /Write the URL without it\./],
  ],
  [
    'text with escapes and workflow commands',
    ['run', 'room-fanout', '--target', 'x\u001b]0;t\u0007\n::stop-commands::x ##[group].mjs'],
    [/x\\x1b\]0;t\\x07\n:\\x3astop-commands:\\x3ax #\\x23\[group\]\.mjs/],
  ],
  ['a URL of another kind', ['run', 'room-fanout', '--target', 'ftp://127.0.0.1'], [/ftp:/, /ws:/]],
  ['a command without a URL', ['run', 'room-fanout', '--exec', 'node app.js'], [/--exec/, /--target/]],
  ['a result file that does not exist', ['report', 'nowhere.json'], [/nowhere\.json/]],
  ['an unknown server to serve', ['serve', 'wss'], [/wss/, /ws/]],
  ['a port out of range', ['serve', 'ws', '--port', '99999'], [/--port: "99999"/, /0 to 65535/]],
  [
    'a threshold on a series that the scenario does not record',
    ['run', 'ack-roundtrip', '--threshold', 'delivery.p50<5ms'],
    [/will not record "delivery"/, /connect, .*ack/],
  ],
];

/** Values that no flag with a number takes, and values that are far too large. */
const NO_NUMBERS = ['', '-1', 'NaN', 'Infinity', '1e308', '٣', '9'.repeat(400), '\0'];
const UNITS_OF: Readonly<Record<string, readonly string[]>> = {
  clients: ['0', '100001', '1e12'],
  workers: ['0', '257', '10000'],
  seed: ['2147483648', '1.5'],
  rate: ['0/s', '1e308/s', `${'9'.repeat(400)}/s`, '10s@', '1ns@1e9/s', '10s@1..Infinity/s'],
  'connect-rate': ['0/s', '1000001/s', '0.000001/s', `${'9'.repeat(400)}/s`],
  payload: ['0B', '999999MiB', '64.001MiB', `${'9'.repeat(400)}B`],
  duration: ['0s', '25h', '1e9h', `${'9'.repeat(400)}s`],
  warmup: ['25h', '-1s'],
  'warmup-max': ['25h', '-1s'],
  drain: ['25h', '-1s'],
  'late-after': ['0s', '25h'],
  'connect-timeout': ['0s', '25h'],
};

it.each(
  Object.entries(UNITS_OF).flatMap(([flag, values]) =>
    [...NO_NUMBERS, ...values].map((value) => [flag, value]),
  ),
)('--%s is rejected with the value %j', async (flag, value) => {
  const { exitCode, stdout, stderr } = await runFake(
    'run',
    'ack-roundtrip',
    '--target',
    'ws',
    `--${flag}=${value}`,
  );
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`--${flag}`);
  expect(stderr).not.toContain('starting');
  expect(stderr.length).toBeLessThan(1500);
});

it('a value of any length is shown in part, without control characters', async () => {
  const { exitCode, stderr } = await runFake(
    'run',
    'x'.repeat(100_000),
    `--\u001b[31m${'y'.repeat(100_000)}`,
  );
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error: unknown option '--\\x1b\[31my+… \([\d,]+ more characters\)\n/);
  expect(stderr.length).toBeLessThan(2500);
});

describe('bad input is rejected before anything starts', () => {
  test.each(REJECTED)('%s', async (_, args, named) => {
    const { exitCode, stdout, stderr } = await runFake(...args);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    for (const pattern of named) expect(stderr).toMatch(pattern);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).not.toMatch(/starting server/);
  });

  test('a result of another version names both versions', async () => {
    const file = join(temporaryFolder(), 'future.json');
    writeFileSync(file, JSON.stringify({ schemaVersion: 99 }));
    const { exitCode, stderr } = await runFake('report', file);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/schemaVersion 99; this sockbench reads 3/);
  });

  test('an output folder that cannot be created is named, before anything starts', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const { exitCode, stderr } = await runFake('run', 'broadcast-latency', '--out', join(file, 'reports'));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/cannot be written to/);
    expect(stderr).toMatch(/--out DIR/);
  });
});

it('a trace of a scenario with disruptions plans none, which would lie after its time', async () => {
  const unreachable = ['--target', 'ws://127.0.0.1:9', '--clients', '7'];
  const { exitCode, stderr } = await runFake('trace', 'recovery', ...unreachable);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/127\.0\.0\.1:9/);
  expect(stderr).not.toMatch(/within the measured/);
});
