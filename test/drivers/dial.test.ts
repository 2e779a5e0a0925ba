import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drivers } from '../../src/drivers/index.ts';
import { CERTIFICATE, TEST_KEY } from '../support/certificates.ts';

/** Refuses every request, and keeps the names by which it was asked. */
const server = createServer({ key: TEST_KEY, cert: CERTIFICATE });
const asked: Array<{ readonly host: string | undefined; readonly servername: unknown }> = [];
const note = ({ headers, socket }: IncomingMessage) =>
  asked.push({ host: headers.host, servername: (socket as TLSSocket).servername });
server.on('request', (request, response) => {
  note(request);
  response.writeHead(403).end();
});
server.on('upgrade', (request, socket) => {
  note(request);
  socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

const CLIENTS = drivers.flatMap((driver) =>
  driver.transports.map((transport) => ({
    driver,
    transport,
    name: `${driver.name} ${driver.protocol} ${transport}`,
  })),
);

describe('a client that dials another address', () => {
  it.each(CLIENTS)('names the host of its URL in headers and TLS: $name', async ({ driver, transport }) => {
    asked.length = 0;
    const connecting = driver.connect({
      url: `${driver.protocol === 'ws' ? 'wss' : 'https'}://localhost:4711`,
      transport,
      timeoutMs: 5000,
      dial: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
      // The certificate is for localhost, and is accepted for no other name.
      tls: { ca: CERTIFICATE },
    });
    await expect(connecting).rejects.toThrow(/403/);
    expect(asked[0]).toEqual({ host: 'localhost:4711', servername: 'localhost' });
  });

  it.each(CLIENTS)('refuses a certificate for another name: $name', async ({ driver, transport }) => {
    const connecting = driver.connect({
      url: `${driver.protocol === 'ws' ? 'wss' : 'https'}://other.example:4711`,
      transport,
      timeoutMs: 5000,
      dial: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
      tls: { ca: CERTIFICATE },
    });
    await expect(connecting).rejects.toThrow(/other\.example/);
  });
});
