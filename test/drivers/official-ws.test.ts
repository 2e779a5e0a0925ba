import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { officialWs } from '../../src/drivers/ws.ts';

const servers: WebSocketServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

/** A connection of the driver, and the server's end of it, which says whatever a test wants. */
async function open(greet: (socket: WebSocket) => void = () => {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  servers.push(server);
  await once(server, 'listening');
  const accepted = once(server, 'connection').then(([socket]) => {
    greet(socket);
    return socket as WebSocket;
  });
  const { port } = server.address() as AddressInfo;
  const connection = await officialWs.connect({
    url: `ws://127.0.0.1:${port}`,
    transport: 'websocket',
    timeoutMs: 5000,
  });
  return { connection, serverEnd: await accepted };
}

it('ignores what is no envelope, and goes on', async () => {
  const { connection, serverEnd } = await open();
  const received: unknown[] = [];
  const last = new Promise<void>((resolve) => {
    connection.on('receive_message', (data) => {
      received.push(data);
      if (data === 'last') resolve();
    });
  });
  for (const message of ['welcome!', 'null', '[]', '{"data":1}', Buffer.alloc(0), Buffer.from([0, 9, 1])]) {
    serverEnd.send(message);
  }
  serverEnd.send('{"event":"other","data":"not listened to"}');
  serverEnd.send('{"event":"receive_message","data":"last"}');
  await last;
  expect(received).toEqual(['last']);
});

it('ignores a reply that nothing waits for, and a second one', async () => {
  const { connection, serverEnd } = await open();
  const replies: unknown[] = [];
  connection.request('hello', 'a', (reply) => replies.push(reply));
  const asked = JSON.parse(String((await once(serverEnd, 'message'))[0]));
  const end = new Promise<void>((resolve) => connection.on('end', () => resolve()));
  for (const ack of [asked.id + 1, asked.id, asked.id]) {
    serverEnd.send(JSON.stringify({ event: 'hello', data: `reply to ${ack}`, ack }));
  }
  serverEnd.send('{"event":"end"}');
  await end;
  expect(replies).toEqual([`reply to ${asked.id}`]);
});

it('says with which code and reason the server closed', async () => {
  const { connection, serverEnd } = await open();
  const dropped = new Promise<string>((resolve) => connection.onDropped(resolve));
  serverEnd.close(1013, 'try again later');
  expect(await dropped).toBe('closed with 1013 try again later');
});

it('answers pings with one listener, however many pongs are outstanding', async () => {
  const { connection, serverEnd } = await open((socket) => socket.pause());
  const on = vi.spyOn(WebSocket.prototype, 'on');
  const pongs: number[] = [];
  const last = new Promise<void>((resolve) => {
    for (let ping = 0; ping < 50; ping++) {
      connection.ping?.(() => {
        pongs.push(ping);
        if (ping === 49) resolve();
      });
    }
  });
  expect(on).not.toHaveBeenCalled();
  on.mockRestore();
  serverEnd.resume();
  await last;
  expect(pongs).toEqual(Array.from({ length: 50 }, (_, ping) => ping));
});
