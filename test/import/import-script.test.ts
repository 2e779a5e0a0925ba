import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { importScript } from '../../src/import/import-script.ts';
import { blocksOf, pages } from '../docs/pages.ts';
import { thrownBy } from '../thrown.ts';

const SCRIPTS = join(import.meta.dirname, 'scripts');

function imported(text: string, environment: string | null = null, processor: string | null = null) {
  const names = { script: 'a.yml', scenario: 'a', scriptFolder: '' };
  return importScript(text, names, { environment, readProcessor: () => processor });
}

/** A script with these steps. */
function withSteps(steps: string, engine = 'socketio', config = ''): string {
  const flow = steps.replaceAll(/^/gm, '      ');
  return `config:\n  target: http://127.0.0.1:3000\n${config}\nscenarios:\n  - engine: ${engine}\n    flow:\n${flow}\n`;
}

/** The notes of a script, each as its kind, its line and its text. */
const notesOf = (text: string, ...rest: [string | null, string | null] | []) =>
  imported(text, ...rest).notes.map(({ kind, line, text: said }) => `${kind} ${line} ${said}`);

describe('the files of an import', () => {
  const folder = join(SCRIPTS, 'zz-written');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are formatted as the files of this repository are', () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ['lounge', 'feed', 'rooms']) {
      const text = readFileSync(join(SCRIPTS, `${name}.yml`), 'utf8');
      const names = { script: `${name}.yml`, scenario: name, scriptFolder: '..' };
      const { target, scenario } = importScript(text, names, {
        environment: null,
        readProcessor: () => null,
      });
      writeFileSync(join(folder, `${name}.target.ts`), target);
      writeFileSync(join(folder, `${name}.scenario.ts`), scenario);
    }
    const root = join(import.meta.dirname, '../..');
    const run = (program: string, ...args: string[]) =>
      spawnSync(join(root, 'node_modules/.bin', program), args, { cwd: root, encoding: 'utf8' });
    const formatted = run('biome', 'format', folder);
    expect(formatted.stdout + formatted.stderr).toMatch(/Checked 6 files/);
    expect(formatted.status, formatted.stderr).toBe(0);
  });

  it('hold what the script says', () => {
    const { target, scenario } = imported(
      withSteps(
        [
          '- emit: { channel: join, data: { room: "{{ room }}" } }',
          '  acknowledge: { match: { json: $.0.ok, value: true } }',
          '- think: 2',
          '- emit: [say, "hi {{ $loopCount }}"]',
          '  namespace: /log',
        ].join('\n'),
        'socketio',
        '  variables: { room: [a, b] }\n  phases: [{ duration: 60, arrivalRate: 5 }]',
      ),
    );
    expect(target).toContain("url: 'http://127.0.0.1:3000',\n  transport: 'upgrade',");
    expect(scenario).toContain("rate: '60s@5/s'");
    expect(scenario).toContain(
      [
        "    const vars: Record<string, unknown> = { room: pick(['a', 'b']) };",
        "    const connection = await user.time('connecting', () => user.open());",
        "    const reply = await user.time('join_ack', () => connection.call('join', { room: vars['room'] }));",
        "    requireMatch('the acknowledgement of join (line 8)', at(reply, 'ok'), true);",
        '    await user.think(2000);',
        "    const logConnection = await user.time('connecting', () => user.open({ namespace: '/log' }));",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of one
        "    logConnection.emit('say', `hi ${vars['$loopCount']}`);",
      ].join('\n'),
    );
  });
});

it('the example of the documentation is what an import writes', () => {
  const blocks = pages.filter(({ path }) => path === 'docs/import.md').flatMap(blocksOf);
  const [yaml = ''] = blocks.filter(({ language }) => language === 'yaml').map(({ text }) => text);
  const names = { script: 'chat.yml', scenario: 'chat', scriptFolder: '' };
  const { target, scenario } = importScript(yaml, names, { environment: null, readProcessor: () => null });
  const written = blocks.filter(({ language }) => language === 'ts').map(({ text }) => text.trim());
  expect(written).toEqual([`// chat.target.ts\n${target}`.trim(), `// chat.scenario.ts\n${scenario}`.trim()]);
});

