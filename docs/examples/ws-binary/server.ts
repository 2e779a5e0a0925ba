import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeFrame, encodeFrame, OPCODE } from './frames.ts';
import { keyOf } from './keys.ts';

const { PORT = '3000' } = process.env;
const TICK_EVERY_MS = 50;
const NOTHING = new Uint8Array();

const rooms = new Map<number, Set<WebSocket>>();

function publish(room: number, payload: Uint8Array): void {
  const frame = encodeFrame({ opcode: OPCODE.publish, number: room, payload });
  for (const member of rooms.get(room) ?? []) member.send(frame);
}

/** `Authorization: Bearer DEVICE:KEY`. */
function isAuthorized({ headers: { authorization = '' } }: IncomingMessage): boolean {
  const [, device = '', key = ''] = /^Bearer ([^:]+):(.+)$/.exec(authorization) ?? [];
  return key === keyOf(device);
}

/** Publishes the body of `POST /rooms/7` to room 7. */
const http = createServer(async (request, response) => {
  const room = /^\/rooms\/(\d+)$/.exec(request.url ?? '')?.[1];
  if (request.method !== 'POST' || room === undefined) {
    response.writeHead(404).end();
    return;
  }
  publish(Number(room), await buffer(request));
  response.writeHead(204).end();
});

const server = new WebSocketServer({
  server: http,
  verifyClient: ({ req }: { req: IncomingMessage }) => isAuthorized(req),
});

server.on('connection', (socket) => {
  socket.on('message', (message: Buffer) => {
    const { opcode, number, payload } = decodeFrame(message);
    if (opcode === OPCODE.join) {
      rooms.set(number, (rooms.get(number) ?? new Set()).add(socket));
      socket.send(encodeFrame({ opcode, number, payload: NOTHING }));
    } else if (opcode === OPCODE.publish) {
      publish(number, payload);
    } else if (opcode === OPCODE.request) {
      socket.send(encodeFrame({ opcode, number, payload }));
    }
  });
  socket.on('close', () => {
    for (const members of rooms.values()) members.delete(socket);
  });
});

let ticks = 0;
setInterval(() => {
  ticks += 1;
  const frame = encodeFrame({ opcode: OPCODE.tick, number: ticks, payload: NOTHING });
  for (const socket of server.clients) socket.send(frame);
}, TICK_EVERY_MS);

http.listen(Number(PORT), '127.0.0.1');
