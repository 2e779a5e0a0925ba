/**
 * What NestJS costs on top of the library under it: nest-socketio beside socketio, nest-ws beside ws. Requests that
 * are acknowledged, since each passes through the framework; of a broadcast only the publishing does. Runs in
 * rounds that begin with the one and the other in turn, so that a machine that warms up or slows down favours none.
 */
import { runSideBySide } from './side-by-side.ts';

const ROUNDS = 3;
// Every packet names its namespace, so both must have the same.
const PAIRS = [
  [
    ['--target', 'socketio', '--namespace', '/chats'],
    ['--target', 'nest-socketio', '--namespace', '/chats'],
  ],
  [
    ['--target', 'ws'],
    ['--target', 'nest-ws'],
  ],
];
// 3 s at 340/s are the 1,000 requests that a p99 needs.
const LOAD = ['--clients', '20', '--rate', '340/s', '--payload', '64B', '--seed', '1'];
const TIMING = ['--duration', '3s', '--warmup', '1s', '--warmup-max', '1s', '--drain', '2s'];

const targets = Array.from({ length: ROUNDS }, (_, round) =>
  PAIRS.flatMap((pair) => (round % 2 === 0 ? pair : pair.toReversed())),
).flat();

process.exitCode = runSideBySide(
  'framework-tax-',
  targets.map((target) => ['ack-roundtrip', ...target, ...LOAD, ...TIMING]),
);
