import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeResult } from '../../report/fixture.ts';
import { attemptsOnOtherHost, NO_NAMESPACES } from '../../support/other-host.ts';
import { unsafeCharacters, workflowCommands } from '../../support/unsafe-text.ts';
import type { Arena, AttackCase } from '../attack.ts';

/** As JavaScript source: escapes, a title of a terminal, line breaks, a turned direction of writing, workflow commands. */
const HOSTILE = String.raw`\x1b[31m\x1b]0;evil\x07\x9b2J\r\n::stop-commands::evil\n##[add-mask]evil ##vso[evil]\u202e`;

/** Fails when a text has what a terminal or a CI system would interpret. */
function assertSafe(text: string): void {
  assert.deepEqual([...unsafeCharacters(text), ...workflowCommands(text)], []);
  assert.ok(Math.max(...text.split('\n').map((line) => line.length)) < 5000, 'a line is longer than 5,000');
}

const SHORT = [
  '--clients',
  '3',
  '--rate',
  '30/s',
  '--duration',
  '500ms',
  '--warmup',
  '0s',
  '--warmup-max',
  '0s',
];

/** Flags that start a program with the ws package as the server. `body` runs with `server` and `hostile`. */
function serverOf({ file, port, out }: Arena, body: string): string[] {
  const source = `
    import { WebSocketServer } from ${JSON.stringify(import.meta.resolve('ws'))};
    const hostile = '${HOSTILE}';
    const server = new WebSocketServer({ host: '127.0.0.1', port: ${port} });
    ${body}`;
  const command = `"${process.execPath}" "${file('server.mjs', source)}"`;
  const target = ['--target', `ws://127.0.0.1:${port}`, '--exec', command];
  return ['run', 'ack-roundtrip', ...target, ...SHORT, '--drain', '500ms', '--out', out];
}

