import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { Namespace, Socket } from 'socket.io';
import { verify } from './jwt.ts';

interface Said {
  readonly room: string;
  readonly text: string;
}

@WebSocketGateway({ namespace: 'chat' })
export class ChatGateway implements OnGatewayInit {
  @WebSocketServer()
  readonly chat!: Namespace;

  /** Accepts clients with a valid token; others receive `connect_error` with the message of the error. */
  afterInit(chat: Namespace): void {
    chat.use((socket, next) => {
      try {
        socket.data.user = verify(String(socket.handshake.auth['token'])).sub;
        next();
      } catch (error) {
        next(error as Error);
      }
    });
  }

  @SubscribeMessage('join')
  async join(@MessageBody() { room }: Said, @ConnectedSocket() socket: Socket): Promise<object> {
    await socket.join(room);
    return { joined: room };
  }

  @SubscribeMessage('say')
  say(@MessageBody() { room, text }: Said, @ConnectedSocket() socket: Socket): void {
    if (!socket.rooms.has(room)) return;
    this.chat.to(room).emit('said', { room, by: socket.data.user, text, at: new Date().toISOString() });
  }

  @SubscribeMessage('whoami')
  whoami(@MessageBody() note: string, @ConnectedSocket() socket: Socket): object {
    return { user: socket.data.user, note };
  }
}
