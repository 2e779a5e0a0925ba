/**
 * What polling costs and what it delays: one scenario over plain HTTP that asks at intervals, plain HTTP whose server
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
const TIMING = ['--warmup', '2s', '--warmup-max', '2s', '--drain', '2s'];

process.exitCode = runSideBySide(
  'polling-',
  TARGETS.map((target) => ['polling-vs-push', ...target, ...TIMING]),
);
