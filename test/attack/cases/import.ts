import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttackCase } from '../attack.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: it must not become one
const HOSTILE = "'); process.exit(7); // `${process.exit(7)}` */ process.exit(7); /*";

/** A script whose every text tries to be code. */
const SCRIPT = JSON.stringify({
  config: {
    target: 'http://127.0.0.1:1',
    payload: { path: HOSTILE, fields: [HOSTILE] },
    variables: { [HOSTILE]: HOSTILE },
    processor: HOSTILE,
    socketio: { path: HOSTILE, query: { [HOSTILE]: HOSTILE }, [HOSTILE]: 1 },
  },
  scenarios: [
    {
      name: HOSTILE,
      engine: 'socketio',
      flow: [
        {
          emit: { channel: HOSTILE, data: { [HOSTILE]: HOSTILE } },
          namespace: HOSTILE,
          response: { on: HOSTILE },
        },
        { function: HOSTILE },
        { log: HOSTILE },
        { loop: [{ think: 1 }], over: HOSTILE, loopValue: HOSTILE },
      ],
    },
  ],
});

/** Artillery scripts of others. */
export const imports: readonly AttackCase[] = [
  {
    name: 'a script whose texts are code becomes files that only hold them',
    expected: 'exit 0; the run is refused for its CSV file',
    attack: async (arena) => {
      const script = arena.file('hostile.yml', SCRIPT);
      const imported = await arena.run(['import', script, '--out', arena.out]);
      assert.equal(imported.code, 0, imported.stderr);
      const target = readFileSync(join(arena.out, 'hostile.target.ts'), 'utf8');
      assert.ok(target.includes('process.exit(7)'));
      const run = await arena.run([
        ...['run', join(arena.out, 'hostile.scenario.ts'), '--target', join(arena.out, 'hostile.target.ts')],
        ...['--rate', '5/s', '--duration', '1s', '--quiet', '--out', arena.out],
      ]);
      // Its CSV file does not exist, which is noticed when the file is loaded and before anything else.
      assert.equal(run.code, 2, run.stdout + run.stderr);
      assert.match(run.stderr, /could not be read|BAD_CSV_FILE|does not exist/);
    },
  },
  {
    name: 'files that are no scripts, or that do not end, are refused by name',
    expected: 'exit 2, and the file is named',
    attack: async (arena) => {
      const anchors = [...'bcdefghij'].map((name, index) => {
        const above = `*${'abcdefghi'[index]}`;
        return `${name}: &${name} [${Array(9).fill(above).join(', ')}]`;
      });
      const folder = join(arena.out, 'folder.yml');
      mkdirSync(folder, { recursive: true });
      const files = [
        arena.file('bomb.yml', ['a: &a [x]', ...anchors].join('\n')),
        arena.file('deep.yml', '['.repeat(200_000)),
        arena.file('large.yml', `a: ${'x'.repeat(2 * 1024 ** 2)}`),
        arena.file('binary.yml', '\u0000\u0001\ufffd'),
        arena.file('program.ts', 'process.exit(7)'),
        folder,
        '/dev/zero',
        join(arena.out, 'none.yml'),
      ];
      for (const file of files) {
        const { code, stdout, stderr } = await arena.run(['import', file, '--out', arena.out]);
        assert.deepEqual([file, code, stdout], [file, 2, ''], stderr);
        assert.match(stderr, /^error: \S+/);
      }
    },
  },
];
