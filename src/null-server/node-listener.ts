import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Listen, Peer } from './peer.ts';

/** Accepts connections by the sockets of Node.js, where the kernel's are not available. */
export const listenByNode: Listen = async (host, port, accept) => {
  const server = createServer({ noDelay: true }, (socket) => {
    const { onBytes, onGone } = accept(peerOf(socket));
    socket.on('data', onBytes);
    // The end of the connection follows.
    socket.on('error', () => {});
    socket.once('close', onGone);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
};

function peerOf(socket: Socket): Peer {
  return {
    write(bytes) {
      if (socket.writable) socket.write(bytes);
    },
    end: () => socket.end(),
  };
}
