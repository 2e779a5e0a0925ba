/**
 * The main job: the three scenarios over Socket.IO websocket, Socket.IO polling and raw ws, one after the
 * other; one table and one page.
 */
import { runSideBySide } from './side-by-side.ts';

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

process.exitCode = runSideBySide(
  'bench-',
  SCENARIOS.flatMap((scenario) => TARGETS.map((target) => [...scenario, ...target, ...TIMING])),
);
