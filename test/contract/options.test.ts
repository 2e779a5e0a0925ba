import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choice, flagOf, integer, onOff, parseOptions, positive } from '../../src/contract/options.ts';
import { SockbenchError } from '../../src/errors.ts';
import { parseBytes, parseDurationMs } from '../../src/units.ts';
import { thrownBy } from '../thrown.ts';

const table = {
  count: { value: 'N', default: '3', summary: 'how many', parse: integer(1, 10) },
  excludeSender: { value: null, default: 'false', summary: 'leave the sender out', parse: onOff },
  members: { value: 'M', default: null, summary: 'of each', parse: integer(1) },
};

describe('flagOf', () => {
  it.each([
    ['clients', '--clients'],
    ['excludeSender', '--exclude-sender'],
    ['warmupMax', '--warmup-max'],
  ])('writes %s as %s', (name, flag) => {
    expect(flagOf(name)).toBe(flag);
  });
});

describe('parseOptions', () => {
  it('uses the default of an option that was not given, and null without a default', () => {
    expect(parseOptions(table, {})).toEqual({ count: 3, excludeSender: false, members: null });
  });

  it('parses what was given', () => {
    expect(parseOptions(table, { count: '10', excludeSender: 'true', members: '4' })).toEqual({
      count: 10,
      excludeSender: true,
      members: 4,
    });
  });

  it('ignores names that are not in the table', () => {
    expect(parseOptions(table, { other: 'x' })).not.toHaveProperty('other');
  });

  it('names the flag, the value and what is allowed when it refuses, and keeps code, hint and exit code', () => {
    expect(thrownBy(() => parseOptions(table, { count: '11' }))).toMatchObject({
      code: 'BAD_OPTION',
      message: '--count: "11" is not a whole number from 1 to 10',
      hint: 'Give a number without a unit.',
      exitCode: 2,
    });
    expect(thrownBy(() => parseOptions(table, { excludeSender: 'maybe' })).message).toBe(
      '--exclude-sender: "maybe" is neither true nor false',
    );
  });

  it('passes other errors unchanged', () => {
    const bug = new TypeError('a bug in a parser');
    const broken = {
      value: 'X',
      default: 'x',
      summary: '',
      parse: () => {
        throw bug;
      },
    };
    expect(() => parseOptions({ broken }, {})).toThrow(bug);
  });
});

describe('integer', () => {
  it('reads exactly the whole numbers of its range', () => {
    const parse = integer(5, 500);
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), (value) => {
        if (value >= 5 && value <= 500) expect(parse(`${value}`)).toBe(value);
        else expect(() => parse(`${value}`)).toThrow(SockbenchError);
      }),
    );
  });

  it.each(['1.5', '1e2', '0x10', '-7', '+7', '', ' ', 'NaN', '7 8', 'seven'])('refuses "%s"', (text) => {
    expect(thrownBy(() => integer(0, 500)(text)).message).toBe(
      `"${text}" is not a whole number from 0 to 500`,
    );
  });
});

describe('choice', () => {
  const parse = choice(['constant', 'poisson']);

  it('reads each of its words', () => {
    expect([parse('constant'), parse('poisson')]).toEqual(['constant', 'poisson']);
  });

  it.each(['Constant', 'const', '', 'constant '])('refuses "%s" and lists what is allowed', (text) => {
    expect(thrownBy(() => parse(text))).toMatchObject({
      code: 'BAD_OPTION',
      message: `"${text}" is not one of constant, poisson`,
      hint: 'Choose constant or poisson.',
    });
  });
});

describe('onOff', () => {
  it('reads true and false, and nothing else', () => {
    expect([onOff('true'), onOff('false')]).toEqual([true, false]);
    expect(thrownBy(() => onOff('yes')).message).toBe('"yes" is neither true nor false');
  });
});

describe('positive', () => {
  it('lets values above 0 through', () => {
    expect(positive(parseDurationMs)('1ms')).toBe(1);
  });

  it.each([
    ['0s', parseDurationMs],
    // Less than half a byte is none.
    ['0.4B', parseBytes],
  ])('refuses %s', (text, parse) => {
    expect(thrownBy(() => positive(parse)(text))).toMatchObject({
      code: 'BAD_OPTION',
      message: `"${text}" is not above 0`,
    });
  });
});
