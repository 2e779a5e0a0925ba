import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { answers, countSockets, describeListener } from '../../../src/run/server/port.ts';
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

it('connections are counted until the server has closed them', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const url = new URL(`ws://127.0.0.1:${port}`);
  expect(countSockets(url)).toBe(0);
  const accepted = once(server, 'connection');
  const client = connect(port, '127.0.0.1');
  const [connection] = await accepted;
  expect(countSockets(url)).toBe(1);
  // The client has closed its end, and the server keeps its own.
  connection.resume();
  client.end();
  await once(connection, 'end');
  expect(countSockets(url)).toBe(1);
  connection.end();
  await once(client, 'close');
  expect(countSockets(url)).toBe(0);
  server.close();
  await once(server, 'close');
  expect(countSockets(url)).toBe(null);
  expect(countSockets(new URL('ws://192.0.2.1:80'))).toBe(null);
});
