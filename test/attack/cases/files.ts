import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { fromSchema2 } from '../../support/schema-2.ts';
import type { Arena, AttackCase } from '../attack.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/schema-2');
const FAULTY = join(import.meta.dirname, '../../support/faulty-server.ts');

const stored = (name: string) =>
  JSON.stringify(
    fromSchema2(JSON.parse(gunzipSync(readFileSync(join(FIXTURES, `${name}.json.gz`))).toString())),
  );

const COOKIE = 0x1c849313;
const HEADER_BYTES = 40;

/** An encoded histogram whose counts claim to take `claimedBytes`. */
function histogram(claimedBytes: number, counts = Buffer.alloc(0)): string {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(COOKIE);
  header.writeInt32BE(claimedBytes, 4);
  header.writeInt32BE(3, 12);
  header.writeBigInt64BE(1n, 16);
  header.writeBigInt64BE(3_600_000_000_000n, 24);
  header.writeDoubleBE(1, 32);
  const deflated = deflateSync(Buffer.concat([header, counts]));
  const outer = Buffer.alloc(8);
  outer.writeUInt32BE(COOKIE + 1);
  outer.writeUInt32BE(deflated.length, 4);
  return Buffer.concat([outer, deflated]).toString('base64');
}

/** A run in which the first histogram, that of a whole series, or the last, that of an interval, is another. */
function runWith(which: 'first' | 'last', encoded: string): string {
  const run = stored('ws-broadcast');
  const [from, to] = [run.indexOf('HISTF'), run.lastIndexOf('HISTF')];
  const at = which === 'first' ? from : to;
  return run.slice(0, at) + encoded + run.slice(run.indexOf('"', at));
}

const INTERVAL =
  '{"startMs":0,"lengthMs":1,"intended":0,"sent":0,"expected":0,"delivered":0,"lost":0,"series":{}}';

function runWithIntervals(count: number): string {
  return stored('ws-broadcast').replace('"intervals":[', `"intervals":[${`${INTERVAL},`.repeat(count)}`);
}

/** `report` of the file is one sentence that names the file and the place. */
async function expectRefused(
  arena: Arena,
  name: string,
  text: string | Uint8Array,
  why: RegExp,
): Promise<void> {
  await expectSentence(arena, ['report', arena.file(name, text), '--format', 'html'], name, why);
}

export async function expectSentence(arena: Arena, args: string[], name: string, why: RegExp): Promise<void> {
  const { code, stdout, stderr } = await arena.run(args);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  const [sentence = '', hint, ...rest] = stderr.trimEnd().split('\n');
  assert.deepEqual([sentence.includes(name), hint !== '', rest], [true, true, []], stderr);
  assert.match(sentence, why);
}

/** Writes lines to the socket of the probe that no probe writes, and serves meanwhile. */
const LYING = `import { connect } from 'node:net';
const path = process.env.SOCKBENCH_PROBE;
const open = () => connect(path).on('error', () => {});
const report = { acceptedCount: 1, isInCluster: false };
const liar = open();
for (const text of ['garbage', 'null', '5', JSON.stringify({ pid: 1, ...report, sample: null }),
  JSON.stringify({ pid: process.pid, ...report, sample: { atNs: '1', cpuMs: 1e308, rssBytes: -1 } })]) liar.write(text + '\\n');
const endless = open();
const piece = Buffer.alloc(2 ** 20, 'x');
let left = 1200;
const more = () => { while (left-- > 0) if (!endless.write(piece)) return endless.once('drain', more); };
more();
const flood = open();
setInterval(() => flood.writable && flood.write('5\\n'.repeat(20_000)), 100).unref();
for (let count = 0; count < 600; count++) open();
await import('${FAULTY}');`;

