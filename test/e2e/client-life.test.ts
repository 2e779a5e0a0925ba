import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocksOf, pages } from '../docs/pages.ts';
import { demandingSocketio, demandingWs, PASSWORD } from '../support/demanding-server.ts';
import { ANY_CPU, startSockbench, storedResult, temporaryFolder } from '../support/sockbench.ts';

const SENT = 20;
const CLIENTS = 3;
const USERS = ['user-0', 'user-1', 'user-2'];
const TIMES = ['--duration', '1s', '--warmup', '0s', '--warmup-max', '0s', '--drain', '2s', '--quiet'];
const FEW = ['--clients', `${CLIENTS}`, '--rate', `${SENT}/s`, ...TIMES, ...ANY_CPU];

/** The example of the documentation, for a server at a port. */
function documentedTarget(port: number, scheme: 'ws' | 'http'): string {
  const [example = ''] = pages
    .filter(({ path }) => path === 'docs/your-own-server.md')
    .flatMap(blocksOf)
    .map(({ text }) => text)
    .filter((text) => text.includes('keepAlive') && text.startsWith('import'));
  expect(example.trim().split('\n').length).toBeLessThan(25);
  return example
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
    .replace("url: 'ws:", `url: '${scheme}:`)
    .replace("every: '25s'", "every: '200ms'");
}

async function runWith(target: string, password: string, ...args: string[]) {
  const [folder, out] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(folder, 'demanding.target.ts'), target);
  const flags = ['--target', './demanding.target.ts', ...FEW, ...args, '--out', out];
  const env = { ...process.env, PASSWORD: password };
  const ended = await startSockbench(['run', ...flags], { cwd: folder, env }).ended;
  return { ...ended, result: () => storedResult(out, ended) };
}

describe('a server that wants a login, a hello, answers to its pings and a goodbye', () => {
  test.each<[what: string, scheme: 'ws' | 'http', start: typeof demandingWs, ...args: string[]]>([
    ['raw WebSocket', 'ws', demandingWs],
    ['Socket.IO by polling and after the upgrade', 'http', demandingSocketio, '--transport', 'upgrade'],
  ])('is measured by the documented target, over %s', async (_, scheme, start, ...args) => {
    const { port, log, close } = await start();
    const target = documentedTarget(port, scheme);
    const { result, stderr } = await runWith(target, PASSWORD, 'broadcast-latency', ...args);
    await close();
    expect(stderr).toBe('');
    const expected = SENT * CLIENTS;
    expect(result().ledger).toMatchObject({ expected, delivered: expected, lost: 0, duplicated: 0 });
    expect(result().clients).toMatchObject({ connected: CLIENTS, failures: [], dropped: [] });
    expect(log.closed).toEqual([]);
    expect(log.logins.toSorted()).toEqual(USERS);
    expect(log.left.toSorted()).toEqual(USERS);
    // Each client sent some of them while the run measured for a second.
    expect(log.alive).toBeGreaterThanOrEqual(2 * CLIENTS);
    expect(log.pongs).toBeGreaterThanOrEqual(2 * CLIENTS);
  });

  test('says why it lets nobody in, in its own words', async () => {
    const { port, close } = await demandingWs();
    const { code, stderr } = await runWith(documentedTarget(port, 'ws'), 'guessed', 'broadcast-latency');
    await close();
    expect(code).toBe(2);
    const [error = '', hint] = stderr.split('\n');
    expect(error.replace(/user-\d|client \d/g, 'X')).toBe(
      `error: none of 3 clients could connect to ws://127.0.0.1:${port}: X: prepare of demanding.target.ts (line 5) failed: HTTP status 401 Unauthorized: {"error":"wrong password for X"}`,
    );
    expect(hint).toBe('Check that function of the target file, and the log of the server.');
  });

  test('closes clients that do not answer, and its reason is named', async () => {
    const { port, close } = await demandingWs(200);
    const target = documentedTarget(port, 'ws').replace(/\n *answer: .*/, '');
    const { code, stdout, stderr } = await runWith(
      target,
      PASSWORD,
      'broadcast-latency',
      '--duration',
      '10s',
    );
    await close();
    expect(code).toBe(3);
    // They may be closed before or after something was measured.
    expect(stdout + stderr).toContain('closed with 4400 silent for too long');
  });
});
