import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AttackCase } from '../attack.ts';

const LINKED_RUN = ['run', 'broadcast-latency', '--target', 'ws', '--clients', '4', '--quiet'];

/** Links that are impossible, and services that make none. */
export const linkCases: readonly AttackCase[] = [
  {
    name: 'links with wrong properties, values, shares and ways to make them',
    expected: 'exit code 2 before anything starts; the message names the value and what is allowed',
    attack: async (arena) => {
      const wrong: ReadonlyArray<readonly [args: readonly string[], message: RegExp]> = [
        [['--network', 'rtt=-80ms'], /--network: "-80ms" is not a duration/],
        [['--network', 'loss=1%'], /relay cannot make loss/],
        [
          ['--network', 'rtt=80ms', '--network-via', 'toxiproxy=example.org:8474'],
          /example\.org is not this/,
        ],
      ];
      for (const [args, message] of wrong) {
        const { code, stderr } = await arena.run([...LINKED_RUN, '--out', arena.out, ...args]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      }
    },
  },
  {
    name: 'a web server in place of Toxiproxy, and a port where nothing listens',
    expected: 'exit code 2; the message says what answered',
    attack: async (arena) => {
      const server = createServer((_, response) => response.end('<html>\u001b[31m')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const run = (at: number) =>
        arena.run([
          ...[...LINKED_RUN, '--out', arena.out, '--network', 'rtt=80ms'],
          ...['--network-via', `toxiproxy=127.0.0.1:${at}`],
        ]);
      const other = await run(port);
      server.close();
      server.closeAllConnections();
      assert.equal(other.code, 2, other.stderr);
      assert.match(other.stderr, /it does not answer as Toxiproxy does/);
      const nothing = await run(port);
      assert.equal(nothing.code, 2, nothing.stderr);
      assert.match(nothing.stderr, /ECONNREFUSED[\s\S]*Check that toxiproxy-server runs there/);
    },
  },
];
