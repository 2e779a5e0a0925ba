import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/sockbench.ts';
import { runFake } from './fake-cli.ts';

const RUN = ['run', 'broadcast-latency', '--target', 'ws://127.0.0.1:9', '--clients', '10'];
const SOON = ['--start-at', new Date(Date.now() + 3600e3).toISOString()];

/** Command lines that are rejected before anything starts: arguments, then what the error names. */
const REJECTED: ReadonlyArray<readonly [what: string, args: readonly string[], named: readonly RegExp[]]> = [
  ['without a rendezvous', [...RUN, '--shard', '2/4'], [/shard 2\/4/, /--rendezvous DIR/, /--start-at TIME/]],
  ['with two', [...RUN, '--shard', '2/4', '--rendezvous', '.', ...SOON], [/--start-at/, /--rendezvous \./]],
  ['that is not one', [...RUN, '--shard', '2of4', ...SOON], [/"2of4"/, /2\/4/]],
  ['beyond the last', [...RUN, '--shard', '5/4', ...SOON], [/"5\/4"/, /1\/4 is the first/]],
  ['counted from 0', [...RUN, '--shard', '0/4', ...SOON], [/"0\/4"/, /count from 1/]],
  ['without clients', [...RUN, '--shard', '11/12', ...SOON], [/of 10 clients, shard 11\/12 has 0/]],
  [
    'with fewer clients than workers',
    [...RUN, '--shard', '2/4', '--workers', '4', ...SOON],
    [/of 10 clients, shard 2\/4 has 3, fewer than --workers 4/],
  ],
  ['from an environment without one', [...RUN, '--shard', 'env', ...SOON], [/JOB_COMPLETION_INDEX/]],
  [
    'of a reference server',
    ['run', 'broadcast-latency', '--target', 'ws', '--shard', '1/2', ...SOON],
    [/each shard would start the reference server ws/, /sockbench serve/],
  ],
  [
    'with a command for the server',
    [...RUN, '--exec', 'node server.js', '--shard', '1/2', ...SOON],
    [/each shard would start the command of --exec/],
  ],
  [
    'whose clients lose messages of other shards while they are away',
    [...RUN, '--disrupt', 'reset at=1s', '--reconnect', 'immediate', '--shard', '1/2', ...SOON],
    [/--disrupt: messages of broadcast-latency go to clients of other shards/, /without --shard/],
  ],
  [
    'whose clients may come back',
    [...RUN, '--reconnect', 'immediate', '--shard', '1/2', ...SOON],
    [/--reconnect: messages of broadcast-latency/],
  ],
  [
    'that would restart the server of all',
    ['run', 'ack-roundtrip', ...RUN.slice(2), '--disrupt', 'restart at=1s', '--shard', '1/2', ...SOON],
    [/--disrupt restart needs a server that sockbench has started/],
  ],
  [
    'that would start and restart a server of its own',
    [...RUN, '--exec', 'node a.js', '--disrupt', 'restart at=1s', '--shard', '1/2', ...SOON],
    [/each shard would start the command of --exec/],
  ],
  ['at a time that has passed', [...RUN, '--shard', '1/2', '--start-at', '2026-01-01T00:00:00Z'], [/ago/]],
  [
    'in a folder that does not exist',
    [...RUN, '--shard', '1/2', '--rendezvous', '/none/here'],
    [/\/none\/here/],
  ],
];

describe('a shard is rejected', () => {
  it.each(REJECTED)('%s', async (_, args, named) => {
    const { exitCode, stdout, stderr } = await runFake(...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    for (const each of named) expect(stderr).toMatch(each);
  });

  it('of clients that only listen', async () => {
    const target = join(temporaryFolder(), 'target.mjs');
    const observed = "{ url: 'ws://127.0.0.1:9', observe: { event: 'tick', key: (data) => data.n } }";
    writeFileSync(target, `export default ${observed};`);
    const args = ['run', 'observe', '--target', target, '--shard', '1/2', ...SOON];
    const { exitCode, stderr } = await runFake(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/the clients of observe only listen/);
  });

  it.each(['--rendezvous', '--start-at'])('when %s is given without --shard', async (flag) => {
    const { exitCode, stderr } = await runFake(...RUN, flag, '.');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`${flag} is for a run in several shards`));
  });
});