describe('phases', () => {
  const rateOf = (phases: string) =>
    /rate: '([^']*)'/.exec(
      imported(withSteps('- think: 1', 'socketio', `  phases: ${phases}`)).scenario,
    )?.[1];

  it.each([
    ['[]', '1s@1/s'],
    ['[{ duration: 60, arrivalRate: 10 }]', '60s@10/s'],
    ['[{ duration: 2 min, arrivalRate: 1, rampTo: 20 }]', '120s@1..20/s'],
    ['[{ duration: 10, rampTo: 4 }]', '10s@0..4/s'],
    ['[{ duration: 10, arrivalCount: 20 }]', '10s@2/s'],
    ['[{ duration: 3, arrivalCount: 7 }]', '3s@2.333333333/s'],
    ['[{ pause: 5 }, { duration: 1, arrivalRate: "3" }, { pause: 9 }]', '5s@0/s,1s@3/s'],
    ['{ duration: 1, arrivalRate: 2 }', '1s@2/s'],
  ])('%s are the profile %s', (phases, rate) => {
    expect(rateOf(phases)).toBe(rate);
  });

  it('may be random, and have a limit of users', () => {
    const { scenario } = imported(
      withSteps(
        '- think: 1',
        'ws',
        '  phases: [{ duration: 9, arrivalRate: 3, mode: poisson, maxVusers: 7 }]',
      ),
    );
    expect(scenario).toContain("arrival: 'poisson'");
    expect(scenario).toContain('const MAX_USERS = 7;');
    expect(scenario).toContain('if (users >= MAX_USERS) throw new Error(');
  });
});

describe('what is not carried over, or ignored by Artillery,', () => {
  it('is named with its line', () => {
    const script = [
      'config:',
      '  target: http://127.0.0.1:3000',
      '  processor: fn.js',
      '  ensure: { p99: 100 }',
      '  http: { timeout: 1 }',
      '  ws: { headers: {} }',
      '  socketio:',
      '    headers: { a: b }',
      '    reconnection: false',
      '    auth:',
      '      token: "{{ token }}"',
      'before: { flow: [] }',
      'scenarios:',
      '  - engine: socketio',
      '    afterScenario: bye',
      '    flow:',
      '      - get: { url: / }',
      '      - function: login',
      '      - emit: { channel: a }',
      '        response: { on: b }',
      '        acknowledge: {}',
      '      - emit: { channel: a }',
      '        beforeRequest: stamp',
      '      - connect: {}',
      '      - think: 0.5',
      '      - loop: [{ emit: { channel: a } }]',
      '      - loop: [{ think: 1 }]',
      '        whileTrue: isOpen',
      '  - engine: http',
      '    flow: []',
    ].join('\n');
    expect(notesOf(script, null, 'x\n  context.auth = { token };\n')).toMatchInlineSnapshot(`
      [
        "left 1 {{ token }}: no part of the script sets it",
        "left 3 processor: its functions are not carried over; write them into the scenario",
        "ignored 3 processor: line 2 of fn.js sets context.auth, which the engine socketio does not read",
        "left 4 ensure: use --threshold",
        "ignored 5 http: the engine socketio reads it for HTTP steps only",
        "ignored 6 the engine socketio does not read config.ws",
        "ignored 8 socket.io-client has no option headers",
        "left 9 the option reconnection of socket.io-client",
        "ignored 10 auth: Artillery fills {{ token }} within config before there are users, and sends undefined; here every user sends its value",
        "left 12 before: steps around the test",
        "ignored 15 the engine socketio does not read afterScenario of a scenario",
        "left 17 get: requests of HTTP steps",
        "left 18 the function login of the processor: write it here, and set vars['name'] for the variables that it sets",
        "differs 20 response without data: Artillery goes on after 10 s, whenever the event comes; here users go on with the event",
        "ignored 21 acknowledge beside response: Artillery asks for no acknowledgement",
        "ignored 23 the engine socketio does not read beforeRequest",
        "ignored 24 connect is no step of the engine socketio: a user of Artillery fails there",
        "ignored 25 Artillery 2.0.34 waits 1 ms for a think time with a fraction and without a unit; here users wait 0.5 s",
        "left 26 the loop has no end and never waits; it goes round once",
        "left 28 whileTrue isOpen: a function of the processor; the loop goes round once",
        "left 29 a scenario of the engine http; this file has those of socketio",
      ]
    `);
  });

  it('includes keys that Artillery does not know, and scenarios that it never picks', () => {
    expect(notesOf(`${withSteps('- send: a', 'ws')}foo: 1\n`)).toEqual([
      'ignored 8 Artillery does not read foo',
    ]);
  });
});

