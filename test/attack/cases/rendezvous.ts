import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { AttackCase } from '../attack.ts';

/** Places and times at which shards cannot meet. */
export const rendezvous: readonly AttackCase[] = [
  {
    name: 'a rendezvous whose folder is missing or whose port is taken, and a start time that is past',
    expected: 'exit 2, names it, before a client connects',
    async attack(arena) {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const given = [
        ['--rendezvous', `${arena.folder}/missing`],
        ['--rendezvous', `http://127.0.0.1:${(taken.address() as AddressInfo).port}`],
        ['--start-at', '2026-01-02T03:04:05Z'],
      ] as const;
      const shard = [
        '--target',
        `ws://127.0.0.1:${arena.port}`,
        '--clients',
        '4',
        '--shard',
        '1/2',
        '--quiet',
      ];
      try {
        for (const [flag, value] of given) {
          const args = ['run', 'broadcast-latency', ...shard, flag, value, '--out', arena.out];
          const { code, stdout, stderr } = await arena.run(args);
          assert.deepEqual([value, code, stdout], [value, 2, ''], stderr);
          assert.ok(stderr.includes(value.replace('http://', '')), `${value} is not named: ${stderr}`);
        }
      } finally {
        taken.close();
      }
    },
  },
];
