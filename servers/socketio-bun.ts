import type { ReferenceServer } from '../src/contract/server.ts';
import { listenOnBun } from './listen.ts';

export const server: ReferenceServer = {
  name: 'socketio-bun',
  summary: 'Socket.IO on Bun with @socket.io/bun-engine, rooms in memory',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  settings: ['namespace', 'parser', 'recovery', 'recoveryWindow'],
  runtime: 'bun',
  packages: ['@socket.io/bun-engine'],
  async start(options) {
    const { Server: Engine } = await import('@socket.io/bun-engine');
    const { Server } = await import('socket.io');
    const { serveChat, socketioOptions } = await import('./socketio-chat.ts');
    const io = new Server(socketioOptions(options.settings));
    const engine = new Engine({ path: '/socket.io/' });
    io.bind(engine);
    serveChat(io, options.settings);
    const { bun, address } = listenOnBun(options, engine.handler());
    return {
      url: `http://${address}`,
      async close() {
        engine.close();
        await bun.stop(true);
      },
    };
  },
};
