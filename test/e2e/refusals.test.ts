import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { REFUSING_SERVERS, type RefusingServer } from '../support/refusing-servers.ts';
import { freePort, sockbench, startSockbench } from '../support/sockbench.ts';

test('bad input ends with exit code 2, a sentence and a hint on stderr, and nothing on stdout', async () => {
  const { code, stdout, stderr } = await sockbench('run', 'room-fanout', '--room', '3');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe("error: unknown option '--room'\nDid you mean --rooms?\n");
});

const FEW = ['--clients', '3', '--connect-timeout', '2s', '--quiet'];

/** One of each way to connect. test/run/diagnose/explain.test.ts runs all of these servers without the command line. */
const THROUGH_CLI = [
  'ws: demands authentication',
  'http by polling: redirects',
  'http: has no such namespace',
  'http: has a middleware that never ends',
];
const servers = REFUSING_SERVERS.filter(({ what }) => THROUGH_CLI.includes(what));

describe('a server that accepts no client is named in one sentence, with what to do in another', () => {
  test('the cases exist', () => expect(servers).toHaveLength(THROUGH_CLI.length));

  test.each(servers.map((server): [string, RefusingServer] => [server.what, server]))(
    '%s',
    async (_, { start, target, transport = 'websocket', namespace, found, hint }) => {
      const { port, close } = await start();
      const filled = (text: string) =>
        text.replaceAll('HOST', `127.0.0.1:${port}`).replaceAll('TIMEOUT', '2000');
      const url = filled(target);
      const flags = [
        ...['--target', url, '--transport', transport, ...FEW],
        ...(namespace === undefined ? [] : ['--namespace', namespace]),
      ];
      const { code, stdout, stderr } = await sockbench('run', 'broadcast-latency', ...flags);
      await close();
      expect(stderr).toBe(
        `error: none of 3 clients could connect to ${url} over ${transport}: ${filled(found)}\n${filled(hint)}\n`,
      );
      expect(stdout).toBe('');
      expect(code).toBe(2);
    },
    // The default connect timeout alone, in place of the 2 s that are asked for, is 10 s.
    10_000,
  );
});

describe('serve', () => {
  test('prints where it listens, and rejects a port in use', async () => {
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
