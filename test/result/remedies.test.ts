import { expect, it } from 'vitest';
import type { FindingCode } from '../../src/result/findings.ts';
import { remediesOf } from '../../src/result/remedies.ts';

const of = (...codes: FindingCode[]) => remediesOf(codes.map((code) => ({ code, message: '' }))).join('; ');

it('a generator that is the limit needs more processes', () => {
  expect(of('send_lag', 'receive_uncertainty')).toMatch(/^add generator processes[^;]*$/);
});

it('on a busy machine, other work is to be stopped, and processes are not to be added', () => {
  expect(of('send_lag', 'machine_busy', 'server_overloaded')).toBe(
    'stop other work on this machine, or use a quieter one; reduce the load (--rate, --clients)',
  );
});
