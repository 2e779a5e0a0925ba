/**
 * What NestJS costs on top of the library under it: nest-socketio against socketio, nest-ws against ws. Requests that
 * are acknowledged, since each passes through the framework; of a broadcast only the publishing does.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SOCKBENCH = join(import.meta.dirname, '..', 'bin', 'sockbench.js');
// Every packet names its namespace, so both must have the same.
const PAIRS = [
  ['socketio --namespace /chats', 'nest-socketio --namespace /chats'],
  ['ws', 'nest-ws'],
];
const LOAD = ['--clients', '20', '--rate', '340/s', '--payload', '64B', '--seed', '1'];

for (const [library = '', framework = ''] of PAIRS) {
  const arms = ['--arm', `library: ${library}`, '--arm', `framework: ${framework}`];
  const args = ['compare', 'ack-roundtrip', ...arms, ...LOAD];
  const { status } = spawnSync(process.execPath, [SOCKBENCH, ...args], { stdio: 'inherit' });
  process.exitCode ||= status ?? 1;
}
