import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repeatedSchema } from '../../src/result/repeated.ts';
import { faultyCommand, freePort, startSockbench } from '../support/sockbench.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockbench-repeat-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('keeps every start when the server fails in one of them and the user stops a later one', async () => {
  const port = await freePort();
  const [count, out] = [join(folder, 'count'), join(folder, 'out')];
  // The second server does not start.
  writeFileSync(count, '');
  const server = `sh -c 'printf x >> ${count}; [ $(wc -c < ${count}) = 2 ] && exit 7; exec ${faultyCommand(port, 'none')}'`;
  const run = startSockbench([
    ...['run', 'broadcast-latency', '--target', `ws://127.0.0.1:${port}`, '--exec', server],
    ...['--clients', '3', '--rate', '30/s', '--duration', '3s', '--warmup', '0s', '--warmup-max', '0s'],
    ...['--pin', 'off', '--repeat', '8', '--progress', 'json', '--out', out],
  ]);
  // Measuring of the third start has begun.
  await run.said(/"type":"phase","atMs":\d+,"run":3,"phase":"measure"/);
  expect(readdirSync(out)).toEqual([expect.stringMatching(/-8-starts\.so-far\.json$/)]);
  run.child.kill('SIGINT');
  const { code, stdout } = await run.ended;
  expect(stdout).toMatch(/PARTIAL, INVALID: start 2: /);
  expect(code).toBe(3);
  const file = readdirSync(out).find((name) => name.endsWith('-8-starts.json')) ?? '';
  const stored = repeatedSchema.parse(JSON.parse(readFileSync(join(out, file), 'utf8')));
  expect(stored.status).toBe('partial');
  expect(stored.design).toEqual({ repeat: 8, restartsServer: true, confidence: 0.95 });
  expect(stored.starts.map(({ start, result }) => [start, result?.status ?? null])).toEqual([
    [1, 'complete'],
    [2, null],
    [3, 'partial'],
  ]);
  expect(stored.starts.map(({ result }) => result?.plan.seed ?? null)).toEqual([1, null, 3]);
  expect(stored.starts[1]?.error?.code).toBe('exec_failed');
  expect(stored.excluded.map(({ start }) => start)).toEqual(expect.arrayContaining([2, 3]));
  expect(stored.starts[2]?.result?.invalid.map(({ code: each }) => each)).toContain('interrupted');
  expect(readdirSync(out).filter((name) => name.endsWith('so-far.json'))).toEqual([]);
});
