import { createServer } from 'node:http';
import type { ReferenceServer } from '../src/contract/server.ts';
import { listen } from './listen.ts';
import { serveChat, socketioOptions } from './socketio-chat.ts';

export const server: ReferenceServer = {
  name: 'socketio',
  summary: 'Socket.IO on Node.js, rooms in memory',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  settings: ['namespace', 'compression', 'parser', 'recovery', 'recoveryWindow'],
  async start(options) {
    // The command line loads this file too, for what is above.
    const { Server } = await import('socket.io');
    const http = createServer();
    const io = new Server(http, socketioOptions(options.settings));
    serveChat(io, options.settings);
    return { url: `http://${await listen(http, options)}`, close: () => io.close() };
  },
};
