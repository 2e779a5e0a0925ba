import { type INestApplication, Inject, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConnectedSocket,
  type GatewayMetadata,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets';
import { from, map, type Observable } from 'rxjs';
import { WebSocket } from 'ws';
import {
  type AskedReply,
  EVENT,
  encodeEnvelope,
  type Payload,
  streamedReplies,
} from '../../src/contract/protocol.ts';
import type { ServerSettings } from '../../src/contract/server.ts';
import { Rooms } from '../envelope-chat.ts';
import { type ChatMessage, ChatsService, chatsModule, scopeOf } from './chats.module.ts';
import { ANSWER, type ClientAnswer, EnvelopeAdapter } from './envelope-adapter.ts';

/** Creates the application with a gateway on raw WebSocket. */
export async function createWsApp({ compression }: ServerSettings): Promise<INestApplication> {
  const module = chatsModule(wsGateway({ perMessageDeflate: compression && { threshold: 0 } }));
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  return app.useWebSocketAdapter(new EnvelopeAdapter(app));
}

/** The gateway class. A function, because compression is an argument of the decorator. */
function wsGateway(options: GatewayMetadata): Type {
  @WebSocketGateway(options)
  class ChatsGateway implements OnGatewayConnection, OnGatewayDisconnect {
    readonly #chats: ChatsService<WebSocket>;
    readonly #rooms: Rooms<WebSocket>;
    /** The unanswered questions to each client, which are discarded with the client. */
    readonly #asked = new WeakMap<WebSocket, Map<number, (answer: Payload) => void>>();
    #nextId = 0;

    constructor(@Inject(ChatsService) chats: ChatsService<WebSocket>) {
      this.#chats = chats;
      this.#rooms = new Rooms(chats.clients);
    }

    handleConnection(socket: WebSocket): void {
      this.#chats.enter(socket);
      this.#asked.set(socket, new Map());
    }

    handleDisconnect(socket: WebSocket): void {
      this.#chats.leave(socket);
      this.#rooms.leave(socket);
    }

    @SubscribeMessage(EVENT.enterChat)
    enterChat(
      @MessageBody() chatIds: ReadonlyArray<string | number>,
      @ConnectedSocket() socket: WebSocket,
    ): WsResponse<null> {
      for (const chatId of chatIds) this.#rooms.join(socket, chatId.toString());
      return { event: EVENT.enterChat, data: null };
    }

    @SubscribeMessage(EVENT.sendMessage)
    sendMessage(@MessageBody() data: ChatMessage, @ConnectedSocket() socket: WebSocket): void {
      const { message, chatId = '' } = data;
      const frame = encodeEnvelope({ event: EVENT.receiveMessage, data: message });
      this.#rooms.eachOf(scopeOf(data), socket, chatId.toString(), (member) => {
        if (member.readyState === WebSocket.OPEN) member.send(frame);
      });
    }

    @SubscribeMessage(EVENT.hello)
    hello(@MessageBody() data: unknown): WsResponse<unknown> {
      return { event: EVENT.hello, data };
    }

    @SubscribeMessage(EVENT.identity)
    identity(@MessageBody() data: unknown): WsResponse<unknown> {
      return { event: EVENT.identity, data };
    }

    @SubscribeMessage(EVENT.askMe)
    async askMe(
      @MessageBody() data: unknown,
      @ConnectedSocket() socket: WebSocket,
    ): Promise<WsResponse<AskedReply>> {
      const askedNs = process.hrtime.bigint();
      const answer = await this.#ask(socket, data);
      const roundTripNs = Number(process.hrtime.bigint() - askedNs);
      return { event: EVENT.askMe, data: { answer, roundTripNs } };
    }

    @SubscribeMessage(ANSWER)
    answer(@MessageBody() { id, answer }: ClientAnswer, @ConnectedSocket() socket: WebSocket): void {
      const asked = this.#asked.get(socket);
      asked?.get(id)?.(answer);
      asked?.delete(id);
    }

    @SubscribeMessage(EVENT.echo)
    echo(@MessageBody() data: unknown): WsResponse<unknown> {
      return { event: EVENT.echo, data };
    }

    @SubscribeMessage(EVENT.events)
    events(@MessageBody() data: unknown): Observable<WsResponse<unknown>> {
      return from(streamedReplies(data)).pipe(map((item) => ({ event: EVENT.events, data: item })));
    }

    #ask(socket: WebSocket, data: unknown): Promise<Payload> {
      return new Promise((resolve) => {
        const id = this.#nextId;
        this.#nextId += 1;
        this.#asked.get(socket)?.set(id, resolve);
        socket.send(encodeEnvelope({ event: EVENT.hello, data, id }));
      });
    }
  }
  return ChatsGateway;
}
