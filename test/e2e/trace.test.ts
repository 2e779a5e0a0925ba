import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listening } from '../support/refusing-servers.ts';
import { sockbench } from '../support/sockbench.ts';

let server: Listening;
const folder = mkdtempSync(join(tmpdir(), 'sockbench-trace-'));

beforeAll(async () => {
  const http = createServer();
  new Server(http).on('connection', (socket) => {
    socket.emit('welcome', 'to\u202e\u009byou');
    socket.on('say', ({ text }) => socket.nsp.emit('said', { body: { text } }));
  });
  server = await listening(http);
});
afterAll(() => server.close());

/** Traces a target that expects a message by this event. */
function trace(delivery: string, ...flags: readonly string[]) {
  const file = join(folder, `${delivery}.target.mjs`);
  const url = `http://127.0.0.1:${server.port}`;
  writeFileSync(
    file,
    `export default {
      url: '${url}',
      publish: ({ payload }) => ({ event: 'say', data: { text: payload } }),
      delivery: { event: '${delivery}' },
    };`,
  );
  return sockbench('trace', '--target', file, ...flags);
}

test('shows each frame with the reading of the target, and that it measures', async () => {
  const { code, stdout } = await trace('said');
  expect(code).toBe(0);
  expect(stdout).toMatch(/ 0 > open .*GET \/socket\.io\//);
  expect(stdout).toMatch(/ 1 < connect .*40\{"sid"/);
  expect(stdout).toMatch(
    / 0 < event .*42\["welcome","to\\u202e\\x9byou"\]\n {15}event "welcome", not named by the target\n/,
  );
  expect(stdout).toMatch(/ 0 > event .*42\["say",\{"text":"sbm0/);
  for (const client of [0, 1]) {
    expect(stdout).toMatch(
      new RegExp(
        ` ${client} < event .*\\["said".*\\n {15}event "said" \\(delivery\\); payload at data\\.body\\.text; counts for\\n {15}client ${client}\\n`,
      ),
    );
  }
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).toMatch(/1 message was published and delivered to 2 clients\.\nThis target measures\.\n$/);
});

test('says over polling what is missing, and what to do', async () => {
  const { code, stdout } = await trace('update', '--transport', 'polling', '--drain', '100ms');
  expect(code).toBe(3);
  expect(stdout).toMatch(/ 0 > connect +2 {2}40\n/);
  expect(stdout).toMatch(
    /This target does not measure yet:\nthe payload came in the event "said", at data\.body\.text; delivery names update\.\nNext: Set delivery: \{ event: "said" \} in the target file\.\n$/,
  );
});
