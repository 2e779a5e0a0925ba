import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';
import * as msgpackParser from 'socket.io-msgpack-parser';
import {
  type AskedReply,
  EVENT,
  type Payload,
  type SendMessage,
  streamedReplies,
} from '../src/contract/protocol.ts';
import type { ServerSettings } from '../src/contract/server.ts';

type SocketioAck = (reply?: unknown) => void;

/** Socket.IO's server options for these settings. Compression is off by default. */
export function socketioOptions({
  compression,
  parser,
  recovery,
  recoveryWindow,
}: ServerSettings): Partial<ServerOptions> {
  return {
    serveClient: false,
    perMessageDeflate: compression ? { threshold: 0 } : false,
    httpCompression: false,
    ...(parser === 'msgpack' ? { parser: msgpackParser } : {}),
    ...(recovery ? { connectionStateRecovery: { maxDisconnectionDuration: recoveryWindow } } : {}),
  };
}

/** Serves the chat in a namespace; `node` is the number of this process in a cluster. */
export function serveChat(io: Server, { namespace }: ServerSettings, node = 0): void {
  const chats = io.of(namespace ?? '/');
  chats.on('connection', (socket) => serveSocket(chats, socket, node));
}

function serveSocket(chats: Namespace, socket: Socket, node: number): void {
  // A client that sends data that a handler cannot use is disconnected, and the server continues.
  const on = (event: string, handle: (data: unknown, acknowledge: SocketioAck) => void) => {
    socket.on(event, (data: unknown, acknowledge: unknown) => {
      try {
        handle(data, typeof acknowledge === 'function' ? (acknowledge as SocketioAck) : () => {});
      } catch {
        socket.disconnect(true);
      }
    });
  };
  on(EVENT.enterChat, (chatIds, acknowledge) => {
    // Returns a promise where the adapter must inform other processes.
    const joined = socket.join((chatIds as unknown[]).map(String));
    if (joined === undefined) acknowledge();
    else void joined.then(() => acknowledge());
  });
  on(EVENT.sendMessage, (data) => {
    const { message, scope, chatId = '' } = data as SendMessage;
    switch (scope) {
      case 'everyone':
        chats.emit(EVENT.receiveMessage, message);
        break;
      case 'everyone-but-me':
        socket.broadcast.emit(EVENT.receiveMessage, message);
        break;
      case 'room':
        chats.in(chatId).emit(EVENT.receiveMessage, message);
        break;
      case 'room-but-me':
        socket.to(chatId).emit(EVENT.receiveMessage, message);
        break;
    }
  });
  on(EVENT.hello, (data, acknowledge) => acknowledge(data));
  on(EVENT.identity, (data, acknowledge) => acknowledge(data));
  on(EVENT.whichNode, (_data, acknowledge) => acknowledge(node));
  on(EVENT.askMe, (data, acknowledge) => {
    const askedNs = process.hrtime.bigint();
    socket.emit(EVENT.hello, data, (answer: Payload) => {
      const reply: AskedReply = { answer, roundTripNs: Number(process.hrtime.bigint() - askedNs) };
      acknowledge(reply);
    });
  });
  on(EVENT.echo, (data) => socket.emit(EVENT.echo, data));
  on(EVENT.events, (data) => {
    for (const reply of streamedReplies(data)) socket.emit(EVENT.events, reply);
  });
}
