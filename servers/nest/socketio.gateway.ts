import { type INestApplication, Inject, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  Ack,
  ConnectedSocket,
  type GatewayMetadata,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type WsResponse,
} from '@nestjs/websockets';
import { from, map, type Observable } from 'rxjs';
import type { Namespace, Socket } from 'socket.io';
import { type AskedReply, EVENT, streamedReplies } from '../../src/contract/protocol.ts';
import type { ServerSettings } from '../../src/contract/server.ts';
import { socketioOptions } from '../socketio-chat.ts';
import { type ChatMessage, ChatsService, chatsModule, scopeOf } from './chats.module.ts';

/** Creates the application with a gateway on Socket.IO. */
export async function createSocketioApp(
  settings: ServerSettings & { readonly namespace: string },
): Promise<INestApplication> {
  const options = { namespace: settings.namespace, ...socketioOptions(settings) };
  const module = chatsModule(socketioGateway(options as GatewayMetadata));
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  return app.useWebSocketAdapter(new IoAdapter(app));
}

/** The gateway class. A function, because the namespace is an argument of the decorator. */
function socketioGateway(options: GatewayMetadata): Type {
  @WebSocketGateway(options)
  class ChatsGateway implements OnGatewayConnection, OnGatewayDisconnect {
    @WebSocketServer()
    readonly server!: Namespace;

    readonly #chats: ChatsService<string>;

    constructor(@Inject(ChatsService) chats: ChatsService<string>) {
      this.#chats = chats;
    }

    handleConnection(socket: Socket): void {
      this.#chats.enter(socket.id);
    }

    handleDisconnect(socket: Socket): void {
      this.#chats.leave(socket.id);
    }

    /** Acknowledges explicitly, because Nest sends no acknowledgement without data. */
    @SubscribeMessage(EVENT.enterChat)
    async enterChat(
      @MessageBody() chatIds: ReadonlyArray<string | number>,
      @ConnectedSocket() socket: Socket,
      @Ack() acknowledge?: () => void,
    ): Promise<void> {
      for (const chatId of chatIds) await socket.join(chatId.toString());
      acknowledge?.();
    }

    @SubscribeMessage(EVENT.sendMessage)
    sendMessage(@MessageBody() data: ChatMessage, @ConnectedSocket() socket: Socket): void {
      const { message, chatId = '' } = data;
      switch (scopeOf(data)) {
        case 'everyone':
          this.server.emit(EVENT.receiveMessage, message);
          break;
        case 'everyone-but-me':
          socket.broadcast.emit(EVENT.receiveMessage, message);
          break;
        case 'room':
          this.server.in(chatId.toString()).emit(EVENT.receiveMessage, message);
          break;
        case 'room-but-me':
          socket.to(chatId.toString()).emit(EVENT.receiveMessage, message);
          break;
      }
    }

    @SubscribeMessage(EVENT.hello)
    hello(@MessageBody() data: unknown): unknown {
      return data;
    }

    @SubscribeMessage(EVENT.identity)
    identity(@MessageBody() data: unknown): unknown {
      return data;
    }

    @SubscribeMessage(EVENT.askMe)
    async askMe(@MessageBody() data: unknown, @ConnectedSocket() socket: Socket): Promise<AskedReply> {
      const askedNs = process.hrtime.bigint();
      const answer = await socket.emitWithAck(EVENT.hello, data);
      return { answer, roundTripNs: Number(process.hrtime.bigint() - askedNs) };
    }

    @SubscribeMessage(EVENT.echo)
    echo(@MessageBody() data: unknown): WsResponse<unknown> {
      return { event: EVENT.echo, data };
    }

    @SubscribeMessage(EVENT.events)
    events(@MessageBody() data: unknown): Observable<WsResponse<unknown>> {
      return from(streamedReplies(data)).pipe(map((item) => ({ event: EVENT.events, data: item })));
    }
  }
  return ChatsGateway;
}
