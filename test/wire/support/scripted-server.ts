import { createServer, type Socket } from 'node:net';
import { type Listening, listening } from '../../support/refusing-servers.ts';
import { acceptanceOf } from './memory-stream.ts';

/** A server of raw bytes: `serve` gets each connection with the head of its request. */
export function startScripted(serve: (socket: Socket, request: string) => void): Promise<Listening> {
  return listening(
    createServer((socket) => {
      socket.setNoDelay(true);
      let request = '';
      const take = (bytes: Buffer) => {
        request += bytes.toString('latin1');
        if (!request.includes('\r\n\r\n')) return;
        socket.off('data', take);
        serve(socket, request);
      };
      socket.on('data', take);
    }),
  );
}

/** A server that accepts every WebSocket and then does what `serve` says. `headers`: more lines of its answer. */
export function startAccepting(serve: (socket: Socket) => void, headers = ''): Promise<Listening> {
  return startScripted((socket, request) => {
    socket.write(acceptanceOf(request, headers), () => serve(socket));
  });
}

/** Writes without end, as fast as the other side reads, until the connection is gone. */
export function flood(socket: Socket, part: string | Uint8Array): void {
  const write = () => {
    while (!socket.destroyed && socket.write(part));
    if (!socket.destroyed) socket.once('drain', write);
  };
  write();
}

/** Writes a part again and again, until the connection is gone. */
export function drip(socket: Socket, part: (index: number) => string, everyMs: number): void {
  let index = 0;
  const timer = setInterval(() => {
    if (socket.writable) socket.write(part(index));
    index += 1;
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}
