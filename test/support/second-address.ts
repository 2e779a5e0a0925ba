/**
 * Child entry, in a network namespace with a second address and with name services of its own: tries to make sockbench
 * contact another host. Prints a JSON array of {@link Attempt}.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { runFake } from '../cli/fake-cli.ts';

/** What one command line came to. */
export interface Attempt {
  readonly shown: string;
  readonly exitCode: number;
  /** Errors, then the report. */
  readonly output: string;
  /** What reached the other host, DNS queries included. */
  readonly arrived: readonly string[];
}

const OTHER = '10.0.0.1';
const folder = mkdtempSync(join(tmpdir(), 'sockbench-second-'));
const arrived: string[] = [];

for (const port of [80, 443, 3000, 6379]) {
  const server = createServer((socket) => {
    arrived.push(`a connection to port ${port}`);
    socket.on('error', () => {});
    socket.destroy();
  }).listen(port, OTHER);
  await once(server, 'listening');
}
const dns = createSocket('udp4').bind(53, OTHER);
dns.on('message', () => arrived.push('a DNS query'));
await once(dns, 'listening');

/** Answers every request with a redirect to the other host. */
const redirecting = createHttpServer((_request, response) =>
  response.writeHead(302, { location: `http://${OTHER}:3000/` }).end(),
).listen(3000, '127.0.0.1');
await once(redirecting, 'listening');
await once(new WebSocketServer({ host: '127.0.0.1', port: 3001 }), 'listening');

const attempts: Attempt[] = [];

async function attempt(shown: string, ...args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runFake(...args);
  attempts.push({ shown, exitCode, output: stderr + stdout, arrived: arrived.splice(0) });
}

const short = [
  '--clients',
  '1',
  '--rate',
  '10/s',
  '--duration',
  '300ms',
  '--warmup',
  '0s',
  '--warmup-max',
  '0s',
];
const limits = ['--connect-timeout', '1s', '--drain', '100ms', '--out', join(folder, 'out'), '--quiet'];
const run = (shown: string, target: string, scenario = 'ack-roundtrip', ...more: readonly string[]) =>
  attempt(shown, 'run', scenario, '--target', target, ...short, ...limits, ...more);

const refused = [
  'http://127.0.0.1\\@10.0.0.1:3000/',
  'http://127.0.0.1:3000\\..\\@10.0.0.1:3000',
  'https://127.0.0.1\\@10.0.0.1:3000/',
  'ws://127.0.0.1\\@10.0.0.1:3000/',
  'wss://127.0.0.1:3000\\@10.0.0.1',
  'http://127.0.0.1:3000@10.0.0.1:3000',
  'http://10.0.0.1:3000',
  'http://0x0a000001:3000',
  'http://167772161:3000',
  'http://012.0.0.1:3000',
  'http://10.1:3000',
  'ws://10.0.0.1.:3000',
  'http://[::ffff:10.0.0.1]:3000',
  'http://[::1%25lo]:3000',
  'http://localhost.:3000',
  'http://127.0.0.1.nip.example:3000',
  'http://127.0.0.1\t@10.0.0.1:3000',
  'http://127.0.0.1\n@10.0.0.1:3000',
  'http:10.0.0.1:3000',
  'http://\uff11\uff10.0.0.1:3000',
  'http://other.example:3000',
];
for (const target of refused) await run(target, target);
for (const redis of [
  'redis://10.0.0.1',
  'redis://other.example',
  'rediss://127.0.0.1@10.0.0.1',
  'redis://0x7f.1',
]) {
  await attempt(redis, 'serve', 'socketio-redis', '--redis', redis);
  await run(`${redis} of a run`, 'socketio-redis', 'ack-roundtrip', '--redis', redis);
}

/** Writes a target file of a server at port 3000 of this machine. */
function targetFile(name: string, fields: string): string {
  const path = join(folder, name);
  writeFileSync(path, `export default { ${fields} };\n`);
  return path;
}

const request = `request: ({ payload }) => ({ event: 'hello', data: payload })`;
const url = `url: 'http://127.0.0.1:3000'`;
const odd = targetFile('path.mjs', `${url}, path: '@10.0.0.1:3000/x', ${request}`);
await run('a path that begins with @', odd);
await run('a path that begins with @, polling', odd, 'ack-roundtrip', '--transport', 'polling');
await run('a redirect, polling', 'http://127.0.0.1:3000', 'ack-roundtrip', '--transport', 'polling');
await run('a redirect, WebSocket', 'ws://127.0.0.1:3000');
await run('localhost that the system resolves to the other host', 'ws://localhost:3000');
await run('localhost, polling', 'http://localhost:3000', 'ack-roundtrip', '--transport', 'polling');
await run(
  'an absolute URL of publish',
  targetFile(
    'publish.mjs',
    `url: 'ws://127.0.0.1:3001', publish: () => ({ url: 'http://10.0.0.1:3000/' }), delivery: { event: 'x' }`,
  ),
  'broadcast-latency',
);
await run(
  'a command at an address of another host',
  'ws://10.0.0.1:3000',
  'ack-roundtrip',
  '--exec',
  'sleep 1',
);

console.log(JSON.stringify(attempts));
rmSync(folder, { recursive: true, force: true });
process.exit();
