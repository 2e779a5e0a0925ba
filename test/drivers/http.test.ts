import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { clientAgent } from '../../src/drivers/http.ts';
import { officialSocketio } from '../../src/drivers/official-socketio.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that counts connections and answers every request with 404. */
async function counting(): Promise<{ readonly port: number; connections: number }> {
  const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  const counted = { port: 0, connections: 0 };
  server.on('connection', () => {
    counted.connections += 1;
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return Object.assign(counted, { port: (server.address() as AddressInfo).port });
}

/** The status of the answer, or the message of the error. */
function outcomeOf(url: string, agent: ReturnType<typeof clientAgent>): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', ({ message }) => resolve(message));
    sent.end();
  });
}

describe('the agent of a client', () => {
  it('connects to the host and port of its URL only', async () => {
    const [own, other] = [await counting(), await counting()];
    const agent = clientAgent(new URL(`http://127.0.0.1:${own.port}/path`), {});
    closers.push(() => agent.destroy());
    expect(await outcomeOf(`http://127.0.0.1:${own.port}/any`, agent)).toBe(404);
    const wrong = [`127.0.0.1:${other.port}`, `localhost:${own.port}`];
    for (const host of wrong) {
      expect(await outcomeOf(`http://${host}/`, agent)).toBe(
        `the client would connect to ${host} instead of 127.0.0.1:${own.port}`,
      );
    }
    expect([own.connections, other.connections]).toEqual([1, 0]);
  });

  it.each(['websocket', 'polling'] as const)(
    'keeps a Socket.IO client over %s from a host in the path of the target',
    async (transport) => {
      const [own, other] = [await counting(), await counting()];
      const connecting = officialSocketio.connect({
        url: `http://127.0.0.1:${own.port}`,
        path: `@127.0.0.1:${other.port}/`,
        transport,
        timeoutMs: 2000,
      });
      await expect(connecting).rejects.toThrow(/would connect to/);
      expect(other.connections).toBe(0);
    },
  );
});