/** Hostile result files and probe lines. */
export const files: readonly AttackCase[] = [
  {
    name: 'a result whose histogram lies about its length or is damaged',
    expected: 'exit 2, one sentence with the place',
    inCi: true,
    mib: 300,
    attack: async (arena) => {
      await expectRefused(
        arena,
        'longest.json',
        runWith('first', histogram(2 ** 31 - 1)),
        /series\.\w+\.histogram: .*the length of its counts is wrong/,
      );
      await expectRefused(
        arena,
        'garbage.json',
        runWith('last', 'garbage'),
        /intervals\[\d+\]\.series\.\w+: /,
      );
    },
  },
  {
    name: 'a result whose histograms are negative, endless zeros, or cut',
    expected: 'exit 2, one sentence with the place',
    mib: 300,
    attack: async (arena) => {
      await expectRefused(arena, 'negative.json', runWith('first', histogram(-1)), /length of its counts/);
      const zeros = Buffer.alloc(100_000_000);
      await expectRefused(
        arena,
        'zeros.json',
        runWith('last', histogram(zeros.length, zeros)),
        /intervals\[\d+\]\.series\.\w+: .*cannot be inflated/,
      );
      await expectRefused(arena, 'cut.json', runWith('first', 'HISTFAAA'), /series\.\w+\.histogram: /);
    },
  },
  {
    name: 'a file with too many values, levels or bytes',
    expected: 'exit 2, one sentence with the limit',
    mib: 300,
    seconds: 60,
    attack: async (arena) => {
      await expectRefused(arena, 'intervals.json', runWithIntervals(5000), /intervals: .*<=1200/);
      await expectRefused(
        arena,
        'more.json',
        runWithIntervals(200_000),
        /10,000 values in one list at intervals/,
      );
      await expectRefused(arena, 'deep.json', '['.repeat(1e6), /nested more than 32 levels/);
      await expectRefused(arena, 'list.json', `[${'[],'.repeat(12e6)}[]]`, /10,000 values in one list/);
      await expectRefused(
        arena,
        'text.json',
        `{"a":"${'x'.repeat(35e6)}"}`,
        /a text of 35,000,001 characters at a/,
      );
      const path = arena.file('huge.json', '[');
      truncateSync(path, 500e6);
      await expectSentence(arena, ['report', path], 'huge.json', /has 477 MiB; the maximum is 40 MiB/);
    },
  },
  {
    name: 'a file that is no document: pipe, folder, empty, cut, other encodings',
    expected: 'exit 2, one sentence',
    mib: 300,
    seconds: 60,
    attack: async (arena) => {
      const run = stored('ws-broadcast');
      const pipe = join(arena.folder, 'pipe.json');
      execFileSync('mkfifo', [pipe]);
      await expectSentence(arena, ['report', pipe], 'pipe.json', /is not a regular file/);
      await expectSentence(arena, ['report', arena.folder], arena.folder, /is a folder/);
      await expectRefused(arena, 'empty.json', '', /cannot be read as JSON/);
      await expectRefused(arena, 'cut.json', run.slice(0, 5000), /cannot be read as JSON/);
      await expectRefused(arena, 'utf16.json', Buffer.from(run, 'utf16le'), /cannot be read as JSON/);
      await expectRefused(arena, 'zipped.json', gzipSync(run), /cannot be read as JSON/);
      await expectRefused(arena, 'later.json', '{"schemaVersion":99}', /has schemaVersion 99/);
      const baseline = arena.file('base.json', stored('compare').replace('"rounds":[{', '"rounds":[null,{'));
      const gate = [
        'gate',
        'broadcast-latency',
        '--target',
        'ws',
        '--baseline',
        baseline,
        '--out',
        arena.out,
      ];
      await expectSentence(arena, gate, 'base.json', /rounds\[0\]: /);
    },
  },
  {
    name: 'a server that writes garbage to the socket of the probe',
    expected: 'exit 0, the lines are counted and dropped',
    attack: async (arena) => {
      const exec = `"${process.execPath}" "${arena.file('lying.mjs', LYING)}" ${arena.port} none`;
      const { code, stderr } = await arena.run([
        ...['run', 'broadcast-latency', '--target', `ws://127.0.0.1:${arena.port}`, '--exec', exec],
        ...[
          '--clients',
          '3',
          '--rate',
          '50/s',
          '--duration',
          '2s',
          '--warmup',
          '300ms',
          '--warmup-max',
          '300ms',
        ],
        ...['--out', arena.out, '--format', 'json,html'],
      ]);
      // The machine may be too busy for a valid run.
      assert.ok(code === 0 || code === 3, `exit code ${code}\n${stderr}`);
      const written = readdirSync(arena.out).find((name) => name.endsWith('.json')) ?? '';
      const again = await arena.run(['report', join(arena.out, written)]);
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stdout, /[\d,]+ lines on the socket of the probe could not be read/);
    },
  },
];
