import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PassedOn } from '../support/counting-proxy.ts';
import { skipWhenMissing } from '../support/need.ts';
import {
  ANY_CPU,
  freePort,
  NOISE,
  startSockbench,
  storedResult,
  temporaryFolder,
} from '../support/sockbench.ts';

const EXAMPLES = join(import.meta.dirname, '../../docs/examples');
const PROXY = join(import.meta.dirname, '../support/counting-proxy.ts');
const CLIENTS = 4;
const SENT = 20;
const FEW = ['--clients', `${CLIENTS}`, '--rate', `${SENT}/s`, '--duration', '1s'];
/** Pages and tables would take longer than the run. */
const DATA_ONLY = ['--format', 'json', '--quiet'];
const SHORT = [...FEW, '--warmup', '0s', '--warmup-max', '0s', ...ANY_CPU, ...DATA_ONLY];

skipWhenMissing(
  existsSync(join(EXAMPLES, 'node_modules'))
    ? null
    : 'the packages of the examples are not installed: npm ci --prefix docs/examples',
);

/** The commands in the README of an example that run sockbench. */
function commandsOf(example: string): readonly string[] {
  const readme = readFileSync(join(EXAMPLES, example, 'README.md'), 'utf8');
  return [...readme.matchAll(/^npx --no-install sockbench (run .+)$/gm)].map(([, command = '']) => command);
}

const NETTY = ['buffer', 'codec', 'codec-http', 'common', 'handler', 'resolver', 'transport']
  .map((part) => `/usr/share/java/netty-${part}.jar`)
  .join(':');

/** The examples, the server that each needs, and the subprotocol of this one. */
const COMMANDS = [
  ['graphql-ws', 'node server.js', 'graphql-transport-ws'],
  ['mqtt', 'node server.js', 'mqtt'],
  ['stomp', 'node server.js', 'v12.stomp'],
  ['signalr', 'node server.js', ''],
  ['phoenix', 'node server.js', ''],
  ['action-cable', 'node server.js', 'actioncable-v1-json'],
  ['sockjs', 'node server.js', ''],
  ['json-rpc', 'node server.js', ''],
  ['socketio-session', 'node server.js', ''],
  ['feathers', 'node server.js', ''],
  ['excalidraw-room', 'node server.js', ''],
  ['yjs', 'node server.js', ''],
  ['socketcluster', 'node server.js', ''],
  ['faye', 'node server.js', ''],
  ['colyseus', 'node server.js', ''],
  ['python-socketio', '/usr/bin/python3 server.py', ''],
  ['python-websockets', '/usr/bin/python3 server.py', ''],
  ['java-netty', `java -cp ${NETTY} Server.java`, ''],
] as const;

/** Other commands than the first that have a server or an answer of their own. */
const FIRST_COMMANDS: Readonly<Record<string, number>> = { mqtt: 2, 'json-rpc': 2, yjs: 2 };

/** Servers whose reply to the publisher has the message too. */
const REPLIES_TOO: readonly string[] = ['feathers'];

describe.concurrent('a run of an example', () => {
  const runs = COMMANDS.flatMap(([example, server, subprotocol]) =>
    // A second scenario of a protocol whose rooms are tested adds little.
    commandsOf(example)
      .slice(0, FIRST_COMMANDS[example] ?? 1)
      .map((command) => ({
        example,
        command,
        server: command.includes('plain.target.ts') ? 'node plain-server.js' : server,
        subprotocol,
      })),
  );

  test('is one for each protocol at least', () => {
    expect(new Set(runs.map(({ example }) => example)).size).toBe(COMMANDS.length);
  });

  test.each(runs)('$example: $command', async ({ example, command, server, subprotocol }) => {
    const out = temporaryFolder();
    const counts = join(out, 'counts.txt');
    const oneRoom = command.includes('room-fanout') ? ['--rooms', '1'] : [];
    const exec = ['--exec', `node ${PROXY} ${counts} ${server}`];
    const ended = await startSockbench([...command.split(' '), ...SHORT, ...oneRoom, ...exec, '--out', out], {
      cwd: join(EXAMPLES, example),
      env: { ...process.env, PORT: String(await freePort()) },
    }).ended;
    const result = storedResult(out, ended);
    const everyone = command.includes('--exclude-sender') ? CLIENTS - 1 : CLIENTS;
    const receivers = command.includes('ack-roundtrip') ? 1 : everyone;
    expect(result.invalid.filter(({ code }) => !NOISE.includes(code))).toEqual([]);
    expect(result.failed).toEqual([]);
    expect(result.rate.sent).toBe(SENT);
    expect(result.ledger).toMatchObject({
      expected: SENT * receivers,
      delivered: SENT * receivers,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      unexpected: 0,
    });
    const passedOn: PassedOn = JSON.parse(readFileSync(counts, 'utf8'));
    const copies = SENT * (receivers + (REPLIES_TOO.includes(example) ? 1 : 0));
    expect(passedOn).toEqual({ sent: SENT, received: copies, subprotocols: [subprotocol] });
  });
});
