import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';

class Game extends Room {
  maxClients = 10_000;

  messages = {
    move: (client, position) => this.broadcast('moved', { by: client.sessionId, position }),
  };
}

const server = new Server({ transport: new WebSocketTransport(), greet: false });
server.define('game', Game);
await server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
