import { expect, it } from 'vitest';
import { reasonOf } from '../../../src/drivers/reason.ts';
import { explainSystemLimit } from '../../../src/run/diagnose/system-limits.ts';

const refusedBy = (code: string) =>
  reasonOf(Object.assign(new Error(`connect ${code} 127.0.0.1:3000 - Local (0.0.0.0:0)`), { code }));

it.each([
  ['EMFILE', /a generator process may open no more files/, /ulimit -n/],
  ['ENFILE', /the system of the generator may open no more files/, /fs\.file-max/],
  ['EADDRNOTAVAIL', /no local port left/, /ip_local_port_range.*--source-addresses/],
  ['EADDRINUSE', /no local port left/, /--source-addresses/],
  ['ENOBUFS', /no memory for another socket/, /free memory/],
  ['ENOMEM', /no memory for another socket/, /free memory/],
])('%s is a limit of the generator, with its own remedy', (code, found, remedy) => {
  for (const reason of [refusedBy(code), `websocket error (${refusedBy(code)})`]) {
    expect(explainSystemLimit(reason)?.found).toMatch(found);
    expect(explainSystemLimit(reason)?.found).toContain(`(${code})`);
    expect(explainSystemLimit(reason)?.remedy).toMatch(remedy);
  }
});

it('what the server refuses is none', () => {
  expect(explainSystemLimit(refusedBy('ECONNREFUSED'))).toBeNull();
  expect(explainSystemLimit('refused by the server: EMFILE')).toBeNull();
});
