import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { SockbenchError } from '../../src/errors.ts';
import { nameFunctions } from '../../src/user-files/named-functions.ts';
import { LOADER, type Loaded, loadFiles, writeFiles } from '../support/user-files.ts';
import { thrownBy } from '../thrown.ts';

const FILES = {
  'typescript.ts': `
    import { defineTarget, type TargetDefinition } from 'sockbench';
    const url: string = 'ws://127.0.0.1:3000';
    const target = { url } satisfies TargetDefinition;
    export default defineTarget(target);`,
  'deep/in/a/folder/imports.ts': `
    import { chat, encodeEnvelope, findStamp, integer, SockbenchError } from 'sockbench';
    import { name } from '../../../../beside.ts';
    export default { name, all: [chat, encodeEnvelope, findStamp, integer, SockbenchError].every(Boolean) };`,
  'beside.ts': `export const name: string = 'beside';`,
  'module.mjs': `import { everyClient } from 'sockbench'; export default everyClient(3);`,
  'common.cjs': `module.exports = { url: 'ws://127.0.0.1' };`,
  'common-imports.cjs': `const { everyClient } = require('sockbench'); module.exports = everyClient(2);`,
  'dynamic.mjs': `export default await import('sockbench').then(({ everyClient }) => everyClient(2));`,
  'nothing.ts': `export default undefined;`,
  'named.ts': `export const target = { url: 'ws://127.0.0.1' };`,
  'enum.ts': `enum Colour { Red } export default { colour: Colour.Red };`,
  'parameter-property.ts': `class A { constructor(readonly a: number) {} } export default new A(1);`,
  'syntax.ts': `export default {`,
  'throws.ts': `throw new TypeError('no token in the environment');`,
  'refuses.ts': `
    import { SockbenchError } from 'sockbench';
    throw new SockbenchError({ code: 'NO_TOKEN', message: 'there is no token', hint: 'Set TOKEN.' });`,
  'missing-import.ts': `import { x } from './not-there.ts'; export default x;`,
  'foreign-import.ts': `import x from 'a-package-that-is-not-there'; export default x;`,
  'exit.ts': `process.exit(0);`,
  'named-exit.ts': `import { exit } from 'node:process'; exit(0);`,
  'timer-exit.ts': `
    setTimeout(() => process.exit(0), 1);
    await new Promise((resolve) => setTimeout(resolve, 50));`,
  'bare-timer-exit.ts': `setTimeout(process.exit, 1, 0); await new Promise((resolve) => setTimeout(resolve, 50));`,
  'really-exit.ts': `(process as any).reallyExit(0);`,
  'abort.ts': `\n\nprocess.abort();`,
  'kill.ts': `process.kill(process.pid);`,
  'timer-throws.ts': `
    setTimeout(() => { throw new Error('in a timer'); }, 1);
    await new Promise((resolve) => setTimeout(resolve, 50));`,
  'rejects.ts': `void Promise.reject(new Error('by a promise')); export default 1;`,
  'never.ts': `await new Promise(() => {}); export default 1;`,
  'throws-null.ts': `throw null;`,
  'throws-undefined.ts': `throw undefined;`,
  'throws-object.ts': `throw { reason: 'no token' };`,
  'throws-circle.ts': `const circle: any = {}; circle.self = circle; throw circle;`,
  'throws-bare.ts': `throw Object.assign(Object.create(null), { toString: 1 });`,
  'throws-proxy.ts': `
    const trap = () => { throw new Error('a trap'); };
    throw new Proxy({}, { get: trap, getPrototypeOf: trap });`,
  'throws-lines.ts': `throw new Error('one\\n\\u001b[31mtwo' + 'x'.repeat(1000));`,
  'throws-nothing.ts': `throw new RangeError();`,
} as const;

type Name = keyof typeof FILES | 'not-there.ts';

