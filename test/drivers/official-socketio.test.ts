import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { expect, it } from 'vitest';
import { officialSocketio } from '../../src/drivers/socketio.ts';

it('forgets a request that stays without an acknowledgement, so that a late one is ignored', async () => {
  const http = createServer();
  const server = new Server(http);
  const late: Array<(reply: string) => void> = [];
  const ready = Promise.withResolvers<void>();
  server.on('connection', (socket) => {
    socket.on('late', (_data, acknowledge) => {
      late.push(acknowledge);
      ready.resolve();
    });
    socket.on('soon', (_data, acknowledge) => acknowledge('soon'));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const options = { url, transport: 'websocket', timeoutMs: 5000, forgetAfterMs: 20 } as const;
  const connection = await officialSocketio.connect(options);
  const replies: unknown[] = [];
  const ask = (event: string) =>
    new Promise<void>((resolve) => {
      connection.request(event, null, (reply) => {
        replies.push(reply);
        resolve();
      });
    });
  void ask('late');
  await ready.promise;
  await new Promise((resolve) => setTimeout(resolve, 40));
  late[0]?.('late');
  await ask('soon');
  expect(replies).toEqual(['soon']);
  await connection.close();
  await server.close();
});
