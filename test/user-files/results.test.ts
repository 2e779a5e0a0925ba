import { describe, expect, it } from 'vitest';
import { nameFunctions } from '../../src/user-files/named-functions.ts';
import { TARGET_RESULTS } from '../../src/user-files/target-fields.ts';
import { thrownBy } from '../thrown.ts';

const circle: Record<string, unknown> = {};
circle['self'] = circle;
const trap = () => {
  throw new Error('a trap');
};

/** Calls a function of a target that returns this, by its name in the definition. */
function call(name: string, result: unknown): unknown {
  const [field = '', ...rest] = name.split('.');
  const inner = rest.length === 0 ? undefined : rest.join('.');
  const work = () => result;
  const definition = nameFunctions(
    { [field]: inner === undefined ? work : { [inner]: work } },
    '/nowhere/my.target.ts',
    TARGET_RESULTS,
  ) as Record<string, (() => unknown) & Record<string, () => unknown>>;
  return inner === undefined ? definition[field]?.() : definition[field]?.[inner]?.();
}

const EVENT = '{ event: NAME, data, reply }';
const PUBLISHED = `${EVENT}; or { url, method, headers, body }`;

describe('a function of a target', () => {
  it.each<[name: string, result: unknown, shown: string, expected: string]>([
    ['publish', null, 'null', PUBLISHED],
    ['publish', undefined, 'undefined', PUBLISHED],
    ['publish', 'text', "'text'", PUBLISHED],
    ['publish', 5, '5', PUBLISHED],
    ['publish', 10n, '10n', PUBLISHED],
    ['publish', Symbol('s'), 'Symbol(s)', PUBLISHED],
    ['publish', trap, '[Function: trap]', PUBLISHED],
    ['publish', [], '[]', PUBLISHED],
    ['publish', circle, '<ref *1> { self: [Circular *1] } with the unknown field self', PUBLISHED],
    ['publish', { event: 5 }, '{ event: 5 }', PUBLISHED],
    ['publish', { event: '' }, "{ event: '' }", PUBLISHED],
    ['publish', { event: 'x', reply: 'maybe' }, "{ event: 'x', reply: 'maybe' }", PUBLISHED],
    ['publish', { url: 5 }, '{ url: 5 }', PUBLISHED],
    ['request', 'x'.repeat(1e6), `'${'x'.repeat(40)}'... 999960 more characters`, EVENT],
    ['join', [{ event: 'a' }, null], "[ { event: 'a' }, null ]", `${EVENT}, or a list of these`],
    ['clients', 7, '7', 'an object with the values of the client'],
    ['auth', 'token', "'token'", 'an object'],
    ['headers', { cookie: 5 }, '{ cookie: 5 }', 'an object with text in its fields'],
    ['codec.encode', {}, '{}', 'text or a Uint8Array, or a list of these'],
    [
      'codec.decode',
      5,
      '5',
      '{ event: NAME, data, id, ack }, a list of these, or null for a message without an event',
    ],
    ['streamed.read', { item: '1' }, "{ item: '1' }", '{ item: NUMBER, payload }'],
    ['asked.read', {}, '{}', '{ answer, roundTripNs: NUMBER } or null'],
    ['observe.key', null, 'null', 'text or a number'],
  ])('%s that returns %o is named with what it must return', (name, result, shown, expected) => {
    expect(thrownBy(() => call(name, result))).toMatchObject({
      code: 'USER_RESULT',
      exitCode: 2,
      message: `${name} of my.target.ts returned ${shown}; it must return ${expected}`,
    });
  });

  it.each(['observe.key', 'codec.encode', 'delivery.payload'])(
    '%s must not be async, and what it rejects is not left',
    async (name) => {
      // Vitest fails when the rejection is left to itself.
      const error = thrownBy(() => call(name, Promise.reject(new Error('late'))));
      await new Promise((resolve) => setImmediate(resolve));
      expect(error).toMatchObject({
        code: 'USER_RESULT',
        message: expect.stringMatching(/returned Promise .*, and the function must not be async$/),
      });
    },
  );

  it.each<[name: string, result: unknown, shown: string, expected: string]>([
    ['auth', 'token', "'token'", 'an object'],
    ['clients', null, 'null', 'an object with the values of the client'],
    ['prepare', 'token', "'token'", 'an object with values of the client, or nothing'],
    ['protocols', [1], '[ 1 ]', 'the name of a subprotocol without spaces, or a list of different ones'],
    [
      'answer.a.b: c',
      'pong',
      "'pong'",
      `${EVENT}, or a list of these, or null to send nothing. The field acknowledge sends acknowledgements`,
    ],
    ['keepAlive.send', {}, '{}', `${EVENT}, or a list of these, or null to send nothing`],
  ])('%s may be async, and what it resolves to is checked', async (name, result, shown, expected) => {
    await expect(call(name, Promise.resolve(result))).rejects.toMatchObject({
      code: 'USER_RESULT',
      message: `${name} of my.target.ts returned ${shown}; it must return ${expected}`,
    });
    await expect(call(name, Promise.reject(new Error('no')))).rejects.toMatchObject({
      code: 'USER_FUNCTION',
      message: `${name} of my.target.ts failed: no`,
    });
  });

  it.each<[name: string, result: unknown, fault: string]>([
    ['publish', { event: 'x', dta: 5 }, ' with the unknown field dta (did you mean data?)'],
    ['publish', { url: '/x', bdy: 5 }, ' with the unknown field bdy (did you mean body?)'],
    ['publish', { event: 'x', url: '/x' }, ' with the unknown field event'],
    [
      'join',
      [{ event: 'x' }, { event: 'y', replly: 'none' }],
      ' with the unknown field replly (did you mean reply?)',
    ],
    [
      'request',
      { event: 'x', reply: { event: 'y', idd: () => 1 } },
      ' with the unknown field reply.idd (did you mean id?)',
    ],
    ['answer.ping', { event: 'x', wholly: 1 }, ' with the unknown field wholly'],
    ['answer.ping', { yes: true }, ' with the unknown field yes'],
    ['keepAlive.send', { event: 'x', Data: 1 }, ' with the unknown field Data (did you mean data?)'],
  ])('%s that returns %o is refused by the name of the field', (name, result, fault) => {
    expect(thrownBy(() => call(name, result))).toMatchObject({
      code: 'USER_RESULT',
      message: expect.stringContaining(`${fault}; it must return {`),
    });
  });

  it('that returns a proxy which throws has failed', () => {
    expect(thrownBy(() => call('publish', new Proxy({}, { get: trap })))).toMatchObject({
      code: 'USER_FUNCTION',
      message: expect.stringMatching(/^publish of my\.target\.ts failed: a trap$/),
    });
  });

  it.each([
    ['publish', { event: 'x' }],
    ['publish', { event: 'x', data: circle, reply: { event: 'y' } }],
    ['publish', { url: '/messages', method: 'PUT', headers: { a: 'b' }, body: {} }],
    ['join', []],
    ['join', [{ event: 'a' }]],
    ['codec.encode', new Uint8Array(2)],
    ['codec.decode', null],
    ['asked.read', null],
    ['observe.key', 7],
    ['delivery.payload', undefined],
    ['reply', null],
  ])('%s may return %j', (name, result) => {
    expect(call(name, result)).toBe(result);
  });
});
