import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { temporaryFolder, watch } from '../support/sockbench.ts';
import { countedWs } from './counted-servers.ts';
import { ARTILLERY_TEST, missingArtillery } from './run-artillery.ts';

skipWhenMissing(missingArtillery);

const COMMAND = join(import.meta.dirname, '../../scripts/artillery/artillery.ts');
/** Two users instead of those of the file, in one second. */
const FEW = ['--overrides', '{"config":{"phases":[{"duration":1,"arrivalRate":2}]}}'];

/** Starts what `npm run artillery` runs, in a folder of its own. */
function start(...args: string[]) {
  const cwd = temporaryFolder();
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ARTILLERY_TEST.timeout,
  });
  return { cwd, ...watch(child) };
}

const serverOf = (stderr: string) => /listens at (\S+)/.exec(stderr)?.[1] ?? '';

async function expectGone(url: string): Promise<void> {
  await expect(fetch(url.replace('ws:', 'http:'))).rejects.toThrow('fetch failed');
}

describe('npm run artillery', ARTILLERY_TEST, () => {
  it.concurrent('runs a scenario against a server that it starts and stops, and leaves a report', async () => {
    const { cwd, ended } = start('ws/ack-roundtrip', ...FEW);
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Summary report') });
    await expectGone(serverOf(stderr));
    const [report = ''] = readdirSync(join(cwd, 'reports'));
    expect(report).toMatch(/^artillery-ws-ack-roundtrip-.*\.json$/);
    const { aggregate } = JSON.parse(readFileSync(join(cwd, 'reports', report), 'utf8'));
    expect(aggregate.counters).toMatchObject({ 'vusers.completed': 2, 'websocket.messages_received': 40 });
  });

  it.concurrent('starts no server with --target', async () => {
    const server = await countedWs();
    const { code, stderr } = await start('ws/ack-roundtrip', ...FEW, '--target', server.url).ended;
    await server.close();
    expect({ code, received: server.counts.received }).toEqual({ code: 0, received: { hello: 40 } });
    expect(stderr).not.toContain('listens at');
  });

  it.concurrent('stops the server when Artillery fails, and passes its exit code on', async () => {
    const { code, stdout, stderr } = await start('socketio/chat', '--overrides', '{').ended;
    expect({ code, output: stdout + stderr }).toMatchObject({
      code: 1,
      output: expect.stringMatching(/JSON/),
    });
    await expectGone(serverOf(stderr));
  });

  it.concurrent('stops Artillery and the server with Ctrl-C', async () => {
    const { child, said, ended } = start('socketio/chat');
    await said('Phase started');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    await expectGone(serverOf(stderr));
  });

  it.concurrent('describes all scenarios without arguments', async () => {
    const { code, stdout } = await start().ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}sockbench\/broadcast-latency +\S.*\n/m);
    expect(stdout).toMatch(/^ {2}socketio-v3\/room-fanout +\S.*\n/m);
  });

  it.concurrent('rejects an unknown name before anything starts', async () => {
    const { code, stderr } = await start('room-fanaut').ended;
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean room-fanout?'),
    });
  });
});
