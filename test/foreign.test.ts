import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_CHARACTERS, foreign, foreignLines } from '../src/foreign.ts';
import { heapGrowthBytes } from './garbage.ts';
import { GITHUB_COMMANDS, unsafeCharacters, workflowCommands } from './support/unsafe-text.ts';

/** Everything that CI systems interpret in a log, and what they interpret at the start of a line only. */
const COMMANDS = [
  ...GITHUB_COMMANDS.flatMap((name) => [`::${name}::`, `::${name} name=x::y`, `##[${name}]`]),
  ...['##[section]', '##vso[task.setvariable variable=x]y', '##teamcity[testStarted name="x"]'],
  ...['section_start:1:name\r\u001b[0K', 'section_end:1:name\r\u001b[0K'],
];

const unsafeCharacter = fc.constantFrom(
  ...[
    '\u0000',
    '\u0007',
    '\b',
    '\t',
    '\n',
    '\v',
    '\f',
    '\r',
    '\u001b',
    '\u001b[2J',
    '\u001b]0;t\u0007',
    '\u007f',
  ],
  ...[
    '\u0085',
    '\u009b',
    '\u009d',
    '\u00ad',
    '\u061c',
    '\u200b',
    '\u200d',
    '\u200e',
    '\u200f',
    '\u2028',
    '\u2029',
  ],
  ...[
    '\u202a',
    '\u202e',
    '\u2060',
    '\u2066',
    '\u2069',
    '\ufeff',
    '\ufffe',
    '\uffff',
    '\ud800',
    '\udc00',
    '\u{e0041}',
  ],
);
const command = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.boolean())
  .map(([text, isUpper]) => (isUpper ? text.toUpperCase() : text));
const hostile = fc
  .array(
    fc.oneof(
      unsafeCharacter,
      command,
      fc.constantFrom(':', '#', '_', '[', '::', '##', '\u{1f600}'),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''));

describe('text that others wrote', () => {
  it('has no unsafe character and no workflow command, is bounded and never cut within a character', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 0, max: 400 }), (text, maxLength) => {
        const line = foreign(text, maxLength);
        expect(unsafeCharacters(line)).toEqual([]);
        expect(line).not.toMatch(/\n|\ufe0f/);
        expect(workflowCommands(line)).toEqual([]);
        const [, shown = line] = /^(.*)\u2026 \([\d,]+ more characters?\)$/s.exec(line) ?? [];
        expect(shown.length).toBeLessThanOrEqual(maxLength);
        expect(line.isWellFormed()).toBe(true);
      }),
    );
  });

  it('stays as it is when it is made safe again', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const once = foreign(text, 300);
        expect(foreign(once, 10_000)).toBe(once);
      }),
    );
  });

  it.each([
    ['plain words, "quotes" and caf\u00e9 \u{1f600}', 'plain words, "quotes" and caf\u00e9 \u{1f600}'],
    ['\u001b[31mred\u001b]0;title\u0007', '\\x1b[31mred\\x1b]0;title\\x07'],
    ['one\r\ntwo\tthree', 'one\\r\\ntwo\\tthree'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['a\u{e0041}b', 'a\\u{e0041}b'],
    ['\ud83d alone', '\\ud83d alone'],
    ['::stop-commands::x', ':\\x3astop-commands:\\x3ax'],
    [':::set-output name=a::b', '::\\x3aset-output name=a::b'],
    ['a ##[add-mask]b', 'a #\\x23[add-mask]b'],
    ['###vso[x]', '#\\x23\\x23vso[x]'],
    ['section_start:1:a', 'section\\x5fstart:1:a'],
    ['connect ECONNREFUSED ::1:3000', 'connect ECONNREFUSED ::1:3000'],
    ['address already in use :::3000', 'address already in use :::3000'],
    ['::ffff:10.0.0.1 and fe80::1', '::ffff:10.0.0.1 and fe80::1'],
  ])('%j becomes %s', (text, expected) => {
    expect(foreign(text)).toBe(expected);
  });

  it('says how much it leaves out', () => {
    expect(foreign('x'.repeat(FOREIGN_CHARACTERS))).toBe('x'.repeat(FOREIGN_CHARACTERS));
    expect(foreign('abcdef', 5)).toBe('abcde\u2026 (1 more character)');
    expect(foreign('x'.repeat(10_000_000), 3)).toBe('xxx\u2026 (9,999,997 more characters)');
    expect(foreign('ab\u{1f600}cd', 3)).toBe('ab\u2026 (4 more characters)');
    expect(foreign('a\u001bb', 4)).toBe('a\u2026 (2 more characters)');
  });

  it('is made of any value', () => {
    const throwing = {
      toString: () => {
        throw new Error('no');
      },
    };
    const mute = new Error('unseen');
    Object.defineProperty(mute, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(foreign(new Error('boom\n'))).toBe('boom\\n');
    expect([null, undefined, 5n, Symbol('a'), ['b', 1]].map((value) => foreign(value))).toEqual([
      'null',
      'undefined',
      '5',
      'Symbol(a)',
      'b,1',
    ]);
    expect([throwing, mute, Object.create(null)].map((value) => foreign(value))).toEqual(
      Array.from({ length: 3 }, () => '(object without a text)'),
    );
  });

  it('does not keep the whole text in memory', () => {
    const kept: string[] = [];
    const grownBytes = heapGrowthBytes(() => {
      for (let index = 0; index < 50; index++) kept.push(foreign(`${index}${'x'.repeat(1_000_000)}`));
    });
    expect(kept.length).toBe(50);
    expect(grownBytes).toBeLessThan(2_000_000);
  });
});

describe('a message of several lines', () => {
  it('keeps its line breaks, and each line is safe', () => {
    expect(foreignLines('error: a\n::stop-commands::x\u001b\n')).toBe(
      'error: a\n:\\x3astop-commands:\\x3ax\\x1b\n',
    );
    expect(foreignLines('')).toBe('');
    expect(foreignLines('\n\n')).toBe('\n\n');
  });

  it('is bounded in lines and in their length', () => {
    const shown = foreignLines(`${'x'.repeat(10_000)}\n${'y\n'.repeat(1000)}`);
    expect(shown.split('\n').length).toBeLessThan(310);
    expect(shown).toMatch(/^x{4000}\u2026 \(6,000 more characters\)\ny\n/);
    expect(shown).toMatch(/\ny\n\u2026 \(1,40[0-9] more characters\)\n$/);
  });
});
