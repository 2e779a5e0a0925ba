import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseCpuProfile } from '../../src/run/cpu-profile.ts';
import { ANY_CPU, freePort, startSockbench, storedResult, temporaryFolder } from '../support/sockbench.ts';

const WS = fileURLToPath(import.meta.resolve('ws'));

/** A server whose function `burn` takes milliseconds for each message. */
const BURNING = `import { WebSocketServer } from ${JSON.stringify(WS)};
function burn() { let sum = 0; for (let i = 0; i < 2e6; i++) sum += i % 7; return sum; }
const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' });
server.on('connection', (socket) => socket.on('message', (text) => {
  if (burn() === 0) return;
  const { event, data, id } = JSON.parse(text);
  socket.send(JSON.stringify({ event, data, ack: id }));
}));
`;

const LOAD = ['--clients', '2', '--rate', '100/s', '--duration', '1s', ...ANY_CPU];

it('a run with --profile writes a profile of the measured time, and lists the functions of the server', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'server.mjs'), BURNING);
  const port = await freePort();
  const exec = `"${process.execPath}" server.mjs ${port}`;
  const target = ['--target', `ws://127.0.0.1:${port}`, '--exec', exec, '--warmup', '200ms'];
  const args = ['run', 'ack-roundtrip', ...target, '--warmup-max', '200ms', ...LOAD, '--profile'];
  const ended = await startSockbench([...args, '--out', 'out'], { cwd: folder }).ended;
  const result = storedResult(join(folder, 'out'), ended);
  const [profile] = result.profiles ?? [];
  if (profile === undefined) throw new Error(ended.stdout + ended.stderr);
  expect(result.findings.map(({ code }) => code)).toContain('profiled');
  expect(profile.functions[0]).toMatchObject({ name: 'burn', file: 'server.mjs', line: 2 });
  expect(profile.functions.map(({ file }) => file).join(' ')).not.toContain('measure/probe');
  expect(profile.sampledMs).toBeCloseTo(result.timing.measureMs, 3);
  const stored = parseCpuProfile(readFileSync(join(folder, 'out', profile.file ?? ''), 'utf8'));
  expect((stored.endTime - stored.startTime) / 1000).toBeCloseTo(profile.sampledMs, 3);
  expect(ended.stdout).toMatch(/CPU profile: server\n.*\nburn +[\d.]+ +[\d.,]+ +server\.mjs:2\n/);
});
