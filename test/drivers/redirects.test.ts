import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import type { Transport } from '../../src/contract/target.ts';
import { drivers } from '../../src/drivers/index.ts';
import { messageOf } from '../../src/errors.ts';
import { listening } from '../support/refusing-servers.ts';

const CLIENTS = drivers.flatMap((driver) =>
  driver.transports.map((transport): [string, Transport, typeof driver] => [
    driver.protocol,
    transport,
    driver,
  ]),
);

it.each(CLIENTS)('%s over %s follows no redirect, and survives one without a location', async (...of) => {
  const [protocol, transport, driver] = of;
  let followed = 0;
  const elsewhere = await listening(
    createServer((_request, response) => {
      followed += 1;
      response.end();
    }),
  );
  const locations = [`http://127.0.0.1:${elsewhere.port}/`, '//[', null];
  for (const status of [301, 302, 303, 307, 308]) {
    for (const location of locations) {
      const headers = location === null ? {} : { location };
      const server = await listening(
        createServer((_, response) => response.writeHead(status, headers).end()),
      );
      const url = `${protocol === 'ws' ? 'ws' : 'http'}://127.0.0.1:${server.port}`;
      const reason = await driver
        .connect({ url, transport, timeoutMs: 5000 })
        .then(() => 'connected', messageOf);
      expect(reason).toContain(String(status));
      await server.close();
    }
  }
  expect(followed).toBe(0);
  await elsewhere.close();
});
