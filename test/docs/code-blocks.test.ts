import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import { beforeAll, describe, expect, it } from 'vitest';
import { comparisons } from '../report/comparison-fixture.ts';
import { results } from '../report/fixture.ts';
import { freePort, startSockbench, storedResult, temporaryFolder } from '../support/sockbench.ts';
import { readYaml } from '../support/yaml.ts';
import { blocksOf, type CodeBlock, pages, ROOT } from './pages.ts';

const LANGUAGES = ['ts', 'js', 'sh', 'json', 'yaml', 'text'];
const blocks = pages.flatMap(blocksOf);
/** The commands of these pages are run by test/e2e/examples.test.ts and test/deploy/. */
const ownBlocks = blocks.filter(({ page }) => !/^(docs\/examples|deploy)\//.test(page));
const inLanguage = (language: string) => ownBlocks.filter((block) => block.language === language);
const nameOf = ({ page, line }: CodeBlock) => `${page}:${line}`;

it('every code block names its language', () => {
  expect(blocks.filter(({ language }) => !LANGUAGES.includes(language)).map(nameOf)).toEqual([]);
});

/** Creates a folder in which packages are resolved. */
function projectFolder(): string {
  const folder = temporaryFolder();
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

/** Wraps fields of a definition, which a page explains one by one, into a module. */
const AROUND: Readonly<Record<string, (fields: string) => string>> = {
  'docs/your-own-server.md': (fields) => `
    import { readFileSync } from 'node:fs';
    import { Arguments, defineTarget, Rejected } from 'sockbench';
    declare function sign(user: string): string;
    export default defineTarget({ url: 'http://127.0.0.1:3000', ${fields} });`,
  'docs/scenario.md': (fields) => `
    import { defineScenario, integer, parseDurationMs } from 'sockbench';
    export default defineScenario({
      name: 'visit',
      summary: 'a visit',
      headline: 'iteration',
      options: {
        messages: { value: 'N', default: '2', summary: 'messages', parse: integer(1, 100) },
        think: { value: 'TIME', default: '1s', summary: 'pause', parse: parseDurationMs },
      },
      layout: () => ({ rooms: [], streams: [] }),
      ${fields}
    });`,
};

function moduleOf({ page, text }: CodeBlock): string {
  if (/^import /m.test(text)) return text;
  const around = AROUND[page];
  if (around === undefined) throw new Error(`a block of ${page} is not a module`);
  return around(text);
}

describe('TypeScript', () => {
  it('of every page type-checks', () => {
    const folder = projectFolder();
    const compilerOptions = {
      noUnusedLocals: false,
      typeRoots: [join(ROOT, 'node_modules/@types')],
      paths: { sockbench: [join(ROOT, 'src/index.ts')] },
    };
    const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    for (const block of inLanguage('ts')) {
      const name = nameOf(block).replace(/\W+/g, '-');
      writeFileSync(join(folder, `${name}.ts`), moduleOf(block));
    }
    expect(inLanguage('ts').length).toBeGreaterThan(10);
    const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', folder], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});

describe('JavaScript', () => {
  it.each(inLanguage('js').map((block) => [nameOf(block), block] as const))(
    'of %s is a server that delivers every message',
    async (_, { text }) => {
      const folder = projectFolder();
      const port = await freePort();
      writeFileSync(join(folder, 'server.js'), text.replace(/\b300\d\b/, String(port)));
      const scheme = text.includes("from 'socket.io'") ? 'http' : 'ws';
      const out = temporaryFolder();
      const { ended } = startSockbench(
        [
          ...['run', 'broadcast-latency', '--target', `${scheme}://127.0.0.1:${port}`],
          ...['--exec', 'node server.js', '--clients', '4', '--rate', '20/s', '--duration', '1s'],
          ...['--warmup', '0s', '--warmup-max', '0s', '--quiet', '--out', out],
        ],
        { cwd: folder },
      );
      expect(storedResult(out, await ended).ledger).toMatchObject({
        expected: 80,
        delivered: 80,
        unexpected: 0,
      });
    },
  );
});

describe('JSON and YAML', () => {
  it('of every page can be read', () => {
    for (const { text } of inLanguage('json')) expect(() => JSON.parse(text)).not.toThrow();
    for (const { text } of inLanguage('yaml')) expect(() => readYaml(text)).not.toThrow();
    expect(inLanguage('yaml').length).toBeGreaterThan(3);
  });
});

interface PageCommand {
  readonly page: string;
  readonly text: string;
  readonly words: readonly string[];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Splits a block into commands, at line ends and at `&&`. */
function commandsOf(page: string, block: string): PageCommand[] {
  const lines = block.replaceAll('\\\n', ' ').split('\n');
  return lines
    .flatMap((line) => line.split(' && '))
    .map((text) => text.trim())
    .filter((text) => text !== '' && !text.startsWith('#'))
    .map((text) => ({ page, text, words: parseArgsStringToArgv(text.replace(/ > \S+$/, '')) }));
}

const commands = [
  ...inLanguage('sh').flatMap(({ page, text }) => commandsOf(page, text)),
  ...inLanguage('yaml').flatMap(({ page, text }) =>
    textsIn(readYaml(text))
      .filter((each) => each.includes('sockbench gate'))
      .flatMap((each) => commandsOf(page, each)),
  ),
];

/** Returns the arguments of sockbench; null for a command of another program. */
function argumentsOf({ words }: PageCommand): readonly string[] | null {
  const text = words.join('\u0000');
  const [start] = [
    'sockbench',
    'npx\u0000--no-install\u0000sockbench',
    'npm\u0000run\u0000sockbench\u0000--',
  ].filter((each) => text.startsWith(`${each}\u0000`));
  return start === undefined ? null : text.slice(start.length + 1).split('\u0000');
}

const PROGRAMS = ['npm', 'git', 'java', 'curl', 'bencher', 'benchstat', 'npx'];
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

describe('commands of other programs', () => {
  const others = commands.filter((command) => argumentsOf(command) === null);

  it('call known programs', () => {
    expect(others.filter(({ words: [program = ''] }) => !PROGRAMS.includes(program))).toEqual([]);
  });

  it('run scripts of package.json, on files that exist', () => {
    const ofNpm = others.filter(({ words: [program] }) => program === 'npm');
    for (const {
      text,
      words: [, command = '', ...rest],
    } of ofNpm) {
      const script = command === 'run' ? rest[0] : command === 'test' ? 'test' : null;
      if (script !== null)
        expect([text, Object.keys(scripts)]).toEqual([text, expect.arrayContaining([script])]);
      const paths = rest.filter((word) => word.startsWith('test/'));
      expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    }
  });
});

/** Writes the files that commands of the pages name. */
function writeUserFiles(folder: string): void {
  const template = (name: string) => readFileSync(join(ROOT, 'templates', name), 'utf8');
  const target = `
    import { chat, defineTarget } from 'sockbench';
    const observe = { event: 'tick', key: (data: unknown) => String(data) };
    export default defineTarget({ ...chat, url: 'http://127.0.0.1:3000', exec: 'npm start', observe });`;
  const files: Record<string, string> = {
    'sockbench.target.mts': target,
    'sockbench.scenario.mts': template('sockbench.scenario.mts'),
  };
  for (const { text } of inLanguage('ts')) {
    const [, name] = /^\/\/ ([\w.-]+\.(?:scenario|target)\.m?ts)\n/.exec(text) ?? [];
    if (name !== undefined) files[name] = text;
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'users.csv'), 'ann,lobby\n');
  mkdirSync(join(folder, 'reports'));
  mkdirSync(join(folder, 'messages'));
  for (const name of ['message.json', 'messages/a.json'])
    writeFileSync(join(folder, name), '{"text":"hello"}');
  writeFileSync(join(folder, 'result.json'), JSON.stringify(results.valid()));
  writeFileSync(join(folder, 'rounds.json'), JSON.stringify(comparisons.regressed()));
}

/** An output folder that cannot exist: a command fails there after everything else was checked. */
const NOWHERE = '/dev/null/reports';

/** Replaces a stored document that a command names by one that exists. */
function storedFile(word: string): string {
  if (!word.endsWith('.json')) return word;
  return word.endsWith('rounds.json') ? 'rounds.json' : 'result.json';
}

interface Planned {
  readonly words: readonly string[];
  readonly exitCode: number;
  readonly stderr: RegExp;
}

/** Changes a command so that it starts nothing, and states how it ends if it is valid. */
function planned(words: readonly string[]): Planned {
  const [command = ''] = words;
  switch (command) {
    case 'run':
    case 'compare':
    case 'gate':
    case 'capacity': {
      const stderr = words.includes('--baseline')
        ? /^error: main\/rounds.json cannot be read/
        : /^(warning: .*\n(.*\n)*?)*error: the folder \/dev\/null\/reports cannot be written to/;
      const here = words.map((word) => word.replace('/opt/node26/bin/node', process.execPath));
      return { words: [...here, '--out', NOWHERE], exitCode: 2, stderr };
    }
    case 'serve':
      return { words: [...words, '--port', 'x'], exitCode: 2, stderr: /^error: --port: "x" is not a whole/ };
    case 'report': {
      const out = words.indexOf('--out');
      const kept = out < 0 ? words : words.toSpliced(out, 2);
      return { words: kept.map(storedFile), exitCode: 0, stderr: /^$/ };
    }
    default:
      return { words: [command, '--help'], exitCode: 0, stderr: /^$/ };
  }
}

describe('commands of sockbench', () => {
  const own = commands.flatMap((command) => {
    const words = argumentsOf(command);
    return words === null ? [] : [{ ...command, words }];
  });
  let outcomes: ReadonlyArray<{ readonly exitCode: number; readonly stderr: string }> = [];

  beforeAll(() => {
    const folder = projectFolder();
    writeUserFiles(folder);
    const input = JSON.stringify(own.map(({ words }) => planned(words).words));
    const entry = join(dirname(import.meta.filename), 'plan-commands.ts');
    outcomes = JSON.parse(execFileSync(process.execPath, [entry], { cwd: folder, input, encoding: 'utf8' }));
  });

  it.each(own.map(({ page, text }, index) => [page, text, index] as const))(
    '%s: %s',
    (_page, _text, index) => {
      const { exitCode, stderr } = planned(own[index]?.words ?? []);
      expect(outcomes[index]).toEqual({ exitCode, stderr: expect.stringMatching(stderr) });
    },
  );
});
