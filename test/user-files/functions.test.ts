import { describe, expect, it } from 'vitest';
import { SockbenchError } from '../../src/errors.ts';
import { nameFunctions } from '../../src/user-files/functions.ts';
import { thrownBy } from '../thrown.ts';

const HERE = 'anywhere/functions.test.ts';

describe('a function of a user’s file', () => {
  it('works as it does without us, wherever it is in the definition', () => {
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
      message: 'publish of functions.test.ts (line 21) failed: no such field',
      exitCode: 2,
    });
    expect(thrownBy(() => named.delivery.payload())).toMatchObject({
      message: 'delivery.payload of functions.test.ts (line 21) failed: no such field',
    });
  });

  it.each([
    ['text', 'no such room', 'no such room'],
    ['an error from elsewhere', Object.assign(new Error('gone'), { stack: 'Error: gone' }), 'gone'],
  ])('may throw %s, of which no line is known', (_, thrown, message) => {
    const named = nameFunctions(
      {
        auth: () => {
          throw thrown;
        },
      },
      HERE,
    );
    expect(thrownBy(() => named.auth())).toMatchObject({
      message: `auth of functions.test.ts failed: ${message}`,
    });
  });

  it('may throw an error of ours, which passes as it is', () => {
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
