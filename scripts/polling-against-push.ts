/**
 * What polling costs and what it delays: one load over plain HTTP that asks at intervals, plain HTTP whose server
 * waits with its answer, Socket.IO's polling, Socket.IO's WebSocket and raw ws; one table and one page. Takes two
 * minutes.
 */
import { runSideBySide } from './side-by-side.ts';

const TARGETS = [
  ['--target', 'http-polling', '--transport', 'short-polling', '--poll-interval', '100ms'],
  ['--target', 'http-polling', '--transport', 'long-polling'],
  ['--target', 'socketio', '--transport', 'polling'],
  ['--target', 'socketio', '--transport', 'websocket'],
  ['--target', 'ws'],
];
// In each of five rooms some two messages a second: a client that asks ten times a second asks mostly in vain. All rooms
// together send the 200 broadcasts that a p95 needs. At random times, because evenly spaced messages would keep step
// with evenly spaced polls.
const LOAD = ['room-fanout', '--clients', '50', '--rooms', '5', '--rate', '11/s', '--arrival', 'poisson'];
const TIMING = ['--duration', '20s', '--warmup', '2s', '--warmup-max', '2s', '--drain', '2s'];

process.exitCode = runSideBySide(
  'polling-',
  TARGETS.map((target) => [...LOAD, ...target, ...TIMING]),
);
