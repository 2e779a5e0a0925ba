import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runResultSchema } from '../../src/result/run-result.ts';
import {
  freePort,
  NOISE,
  type Running,
  sockbench,
  startSockbench,
  storedResult,
  temporaryFolder,
} from '../support/sockbench.ts';

const COUNT = 2;
const LOAD = [
  '--clients',
  '7',
  '--rate',
  '100/s',
  '--duration',
  '1s',
  '--warmup',
  '500ms',
  '--warmup-max',
  '500ms',
];

const folder = temporaryFolder();
let server: Running;
let url = '';

beforeAll(async () => {
  const port = await freePort();
  url = `ws://127.0.0.1:${port}`;
  server = startSockbench(['serve', 'ws', '--port', String(port)]);
  await server.said('listens at');
});

afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
});

let attempt = 0;

/** Carries out all shards at once; returns their files. */
async function runShards(...args: readonly string[]): Promise<string[]> {
  attempt += 1;
  const meeting = join(folder, `meeting-${attempt}`);
  const out = join(folder, `shards-${attempt}`);
  mkdirSync(meeting);
  const runs = Array.from({ length: COUNT }, (_, shard) =>
    sockbench(
      ...['run', ...args, ...LOAD, '--target', url, '--shard', `${shard + 1}/${COUNT}`],
      ...['--rendezvous', meeting, '--out', out, '--format', 'json', '--quiet'],
    ),
  );
  for (const { code, stderr } of await Promise.all(runs)) {
    // Other work on the machine may make a shard invalid; it is stored all the same.
    expect([0, 3], stderr).toContain(code);
  }
  return readdirSync(out).map((file) => join(out, file));
}

async function mergeShards(files: readonly string[]) {
  const out = join(folder, `merged-${attempt}`);
  const ended = await sockbench(
    'merge',
    ...files,
    '--out',
    out,
    '--format',
    'text',
    '--threshold',
    'lost==0',
  );
  return { ...ended, result: runResultSchema.parse(storedResult(out, ended)) };
}

describe('real shards', () => {
  test('of a broadcast merge into one run', async () => {
    const { result, stdout } = await mergeShards(await runShards('broadcast-latency'));
    // Other work on the machine may make the run invalid; the counts are exact all the same.
    expect(result.invalid.filter(({ code }) => !NOISE.includes(code))).toEqual([]);
    expect(result.shards?.map(({ index, lateMs }) => [index, lateMs])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(result.clients).toMatchObject({ planned: 7, connected: 7 });
    expect(result.rate).toMatchObject({ intended: 100, sent: 100 });
    expect(result.ledger).toMatchObject({
      expected: 700,
      delivered: 700,
      lost: 0,
      unexpected: 0,
      duplicated: 0,
    });
    expect(result.samples).toEqual({ unit: 'broadcast', count: 100, incomplete: 0 });
    const counts = ['delivery', 'fanout_first', 'fanout_last', 'fanout_skew', 'connect'];
    expect(counts.map((series) => result.series[series]?.count)).toEqual([700, 100, 100, 100, 7]);
    // Each interval holds the messages that were due in it.
    expect(result.intervals[0]).toMatchObject({
      startMs: 0,
      sent: 100,
      expected: 700,
      delivered: 700,
      lost: 0,
    });
    expect(result.telemetry.workers.map(({ role }) => role.replace(/ \(.*/, ''))).toEqual([
      'shard 1, generator 1',
      'shard 2, generator 1',
    ]);
    expect(stdout).toContain('passed: lost==0: 0');
  });
});
