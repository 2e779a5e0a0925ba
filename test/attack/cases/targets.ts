import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { faultyCommand } from '../../support/sockbench.ts';
import type { Arena, AttackCase } from '../attack.ts';
import { expectSentence } from './files.ts';

const WS = JSON.stringify(createRequire(import.meta.url).resolve('ws'));

/** A server that does `onMessage` for each message. */
const server = (onMessage: string, onConnection = '') => `
const { WebSocketServer } = require(${WS});
const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' });
server.on('connection', (socket) => {
  ${onConnection}
  socket.on('message', (text) => { const { event, data, id } = JSON.parse(text); ${onMessage} });
});`;

const BROADCAST = `for (const client of server.clients)
  client.send(JSON.stringify({ event: 'receive_message', data: data.message }));`;

/** Writes a server and a target for it, and runs a command against both. */
function against(arena: Arena, args: readonly string[], code: string, fields = '') {
  const exec = `"${process.execPath}" "${arena.file('server.cjs', code)}" ${arena.port}`;
  const target = arena.file(
    'sockbench.target.mjs',
    `export default {
      url: 'ws://127.0.0.1:${arena.port}',
      exec: ${JSON.stringify(exec)},
      publish: ({ payload, scope }) =>
        ({ event: 'send_message', data: { message: payload, scope }, reply: 'acknowledgement' }),
      delivery: { event: 'receive_message' },
      ${fields}
    };`,
  );
  return arena.run([...args, '--target', target]);
}

const REJECTING = server(
  `socket.send(JSON.stringify({ event, ack: id, data: { error: 'a\\u001b[31m'.repeat(1000) } }));`,
);

/** Servers and files that mislead `trace`, reject messages, or fill payloads. */
export const targets: readonly AttackCase[] = [
  {
    name: 'trace of a server that floods its clients, with names of its own',
    expected: 'exit 0, and at most 600 lines of 80 columns',
    inCi: true,
    mib: 600,
    seconds: 60,
    attack: async (arena) => {
      const flood = `let count = 0; const timer = setInterval(() => {
        for (let each = 0; each < 50; each++) socket.send(JSON.stringify({ event: 'n' + (count++ % 5000) }));
      }, 10); socket.on('close', () => clearInterval(timer));`;
      const echo = `socket.send(JSON.stringify({ event, ack: id, data: null })); ${BROADCAST}`;
      const { code, stdout, stderr } = await against(arena, ['trace'], server(echo, flood));
      assert.equal(code, 0, stdout.slice(-1000) + stderr);
      const lines = stdout.split('\n');
      assert.ok(lines.length < 600, `${lines.length} lines`);
      assert.deepEqual(
        lines.filter((line) => line.length > 80),
        [],
      );
      assert.match(
        stdout,
        /counts for\s+client 1[\s\S]* more messages are not shown\n[\s\S]*This target measures\./,
      );
    },
  },
  {
    name: 'trace of a server that rejects every message with control characters',
    expected: 'exit 3, the reason in safe words',
    attack: async (arena) => {
      const { code, stdout } = await against(arena, ['trace'], REJECTING);
      assert.equal(code, 3, stdout);
      assert.match(
        stdout,
        /This target does not measure yet:\nthe server rejected the message:\s+a\\x1b\[31m/,
      );
      assert.ok(!stdout.includes('\u001b'));
    },
  },
  {
    name: 'trace of a server that cuts frames, sends garbage or crashes',
    expected: 'exit 3, a verdict',
    seconds: 60,
    attack: async (arena) => {
      const crash = server(`throw new Error('boom');`);
      const { code, stdout } = await against(arena, ['trace'], crash);
      assert.equal(code, 3, stdout);
      assert.match(stdout, /the server ended during the run with exit code 1: Error: boom/);
      const garbage = server(`socket._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));`);
      const second = await against(arena, ['trace'], garbage);
      assert.equal(second.code, 3, second.stdout);
      assert.match(second.stdout, /This target does not measure yet:\n/);
    },
  },
  {
    name: 'trace with options of a run that it does not have',
    expected: 'exit 2, one sentence',
    seconds: 60,
    attack: async (arena) => {
      for (const flag of [
        ['--workers', '2'],
        ['--profile'],
        ['--driver', 'official'],
        ['--disrupt', 'reset at=1s'],
      ]) {
        const args = ['trace', '--target', 'ws', ...flag];
        await expectSentence(arena, args, flag[0] ?? '', /is not an option of trace/);
      }
    },
  },
  {
    name: 'a run whose server gives a reason of its own for each message that it rejects',
    expected: 'exit 3, few reasons, little memory',
    seconds: 60,
    attack: async (arena) => {
      const each = server(
        `socket.send(JSON.stringify({ event, ack: id, data: { error: 'no ' + id + '\\u202e' } }));`,
      );
      const load = ['--clients', '3', '--rate', '500/s', '--duration', '2s', '--warmup', '0s', '--quiet'];
      const args = ['run', 'broadcast-latency', ...load, '--out', arena.out];
      const { code, stdout } = await against(arena, args, each);
      assert.equal(code, 3, stdout);
      assert.match(stdout, /the server rejected 1,000 of 1,000 messages/);
      assert.match(stdout, /other reasons \(/);
    },
  },
  {
    name: 'payload files that are none: empty, a pipe, a device, a folder in a folder, too large',
    expected: 'exit 2, one sentence that names the file',
    seconds: 60,
    attack: async (arena) => {
      const folder = join(arena.folder, 'payloads');
      mkdirSync(join(folder, 'inner'), { recursive: true });
      const pipe = join(arena.folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const files = [
        arena.file('empty.json', ''),
        pipe,
        '/dev/zero',
        folder,
        join(arena.folder, 'missing.json'),
      ];
      for (const file of files) {
        const exec = faultyCommand(arena.port, 'none');
        const url = `ws://127.0.0.1:${arena.port}`;
        const args = ['run', 'broadcast-latency', '--target', url, '--exec', exec, '--payload', file];
        await expectSentence(arena, [...args, '--out', arena.out], basename(file), /--payload: /);
      }
    },
  },
];
