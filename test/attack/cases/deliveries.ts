import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../../../src/result/run-result.ts';
import type { Arena, AttackCase } from '../attack.ts';

/** Deliveries that were never sent, damaged payloads, and text that looks like stamps. */
export const deliveries: readonly AttackCase[] = [
  ...['invented-numbers', 'invented-messages', 'earlier-times'].map(
    (fault): AttackCase => ({
      name: `a server with ${fault.replace('-', ' ')}`,
      expected: 'as many lost as unexpected, exit 99 with lost==0, or 3 on a busy machine',
      ...(fault === 'invented-numbers' ? { inCi: true } : {}),
      attack: async (arena) => {
        const { code, ledger, stdout } = await runAgainst(arena, fault, '--threshold', 'lost==0');
        const lost = fault === 'invented-messages' ? 1000 : 20;
        assert.ok(code === 99 || code === 3, `exit ${code}`);
        assert.deepEqual(ledger, { ...PERFECT, delivered: 2000 - lost, lost, unexpected: lost });
        assert.match(stdout, /number, time or stream that was not sent in this run/);
      },
    }),
  ),
  {
    name: 'a server that cuts payloads',
    expected: 'those are corrupted, exit 99 with corrupted==0, or 3',
    attack: async (arena) => {
      const { code, ledger } = await runAgainst(arena, 'cut-payloads', '--threshold', 'corrupted==0');
      assert.ok(code === 99 || code === 3, `exit ${code}`);
      assert.deepEqual(ledger, { ...PERFECT, delivered: 1980, lost: 20, corrupted: 20 });
    },
  },
  {
    name: 'a server that changes payloads',
    expected: 'those are corrupted with --verify',
    attack: async (arena) => {
      const { ledger } = await runAgainst(arena, 'changed-payloads', '--verify');
      assert.deepEqual(ledger, { ...PERFECT, delivered: 1980, lost: 20, corrupted: 20 });
    },
  },
  ...[100_000, 3_000_000].map(
    (marks): AttackCase => ({
      name: `a server that sends ${(marks * 3) / 1e6} MB of text like stamps`,
      expected: 'unexpected, and the rest is measured',
      // Server and generator hold the text once for each client.
      mib: 600,
      attack: async (arena) => {
        const { ledger } = await runAgainst(arena, `hostile-text ${marks}`);
        assert.deepEqual(ledger, { ...PERFECT, delivered: 2000, unexpected: 10 });
      },
    }),
  ),
];

const SERVER = fileURLToPath(new URL('../../support/faulty-server.ts', import.meta.url));
const PERFECT = {
  expected: 2000,
  lost: 0,
  unknown: 0,
  missed: 0,
  duplicated: 0,
  dropped: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
};

/** A run of 200 messages to 10 clients within a second. On a busy machine it is late and invalid, and as complete. */
async function runAgainst({ run, out, port }: Arena, fault: string, ...more: readonly string[]) {
  const url = `ws://127.0.0.1:${port}`;
  const exec = `${process.execPath} ${SERVER} ${port} ${fault}`;
  const load = ['--clients', '10', '--rate', '200/s', '--duration', '1s', '--warmup', '500ms'];
  const times = ['--warmup-max', '500ms', '--drain', '1s', '--out', out, '--quiet'];
  const args = ['run', 'broadcast-latency', '--target', url, '--exec', exec, ...load, ...times, ...more];
  const { code, stdout } = await run(args);
  const [file = ''] = readdirSync(out).filter((name) => name.endsWith('.json'));
  const { late: _, anomalies: _rows, anomalyCount: _count, ...ledger } = readRun(join(out, file)).ledger;
  return { code, stdout, ledger };
}

function readRun(path: string): RunResult {
  return JSON.parse(readFileSync(path, 'utf8')) as RunResult;
}