/** All files of a folder as one text, but JSON, which escapes in its own way. */
function filesIn(folder: string): string {
  const names = readdirSync(folder).filter((name) => !name.endsWith('.json'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

/** Addresses, names and text that come from outside. */
export const foreignText: readonly AttackCase[] = [
  {
    name: 'addresses of another host in 37 forms: URL, Redis, path, redirect, publish, names',
    expected: 'nothing arrives there',
    seconds: 120,
    missing: () => NO_NAMESPACES,
    attack: async ({ env }) => {
      const attempts = await attemptsOnOtherHost(env);
      assert.deepEqual(
        attempts.filter(({ arrived, exitCode }) => arrived.length > 0 || exitCode === 0),
        [],
      );
    },
  },
  {
    name: 'a result whose scenario is ../../../x',
    expected: 'files in --out only',
    inCi: true,
    attack: async ({ file, folder, out, run }) => {
      const result = makeResult({ protocol: 'ws', seconds: 1 });
      const target = { ...result.plan.target, name: '/../../x', url: null };
      const stored = { ...result, plan: { ...result.plan, scenario: '../../../x', target } };
      const path = file('result.json', JSON.stringify(stored));
      const before = readdirSync(folder);
      const { code } = await run(['report', path, '--format', 'md,csv', '--out', out]);
      assert.equal(code, 0);
      assert.deepEqual(readdirSync(folder).sort(), [...before, 'out'].sort());
      assert.equal(readdirSync(out).length, 2);
    },
  },
  {
    name: 'a result in which notes and names are hostile, in every format',
    expected: 'nothing that a terminal or CI interprets',
    attack: async ({ file, out, run }) => {
      const text = JSON.parse(`"${HOSTILE.replaceAll('\\x', '\\u00')}"`);
      const result = makeResult({ protocol: 'ws', seconds: 1 });
      const reason = { reason: text.repeat(200), count: 3 };
      const path = file(
        'result.json',
        JSON.stringify({
          ...result,
          invalid: [{ code: 'clients_lost', message: text }],
          failed: [reason],
          clients: { ...result.clients, dropped: [reason], closed: [reason] },
          plan: { ...result.plan, scenario: text, target: { ...result.plan.target, name: text } },
        }),
      );
      const format = ['--format', 'text,table,md,html,hgrm,hlog,csv'];
      const shown = await run(['report', path, ...format.slice(0, 1), 'text']);
      assert.equal(shown.code, 0);
      assertSafe(shown.stdout);
      const { code, stderr } = await run(['report', path, ...format, '--out', out]);
      assert.equal(code, 0);
      assertSafe(stderr);
      const files = filesIn(out);
      assert.deepEqual([...unsafeCharacters(files), ...workflowCommands(files)], []);
    },
  },
  {
    name: 'hostile close reasons',
    expected: 'exit 3, the reason escaped',
    inCi: true,
    attack: async (arena) => {
      const body = `server.on('connection', (client) => client.on('message', () => client.close(4000, hostile)));`;
      const { code, stdout, stderr } = await arena.run(serverOf(arena, body));
      assert.equal(code, 3);
      assertSafe(stdout + stderr);
      assert.match(stdout, /closed with 4000 \\x1b\[31m/);
    },
  },
  {
    name: 'a server that prints 10 MB in one line, then ends',
    expected: 'exit 3, its error escaped and cut',
    attack: async (arena) => {
      const body = `
        server.on('connection', () => {
          console.error('Error: ' + hostile);
          console.error('Error: ' + hostile.replaceAll('\\n', ' ') + 'x'.repeat(1e7));
          setTimeout(() => process.exit(1), 300);
        });`;
      const { code, stdout, stderr } = await arena.run(serverOf(arena, body));
      assert.equal(code, 3);
      assertSafe(stdout + stderr);
      assert.ok(stdout.length + stderr.length < 10_000);
    },
  },
  {
    name: 'a reply function that throws a new text of 200 KB each time',
    expected: 'exit 3, a result below 300 KB with every failure counted',
    attack: async ({ file, out, port, start, run }) => {
      const server = start(['serve', 'socketio', '--port', String(port)]);
      await server.said('listens at');
      const target = file(
        'target.mjs',
        `let count = 0;
        export default {
          url: 'http://127.0.0.1:${port}',
          request: ({ payload }) => ({ event: 'hello', data: payload }),
          reply: () => { throw new Error(count++ + '${HOSTILE}' + 'x'.repeat(200_000)); },
        };`,
      );
      const args = ['run', 'ack-roundtrip', '--target', target, ...SHORT.slice(0, 2), '--workers', '2'];
      const timing = [
        '--rate',
        '200/s',
        '--duration',
        '2s',
        '--warmup',
        '0s',
        '--warmup-max',
        '0s',
        '--drain',
        '1s',
      ];
      const { code, stdout, stderr } = await run([...args, ...timing, '--format', 'text,json', '--out', out]);
      server.child.kill('SIGTERM');
      await server.ended;
      assert.equal(code, 3);
      assertSafe(stdout + stderr);
      const [name = ''] = readdirSync(out);
      assert.ok(statSync(join(out, name)).size < 300_000);
      const { failed } = JSON.parse(readFileSync(join(out, name), 'utf8'));
      const total = failed.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
      assert.ok(failed.length <= 51 && total >= 400, `${failed.length} reasons, ${total} failures`);
    },
  },
  {
    name: '--base-ref with an option of git, or characters of a shell',
    expected: 'exit 2, no advice to paste it',
    inCi: true,
    attack: async ({ folder, out, run }) => {
      execFileSync('git', ['init', '--quiet', folder]);
      const gate = ['gate', 'ack-roundtrip', '--target', 'ws://127.0.0.1:9', '--exec', 'true', '--out', out];
      const option = await run([...gate, '--base-ref=--upload-pack=touch x']);
      assert.equal(option.code, 2);
      assert.match(option.stderr, /does not begin with "-"/);
      assert.doesNotMatch(option.stderr, /git fetch/);
      const shell = await run([...gate, '--base-ref', 'x;touch y']);
      assert.equal(shell.code, 2);
      assert.match(shell.stderr, /git fetch origin 'x;touch y'/);
    },
  },
  {
    name: 'an install command of a base with hostile output',
    expected: 'exit 2, its output escaped',
    attack: async ({ folder, out, run }) => {
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a', ...args], { cwd: folder });
      git('init', '--quiet');
      git('commit', '--quiet', '--allow-empty', '--message', 'base');
      const gate = ['gate', 'ack-roundtrip', '--target', 'ws://127.0.0.1:9', '--exec', 'true', '--out', out];
      const install = String.raw`printf '\033]0;evil\007\033[31m\n::stop-commands::evil\n##[add-mask]evil\n'; exit 1`;
      const { code, stderr } = await run([...gate, '--base-ref', 'HEAD', '--base-install', install]);
      assert.equal(code, 2);
      assertSafe(stderr);
      assert.match(stderr, /#\\x23\[add-mask\]evil/);
    },
  },
];
