/**
 * Proves that a long run takes a bounded amount of memory and leaves a small result: a run of some minutes against the
 * reference server ws, during which the memory of the coordinator and of the generator is read. Exits with 1 if the
 * smallest reading of the last fifth is more than 8 MiB above that of the second fifth, or the result has 20 MB.
 *
 * The smallest reading is one soon after a garbage collection. Between two of them, which lie up to two minutes apart,
 * memory rises by some 10 MiB: arrays outside of V8's heap, of snapshots and of histograms that are encoded. Runs below 15
 * minutes therefore prove little.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readRssBytes } from '../src/run/server/process-tree.ts';
import { formatBytes } from '../src/units.ts';

const MAX_GROWTH_BYTES = 8 * 1024 ** 2;
const MAX_RESULT_BYTES = 20e6;
const READING_MS = 1000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    out: { type: 'string', default: 'reports/soak' },
  },
});
const { minutes, out } = values;
const started = Date.now();

const soaking = spawn(
  process.execPath,
  [
    ...[join(import.meta.dirname, '../bin/sockbench.js'), 'run', 'broadcast-latency', '--target', 'ws'],
    ...['--clients', '100', '--rate', '50/s', '--duration', `${Number(minutes) * 60}s`, '--out', out],
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
const readings: number[] = [];
const timer = setInterval(() => {
  const rssBytes = soaking.pid === undefined ? 0 : readRssBytes(soaking.pid);
  // 0 for a process that has just ended.
  if (rssBytes > 0) readings.push(rssBytes);
}, READING_MS);
soaking.on('exit', () => {
  clearInterval(timer);
  judgeSoak();
});

/** How much the smallest of the last fifth of the readings is above that of the second fifth. */
function rssGrowth(rssBytes: readonly number[]): number {
  const smallestIn = (fifth: number) =>
    Math.min(
      ...rssBytes.slice(
        Math.floor((fifth * rssBytes.length) / 5),
        Math.floor(((fifth + 1) * rssBytes.length) / 5),
      ),
    );
  return smallestIn(4) - smallestIn(1);
}

function judgeSoak(): void {
  const paths = readdirSync(out).filter((name) => name.endsWith('.json'));
  const path = paths.map((name) => join(out, name)).find((each) => statSync(each).mtimeMs > started);
  if (path === undefined) throw new Error(`the run left no result in ${out}`);
  const { telemetry, timing, snapshotCostMaxMs } = JSON.parse(readFileSync(path, 'utf8'));
  const measured = (samples: ReadonlyArray<{ atMs: number; rssMeanBytes: number }>) =>
    samples
      .filter(({ atMs }) => atMs > 0 && atMs <= timing.measureMs)
      .map(({ rssMeanBytes }) => rssMeanBytes);
  const checks = [
    { name: 'coordinator', bytes: rssGrowth(readings), max: MAX_GROWTH_BYTES },
    ...telemetry.workers.map(({ role, samples }: { role: string; samples: [] }) => {
      return { name: role, bytes: rssGrowth(measured(samples)), max: MAX_GROWTH_BYTES };
    }),
    { name: 'result', bytes: statSync(path).size, max: MAX_RESULT_BYTES },
  ];
  for (const { name, bytes, max } of checks) {
    const verdict = bytes <= max ? 'ok' : 'TOO MUCH';
    console.log(
      `${name.padEnd(12)} ${formatBytes(bytes).padStart(9)}, at most ${formatBytes(max)}: ${verdict}`,
    );
  }
  console.log(`longest snapshot of a worker: ${snapshotCostMaxMs.toFixed(2)} ms`);
  process.exitCode = checks.every(({ bytes, max }) => bytes <= max) ? 0 : 1;
}