describe('a file of the user', () => {
  let outcomes: ReadonlyMap<Name, Loaded>;
  const loaded = (name: Name) => outcomes.get(name);

  beforeAll(async () => {
    // Far from this project: what a file imports as sockbench is nowhere to be found from there.
    const names = [...(Object.keys(FILES) as Name[]), 'not-there.ts' as const];
    const list = await loadFiles('module', writeFiles(FILES), names);
    outcomes = new Map(names.map((name, index) => [name, list[index] ?? {}]));
  });

  it('may be TypeScript that imports sockbench where it is not installed', () => {
    expect(loaded('typescript.ts')).toEqual({ value: { url: 'ws://127.0.0.1:3000' } });
  });

  it('may import files beside it, from any folder', () => {
    expect(loaded('deep/in/a/folder/imports.ts')).toEqual({ value: { name: 'beside', all: true } });
  });

  it('may be JavaScript, of either kind of module', () => {
    expect(loaded('module.mjs')).toEqual({ value: [0, 1, 2] });
    expect(loaded('common.cjs')).toEqual({ value: { url: 'ws://127.0.0.1' } });
    expect(loaded('common-imports.cjs')).toEqual({ value: [0, 1] });
    expect(loaded('dynamic.mjs')).toEqual({ value: [0, 1] });
  });

  it('may have an undefined default export', () => {
    expect(loaded('nothing.ts')).toEqual({});
  });

  it('that does not exist is named, with the command that writes one', () => {
    expect(loaded('not-there.ts')).toEqual({
      error: {
        code: 'NO_SUCH_FILE',
        message: 'the file not-there.ts does not exist',
        hint: 'sockbench init writes a target to start from.',
        exitCode: 2,
      },
    });
  });

  it('without a default export is named', () => {
    expect(loaded('named.ts')).toEqual({
      error: {
        code: 'NO_DEFAULT_EXPORT',
        message: 'named.ts has no default export',
        hint: 'Export the target with export default.',
        exitCode: 2,
      },
    });
  });

  it.each(['enum.ts', 'parameter-property.ts'] as const)(
    'with TypeScript that needs compiling names the unsupported syntax: %s',
    (name) => {
      expect(loaded(name)?.error).toMatchObject({
        code: 'BROKEN_FILE',
        message: expect.stringMatching(new RegExp(`^${name} \\(line 1\\) could not be loaded: .+`)),
        hint: 'Node.js only strips types from TypeScript: enums, namespaces, decorators and parameter properties are not supported.',
      });
    },
  );

  it.each([
    ['syntax.ts', /^syntax\.ts \(line 1\) could not be loaded: .+/],
    ['throws.ts', /^throws\.ts \(line 1\) could not be loaded: no token in the environment$/],
    [
      'exit.ts',
      /^exit\.ts \(line 1\) could not be loaded: process\.exit\(0\) was called, which would end sockbench$/,
    ],
    ['named-exit.ts', /^named-exit\.ts \(line 1\) could not be loaded: process\.exit\(0\) was called/],
    ['timer-exit.ts', /^timer-exit\.ts \(line 2\) could not be loaded: process\.exit\(0\) was called/],
    ['bare-timer-exit.ts', /^bare-timer-exit\.ts could not be loaded: process\.exit\(0\) was called/],
    ['really-exit.ts', /^really-exit\.ts \(line 1\) could not be loaded: process\.reallyExit\(\) was called/],
    ['abort.ts', /^abort\.ts \(line 3\) could not be loaded: process\.abort\(\) was called/],
    ['kill.ts', /^kill\.ts \(line 1\) could not be loaded: process\.kill\(process\.pid\) was called/],
    ['timer-throws.ts', /^timer-throws\.ts \(line 2\) could not be loaded: in a timer$/],
    ['rejects.ts', /^rejects\.ts \(line 1\) could not be loaded: by a promise$/],
    ['never.ts', /^never\.ts could not be loaded: its top-level await never ends$/],
    ['throws-null.ts', /^throws-null\.ts could not be loaded: it threw null$/],
    ['throws-undefined.ts', /^throws-undefined\.ts could not be loaded: it threw undefined$/],
    ['throws-object.ts', /^throws-object\.ts could not be loaded: it threw \{"reason":"no token"\}$/],
    ['throws-circle.ts', /^throws-circle\.ts could not be loaded: it threw \(object without a text\)$/],
    ['throws-bare.ts', /^throws-bare\.ts could not be loaded: it threw \(object without a text\)$/],
    ['throws-proxy.ts', /^throws-proxy\.ts \(line 2\) could not be loaded: a trap$/],
    [
      'throws-lines.ts',
      /^throws-lines\.ts \(line 1\) could not be loaded: one\\n\\x1b\[31mtwox+… \([\d,]+ more characters\)$/,
    ],
    ['throws-nothing.ts', /^throws-nothing\.ts \(line 1\) could not be loaded: RangeError$/],
    ['missing-import.ts', /^missing-import\.ts could not be loaded: .*not-there\.ts/],
    ['foreign-import.ts', /^foreign-import\.ts could not be loaded: .*'a-package-that-is-not-there'/],
  ] as const)('that fails is reported with its error: %s', (name, message) => {
    expect(loaded(name)?.error).toMatchObject({
      code: 'BROKEN_FILE',
      message: expect.stringMatching(message),
    });
    expect(loaded(name)?.error?.hint).toBe(`Check the target: node ${name} shows where it fails.`);
  });

  it('may throw a SockbenchError', () => {
    expect(loaded('refuses.ts')).toEqual({
      error: { code: 'NO_TOKEN', message: 'there is no token', hint: 'Set TOKEN.', exitCode: 2 },
    });
  });
});

const HERE = 'anywhere/user-file.test.ts';

describe('a function of a user’s file', () => {
  it('works as without the wrapper, at any depth of the definition', () => {
    const named = nameFunctions(
      { url: 'ws://x', list: ['a', 'b'], join: (a: number, b: number) => a + b, codec: { encode: () => 7 } },
      HERE,
    );
    expect(named.join(1, 2)).toBe(3);
    expect(named.codec.encode()).toBe(7);
    expect([named.url, named.list]).toEqual(['ws://x', ['a', 'b']]);
  });

  it('is named with its file and line when it throws', () => {
    const boom = () => {
      throw new TypeError('no such field');
    };
    const named = nameFunctions({ publish: boom, delivery: { payload: boom } }, HERE);
    expect(thrownBy(() => named.publish())).toMatchObject({
      code: 'USER_FUNCTION',
      message: 'publish of user-file.test.ts (line 184) failed: no such field',
      exitCode: 2,
    });
    expect(thrownBy(() => named.delivery.payload())).toMatchObject({
      message: 'delivery.payload of user-file.test.ts (line 184) failed: no such field',
    });
  });

  it.each([
    ['text', 'no such room', 'it threw no such room'],
    ['an error from elsewhere', Object.assign(new Error('gone'), { stack: 'Error: gone' }), 'gone'],
  ])('may throw %s, whose line is not known', (_, thrown, message) => {
    const named = nameFunctions(
      {
        auth: () => {
          throw thrown;
        },
      },
      HERE,
    );
    expect(thrownBy(() => named.auth())).toMatchObject({
      message: `auth of user-file.test.ts failed: ${message}`,
    });
  });

  it('may throw a SockbenchError, which passes unchanged', () => {
    const ours = new SockbenchError({ code: 'TOO_MANY', message: 'too many rooms' });
    const named = nameFunctions(
      {
        layout: () => {
          throw ours;
        },
      },
      HERE,
    );
    expect(thrownBy(() => named.layout())).toBe(ours);
  });
});

describe('a file with import and export', () => {
  it.each(['{ "type": "commonjs" }', '{ "type": "module" }', '{}'])(
    'is a module without a warning where package.json is %s',
    (manifest) => {
      const folder = writeFiles({
        'package.json': manifest,
        'typescript.ts': `import { everyClient } from 'sockbench';
import { two } from './two.js';
import type { Client } from 'sockbench';
export default everyClient(two as Client['number']);`,
        'javascript.js': `import { two } from './two.js';\nexport default [two];`,
        'two.js': `export const two = 2;`,
      });
      const files = ['typescript.ts', 'javascript.js'];
      const options = { cwd: folder, encoding: 'utf8' } as const;
      const { stdout, stderr } = spawnSync(process.execPath, [LOADER, 'module', ...files], options);
      expect(stderr).toBe('');
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual([{ value: [0, 1] }, { value: [2] }]);
    },
  );

  it('remains a script where it only calls import() and mentions export', () => {
    const folder = writeFiles({
      'package.json': '{ "type": "commonjs" }',
      'script.js': `/*\n export of prices\n import them\n*/\nconst load = () =>\n  import('node:fs');\nmodule.exports = [typeof load];`,
    });
    const { stdout, stderr } = spawnSync(process.execPath, [LOADER, 'module', 'script.js'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['{"value":["function"]}\n', '']);
  });
});
