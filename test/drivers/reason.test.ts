import { expect, it } from 'vitest';
import { reasonOf } from '../../src/drivers/reason.ts';

const systemError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

it.each(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ENOBUFS', 'ENOMEM'])(
  '%s is a limit of the system of the generator',
  (code) => {
    expect(reasonOf(systemError(code))).toBe(`refused by the system of the generator: connect ${code}`);
  },
);

it('a connection that the server refused has the words of the system only', () => {
  expect(reasonOf(systemError('ECONNREFUSED'))).toBe('connect ECONNREFUSED');
});

it('a name with several addresses has a reason for each', () => {
  const errors = [systemError('ECONNREFUSED'), systemError('EMFILE')];
  expect(reasonOf(new AggregateError(errors))).toBe(
    'connect ECONNREFUSED, refused by the system of the generator: connect EMFILE',
  );
});
