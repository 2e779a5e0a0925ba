import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { listening } from '../support/refusing-servers.ts';
import { ANY_CPU, startSockbench, storedResult, temporaryFolder } from '../support/sockbench.ts';

const SENT = 40;
const SHORT = ['--duration', '400ms', '--warmup', '0s', '--warmup-max', '0s', '--drain', '2s', '--quiet'];
const FEW = ['--clients', '3', '--rate', `${SENT / 0.4}/s`, ...SHORT, ...ANY_CPU];

/** A chat that refuses every fourth message, and has each client acknowledge the others. */
async function askingServer() {
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  const acknowledged: unknown[][] = [];
  let said = 0;
  io.on('connection', (socket) => {
    // A client that sends an argument before its callback breaks this server.
    socket.on('hello', (acknowledge: (answer: unknown) => void) => acknowledge({ error: 'log in first' }));
    socket.on('say', (text: string, note: string, acknowledge: (...answer: unknown[]) => void) => {
      said += 1;
      if (said % 4 === 0) {
        acknowledge(note, { ok: false, reason: 'cool-down' });
        return;
      }
      acknowledge(note, { ok: true });
      for (const each of io.sockets.sockets.values()) {
        each.emit('said', text, (...given: unknown[]) => acknowledged.push(given));
      }
    });
  });
  return { ...(await listening(http)), acknowledged };
}

async function run(port: number, scenario: string, fields: string, ...args: string[]) {
  const [folder, out] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(
    join(folder, 'target.mjs'),
    `import { Arguments, defineTarget } from 'sockbench';
    export default defineTarget({ url: 'http://127.0.0.1:${port}', ${fields} });`,
  );
  const line = ['run', scenario, '--target', './target.mjs', ...FEW, ...args, '--out', out];
  const ended = await startSockbench(line, { cwd: folder }).ended;
  return { code: ended.code, stderr: ended.stderr, result: storedResult(out, ended) };
}

describe('a server that says no', () => {
  test.each(['wire', 'official'])('is measured by what it accepts, with the %s driver', async (driver) => {
    const { port, acknowledged, close } = await askingServer();
    const { result } = await run(
      port,
      'broadcast-latency',
      `publish: async ({ payload }) => ({
        event: 'say', data: new Arguments([payload, 'note']), reply: 'acknowledgement',
      }),
      delivery: { event: 'said', acknowledge: (text) => new Arguments([text.length, 'read']) },`,
      ...['--driver', driver, '--threshold', 'rejected<=25%'],
    );
    const rejected = SENT / 4;
    expect(result.rejected).toEqual([{ reason: 'cool-down', count: rejected }]);
    const delivered = 3 * (SENT - rejected);
    expect(result.ledger).toMatchObject({ expected: delivered, delivered, lost: 0, unexpected: 0 });
    expect(result.series['ack']?.count).toBe(SENT - rejected);
    expect(result.thresholds).toMatchObject([{ passed: true }]);
    expect(acknowledged).toHaveLength(delivered);
    expect(acknowledged[0]).toEqual([64, 'read']);
    await close();
  });

  test('to everything is INVALID, by its own words', async () => {
    const { port, close } = await askingServer();
    const { code, result } = await run(port, 'ack-roundtrip', `request: () => ({ event: 'hello' }),`);
    await close();
    expect(code).toBe(3);
    expect(result.invalid.map(({ code: of }) => of)).toContain('all_rejected');
    expect(result.rejected).toEqual([{ reason: 'log in first', count: SENT }]);
    expect(result.ledger).toMatchObject({ expected: 0, delivered: 0, lost: 0 });
    expect(result.series['ack']).toBeUndefined();
  });
});
