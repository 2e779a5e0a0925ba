/**
 * The main job: the three scenarios over Socket.IO websocket, Socket.IO polling and raw ws, one after the
 * other; one table and one page. A loop over the command line, with no logic of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SCENARIOS = [
  ['broadcast-latency', '--clients', '15', '--rate', '260/s'],
  ['room-fanout', '--clients', '40', '--rooms', '4', '--rate', '260/s'],
  ['ack-roundtrip', '--clients', '20', '--rate', '260/s'],
];
const TARGETS = [
  ['--target', 'socketio', '--transport', 'websocket'],
  ['--target', 'socketio', '--transport', 'polling'],
  ['--target', 'ws'],
];
// 4 s at 260/s are the 1,000 broadcasts or requests that a p99 needs.
const TIMING = ['--duration', '4s', '--warmup', '1s', '--warmup-max', '1s', '--drain', '2s'];

const sockbench = join(import.meta.dirname, '..', 'bin', 'sockbench.js');
mkdirSync('reports', { recursive: true });
const folder = mkdtempSync(join('reports', 'bench-'));

function run(args: readonly string[], stdout: 'inherit' | 'ignore'): number {
  return (
    spawnSync(process.execPath, [sockbench, ...args], { stdio: ['ignore', stdout, 'inherit'] }).status ?? 1
  );
}

for (const scenario of SCENARIOS) {
  for (const target of TARGETS) {
    const what = [...scenario, ...target];
    process.stderr.write(`sockbench run ${what.join(' ')}\n`);
    const status = run(['run', ...what, ...TIMING, '--format', 'json', '--out', folder, '--quiet'], 'ignore');
    // 3 is an invalid run: its row says so, and the others are still worth having.
    if (status !== 0 && status !== 3) process.exit(status);
  }
}

const results = readdirSync(folder).filter((file) => file.endsWith('.json'));
const paths = results.map((file) => join(folder, file));
run(['report', ...paths, '--format', 'table'], 'inherit');
process.exitCode = run(['report', ...paths, '--format', 'html', '--out', folder], 'inherit');
