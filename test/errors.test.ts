import { describe, expect, it } from 'vitest';
import { EXIT, fail, SockbenchError, withContext } from '../src/errors.ts';
import { thrownBy } from './thrown.ts';

describe('fail', () => {
  it('throws an error of bad usage with code, message and hint', () => {
    const error = thrownBy(() => fail('BAD_RATE', '"0/s" is not above 0', 'Give more.'));
    expect(error).toBeInstanceOf(SockbenchError);
    expect(error).toMatchObject({
      code: 'BAD_RATE',
      message: '"0/s" is not above 0',
      hint: 'Give more.',
      exitCode: EXIT.usage,
    });
  });

  it('takes another exit code', () => {
    expect(thrownBy(() => fail('RUN_CRASHED', 'it ended', '', EXIT.crash)).exitCode).toBe(EXIT.crash);
  });
});

describe('withContext', () => {
  it('returns the value of the work', () => {
    expect(withContext('--rate', () => 5)).toBe(5);
  });

  it('puts its prefix before the message and keeps code, hint and exit code', () => {
    const error = thrownBy(() =>
      withContext('--rate', () => fail('BAD_QUANTITY', '"5" has no unit', 'Write 5/s.', EXIT.failed)),
    );
    expect(error).toBeInstanceOf(SockbenchError);
    expect(error).toMatchObject({
      code: 'BAD_QUANTITY',
      message: '--rate: "5" has no unit',
      hint: 'Write 5/s.',
      exitCode: EXIT.failed,
    });
    expect(error.cause).toBeInstanceOf(SockbenchError);
  });

  it('lets an error that is not a SockbenchError through unchanged', () => {
    const bug = new TypeError('a bug');
    expect(() =>
      withContext('--rate', () => {
        throw bug;
      }),
    ).toThrow(bug);
  });
});
