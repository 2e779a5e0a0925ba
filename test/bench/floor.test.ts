import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { BareClient } from '../../bench/client-process.ts';
import { compileFloor } from '../../bench/floor.ts';
import { BENCH_PROTOCOLS, PATHS, requestFrame } from '../../bench/protocols.ts';
import { Publisher } from '../../bench/publisher.ts';
import { killServer, startServer, urlOf } from '../servers/child.ts';
import { skipWhenMissing } from '../support/need.ts';

const floor = compileFloor();
skipWhenMissing('problem' in floor ? `${floor.problem} (gcc, libc6-dev)` : null);
const program = 'path' in floor ? floor.path : '';

const startFloor = (port: number, path: string, connections: number, requestsHz = 0, request = '') =>
  new BareClient([program, ...[port, path, connections, requestsHz, request].map(String)]);

/** A text frame of a server, RFC 6455 section 5.2. */
function frameOf(length: number): Buffer {
  const payload = Buffer.alloc(length, 'x');
  if (length < 126) return Buffer.concat([Buffer.from([0x81, length]), payload]);
  const header =
    length < 65536 ? Buffer.from([0x81, 126, 0, 0]) : Buffer.from([0x81, 127, ...Array(8).fill(0)]);
  if (length < 65536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

/** Sends the same bytes to every client after its upgrade, cut in two at another place for each. */
async function cuttingServer(bytes: Buffer) {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, async (socket) => {
    const place = sockets.push(socket) - 1;
    await once(socket, 'data');
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    await sleep(10);
    socket.write(bytes.subarray(0, place));
    await sleep(10);
    socket.write(bytes.subarray(place));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('the client in C', () => {
  it.each(BENCH_PROTOCOLS)(
    'counts every message of the reference server %s, and every reply',
    async (protocol) => {
      const server = await startServer(protocol);
      const port = Number(new URL(urlOf(server)).port);
      const listening = startFloor(port, PATHS[protocol], 150);
      const asking = startFloor(port, PATHS[protocol], 2, 100, requestFrame(protocol));
      try {
        expect(await listening.opened()).toMatchObject({ connections: 150, received: 0 });
        await asking.opened();
        const publisher = await Publisher.open(protocol, port);
        publisher.publishAt(500);
        await vi.waitFor(() => expect(publisher.sent).toBeGreaterThan(50));
        publisher.stop();
        await vi.waitFor(
          async () => expect((await listening.read()).received).toBe(150 * publisher.sent),
          10_000,
        );
        publisher.close();
        // More than what was published.
        await vi.waitFor(
          async () => expect((await asking.read()).received).toBeGreaterThan(publisher.sent + 10),
          10_000,
        );
      } finally {
        await Promise.all([listening.stop(), asking.stop(), killServer(server)]);
      }
    },
  );

  it('counts frames of every length, wherever a read ends', async () => {
    const lengths = [0, 1, 2, 125, 126, 300];
    const bytes = Buffer.concat([...lengths, ...lengths].map(frameOf));
    const server = await cuttingServer(bytes);
    const client = startFloor(server.port, '/', bytes.length);
    try {
      await client.opened();
      const expected = bytes.length * lengths.length * 2;
      await vi.waitFor(async () => expect((await client.read()).received).toBe(expected), 10_000);
    } finally {
      await client.stop();
      server.close();
    }
  });

  it('counts frames that are longer than what it reads at once', async () => {
    const server = await cuttingServer(Buffer.concat([65_535, 65_536, 200_000, 3].map(frameOf)));
    const client = startFloor(server.port, '/', 4);
    try {
      await client.opened();
      await vi.waitFor(async () => expect((await client.read()).received).toBe(16), 10_000);
    } finally {
      await client.stop();
      server.close();
    }
  });

  it('ends with the reason when the server refuses it', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = startFloor((server.address() as AddressInfo).port, '/', 1);
    await expect(client.opened()).rejects.toThrow('the answer to the upgrade is not 101');
    await client.stop();
    server.close();
  });
});
