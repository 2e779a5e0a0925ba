import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { answers, describeListener } from '../../../src/run/server/port.ts';
import { skipWhenMissing } from '../../support/need.ts';
import { NO_PROC } from '../../support/proc.ts';
import { freePort } from '../../support/sockbench.ts';

skipWhenMissing(NO_PROC);

it.each(['127.0.0.1', '::1'])('the process that listens at %s is named', async (host) => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const url = new URL(`ws://${host.includes(':') ? `[${host}]` : host}:${port}`);
  expect(await answers(url, AbortSignal.timeout(5000))).toBe(true);
  expect(describeListener(url)).toMatch(new RegExp(`^process ${process.pid} \\(.*node`));
  server.close();
});

it('a process that cannot be seen has no name', async () => {
  expect(describeListener(new URL(`ws://127.0.0.1:${await freePort()}`))).toBe('another process');
});