describe('an environment', () => {
  const script = withSteps(
    '- send: a',
    'ws',
    '  environments: { far: { target: ws://far, phases: [{ pause: 1 }] } }',
  );

  it('is laid over the rest when it is chosen', () => {
    expect(imported(script, 'far').target).toContain("url: 'ws://far'");
    expect(imported(script).target).toContain("url: 'ws://127.0.0.1:3000'");
    expect(notesOf(script)).toEqual(['left 3 environments far: choose one with --environment']);
  });

  it('that does not exist is an error with the names of the others', () => {
    expect(thrownBy(() => imported(script, 'near'))).toMatchObject({
      code: 'NO_SUCH_ENVIRONMENT',
      message: 'a.yml has no environment near',
      hint: 'It has far.',
    });
  });
});

describe('a script that cannot be imported', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh']
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`)
    .join('\n')}`;

  it.each([
    ['a: [', 'BAD_SCRIPT', /^a\.yml, line 1: not YAML: /],
    ['- 1', 'BAD_SCRIPT', /^a\.yml is no Artillery script: it is a list, not a map$/],
    ['', 'BAD_SCRIPT', /^a\.yml is no Artillery script: it is a scalar, not a map$/],
    ['a: 1\na: 2', 'BAD_SCRIPT', /^a\.yml, line 2: not YAML: the key a stands there twice$/],
    ['a: *b', 'BAD_SCRIPT', /^a\.yml, line 1: not YAML: no anchor b above$/],
    ['config: {}', 'BAD_SCRIPT', /^a\.yml has no scenarios$/],
    ['scenarios: [{ engine: ws, flow: [] }]', 'BAD_SCRIPT', /^a\.yml has no config\.target$/],
    [bomb, 'BAD_SCRIPT', /^a\.yml, line \d+: the script has more than 20,000 values/],
    ['a: &a { b: *a }', 'BAD_SCRIPT', /^a\.yml, line 1: the script has more than 50 levels/],
    [`a: ${'['.repeat(99)}${']'.repeat(99)}`, 'BAD_SCRIPT', /more than 50 levels/],
    ['['.repeat(3000), 'BAD_SCRIPT', /^a\.yml, line 1: not YAML: it is nested too deeply$/],
    [
      withSteps('- get: { url: / }', 'http'),
      'UNSUPPORTED_ENGINE',
      /line 5: 1 scenario of the engine http, which cannot be imported$/,
    ],
    ['scenarios: [{ flow: [] }]', 'UNSUPPORTED_ENGINE', /of the engine http/],
  ])('is an error: %.40j', (text, code, message) => {
    expect(thrownBy(() => imported(text))).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('text of a script', () => {
  const HOSTILE = [
    "'); process.exit(7); ('",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must not become one
    '`${process.exit(7)}`',
    '*/ process.exit(7); /*',
    '\u2028process.exit(7)',
    '\nprocess.exit(7)\r',
    '\\',
    "\\'",
    '{{ a',
    '}}',
    '__proto__',
    '${',
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' }), fc.string()), {
      maxLength: 4,
    })
    .map((parts) => parts.join(''));

  it('is data in the files, whatever it is', async () => {
    const emitted: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(text, text, text, async (event, value, key) => {
        fc.pre(![event, value, key].some((each) => each.includes('{{')) && event !== '');
        const script = {
          config: {
            target: 'http://127.0.0.1:3000',
            processor: value,
            socketio: { query: { [`k${key}`]: value }, path: value },
            [`x${key}`]: 1,
          },
          scenarios: [
            {
              name: value,
              engine: 'socketio',
              flow: [
                { emit: { channel: event, data: { [key]: value } } },
                { function: value },
                { [`f${key}`]: value },
              ],
            },
            { name: key, engine: value, weight: value, flow: [] },
          ],
        };
        const { target, scenario } = imported(JSON.stringify(script));
        const own = await evaluated(scenario);
        own.steps({
          time: async (_: string, work: () => unknown) => work(),
          open: async () => ({ emit: (...args: unknown[]) => emitted.push(args) }),
        });
        await new Promise((resolve) => setImmediate(resolve));
        expect(emitted.pop()).toEqual([event, Object.fromEntries([[key, value]])]);
        expect((await evaluated(target)).query).toEqual({ [`k${key}`]: value });
      }),
      { numRuns: 150 },
    );
  });
});

/** Evaluates a written file without its types and imports, and returns what it defines. */
async function evaluated(source: string) {
  const { stripTypeScriptTypes } = await import('node:module');
  const code = stripTypeScriptTypes(source)
    .replaceAll(/^import .*$/gm, '')
    .replace('export default ', 'return ');
  return new Function('defineTarget', 'defineScenario', 'aloneEach', code)(
    (each: unknown) => each,
    (each: unknown) => each,
    () => {},
  );
}
