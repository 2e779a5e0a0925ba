import type { Agent as HttpAgent } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import { Encoder } from 'socket.io-msgpack-parser';
import type { WebSocket } from 'ws';
import { addressText } from '../contract/address.ts';
import { Arguments } from '../contract/mapping.ts';
import type { Transport } from '../contract/target.ts';
import { engineBytesOf, requirePingTimes } from '../wire/socketio/engine.ts';
import { MsgpackDecoder } from '../wire/socketio/msgpack.ts';
import { withoutOffset } from '../wire/socketio/offset.ts';
import { PACKET } from '../wire/socketio/packet.ts';
import {
  type AnyHandler,
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  DEFAULT_FORGET_AFTER_MS,
  type Driver,
  given,
  isSubprotocolHeader,
  type MessageSize,
  type OnRead,
  subprotocolsOf,
} from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { connectReason, disconnectReason } from './engine-reason.ts';
import { EnginePolling, EngineWebSocket } from './engine-transports.ts';
import { clientAgent } from './http.ts';
import { closeOutcome, NO_ANSWER_OF_NAMESPACE } from './reason.ts';

/** Engine.IO's transports in the order in which they are used. */
const ENGINE_TRANSPORTS: Readonly<
  Partial<Record<Transport, Array<typeof EnginePolling | typeof EngineWebSocket>>>
> = {
  websocket: [EngineWebSocket],
  polling: [EnginePolling],
  upgrade: [EnginePolling, EngineWebSocket],
};

export const officialSocketio: Driver = {
  name: 'official',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  summary: 'socket.io-client, without reconnection',
  connect: (options) =>
    connectWithin(options, (resolve, reject) => {
      const address = namespaceUrl(options);
      // Without an agent the client makes a connection for each request when it polls, connects wherever its own parser
      // of URLs finds a host, and passes no TLS server name to a WebSocket.
      const agent = clientAgent(new URL(address), options.tls ?? {}, options.localAddress);
      const socket = io(address, managerOptions(options, agent));
      const release = () => {
        const { transport } = socket.io.engine as { readonly transport?: { readonly ws?: WebSocket | null } };
        const ws = transport?.ws;
        socket.disconnect();
        // Neither waits for an answer of the server, which may never come.
        ws?.terminate();
        agent.destroy();
      };
      const ending = watchEnding(socket, release);
      ending.onDropped(reject);
      const { onRead } = options;
      if (onRead !== undefined)
        socket.onAny((event: string, ...data) => onRead('event', event, receivedData(socket, data)));
      socket.once('connect', () => {
        options.onStage?.('namespace');
        watchEngine(socket, options);
        resolve(new SocketioConnection(socket, ending, options));
      });
      socket.connect();
      socket.io.engine.on('handshake', requirePingTimes);
      if (options.transport === 'websocket')
        socket.io.engine.once('open', () => options.onStage?.('upgrade'));
      socket.io.engine.on('close', (reason, details) => {
        // The client does not notice that a connection closes before Engine.IO is open. It closes others by force.
        if (reason !== 'forced close') ending.drop(disconnectReason(reason, details));
      });
      const isOpen = () => socket.io.engine.readyState === 'open';
      return {
        abandon: release,
        missing: () => (isOpen() ? NO_ANSWER_OF_NAMESPACE : 'no complete answer'),
      };
    }),
};

/** Sees every way in which a client ends, before and after it has connected. */
function watchEnding(socket: Socket, release: () => void): ConnectionEnding {
  const ending = new ConnectionEnding({ abandon: release });
  let isConnected = false;
  socket.once('connect', () => {
    isConnected = true;
  });
  // Once it is connected, this is an error packet, after which the client reports no disconnection.
  socket.on('connect_error', (error) => {
    ending.drop(isConnected && 'data' in error ? `error packet: ${error.message}` : connectReason(error));
  });
  socket.on('disconnect', (reason, details) => ending.drop(disconnectReason(reason, details)));
  // The client calls this from a timer of its own: what it or a handler throws there would end the process.
  const inner = socket as unknown as { onpacket(packet: unknown): void };
  const onPacket = inner.onpacket;
  inner.onpacket = (packet) => ending.guard(() => onPacket.call(socket, packet));
  return ending;
}

/** The URL whose path is the namespace; the given URL where there is no namespace. */
export function namespaceUrl({ url, namespace }: ConnectOptions): string {
  if (namespace === undefined) return url;
  const address = new URL(url);
  address.pathname = namespace;
  return addressText(address);
}

function managerOptions(options: ConnectOptions, agent: HttpAgent): Parameters<typeof io>[1] {
  const { transport, path, auth, headers = {}, query, tls = {}, parser, compression } = options;
  const extraHeaders = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !isSubprotocolHeader(name)),
  );
  return {
    transports: ENGINE_TRANSPORTS[transport] ?? [],
    forceNew: true,
    reconnection: false,
    autoConnect: false,
    ...tls,
    ...given({ path, auth, query }),
    extraHeaders,
    protocols: [...subprotocolsOf(options)],
    ...(parser === 'msgpack' ? { parser: { Encoder, Decoder: MsgpackDecoder } } : {}),
    // The client's own default offers it and compresses from 1 KiB.
    perMessageDeflate: (compression === true ? { threshold: 0 } : false) as { threshold: number },
    agent: agent as unknown as string,
  };
}

/** Reports the upgrade, and for each request for messages whether it brought one. */
function watchEngine(socket: Socket, { transport, onUpgraded, onPolled }: ConnectOptions): void {
  const { engine } = socket.io;
  if (transport === 'upgrade' && onUpgraded !== undefined) {
    if (engine.transport.name === 'websocket') onUpgraded();
    else engine.once('upgrade', onUpgraded);
  }
  if (onPolled === undefined || engine.transport.name !== 'polling') return;
  let messages = 0;
  engine.on('packet', ({ type }) => {
    if (type === 'message') messages += 1;
  });
  engine.transport.on('pollComplete', () => {
    onPolled(messages === 0);
    messages = 0;
  });
}

/** What the client keeps to itself. */
interface OpenSocket {
  readonly nsp: string;
  readonly io: {
    readonly encoder: { encode(packet: object): ReadonlyArray<string | Buffer> };
    readonly engine: { readonly _maxPayload: unknown; readonly transport: { readonly name: string } };
  };
}

class SocketioConnection implements Connection {
  readonly #socket: Socket;
  readonly #ending: ConnectionEnding;
  readonly #forgetAfterMs: number;
  readonly #onRead: OnRead | undefined;

  constructor(
    socket: Socket,
    ending: ConnectionEnding,
    { forgetAfterMs = DEFAULT_FORGET_AFTER_MS, onRead }: ConnectOptions,
  ) {
    this.#socket = socket;
    this.#ending = ending;
    this.#forgetAfterMs = forgetAfterMs;
    this.#onRead = onRead;
  }

  emit(event: string, data: unknown): void {
    this.#socket.emit(event, ...argumentsOf(data));
  }

  request(event: string, data: unknown, onReply: (reply: unknown) => void): void {
    // Without a timeout the client keeps what is never acknowledged.
    const socket = this.#socket.timeout(this.#forgetAfterMs);
    socket.emit(event, ...argumentsOf(data), (error: Error | null, ...reply: unknown[]) => {
      if (error !== null) return;
      this.#onRead?.('reply', event, oneOrAll(reply));
      onReply(oneOrAll(reply));
    });
  }

  on(event: string, handler: (data: unknown) => void): () => void {
    const onEvent = (...data: unknown[]) => handler(receivedData(this.#socket, data));
    this.#socket.on(event, onEvent);
    return () => void this.#socket.off(event, onEvent);
  }

  onAny(handler: AnyHandler): () => void {
    const onEvent = (event: string, ...data: unknown[]) => handler(event, receivedData(this.#socket, data));
    this.#socket.onAny(onEvent);
    return () => void this.#socket.offAny(onEvent);
  }

  sizeOf(event: string, data: unknown): MessageSize | null {
    const { io: manager, nsp } = this.#socket as unknown as OpenSocket;
    const { encoder, engine } = manager;
    const maxBytes = engine._maxPayload;
    if (typeof maxBytes !== 'number' || maxBytes <= 0) return null;
    const options = { compress: true };
    const packet = {
      type: PACKET.event,
      data: [event, ...argumentsOf(data)],
      options,
      nsp,
    };
    const isBase64 = engine.transport.name === 'polling';
    const sizes = encoder
      .encode(packet)
      .map((message) =>
        isBase64 && typeof message !== 'string'
          ? engineBytesOf(message.toString('base64'))
          : engineBytesOf(message),
      );
    return { messageBytes: Math.max(...sizes), maxBytes };
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#socket.on(event, (...data: unknown[]) => {
      const acknowledge = data.pop();
      if (typeof acknowledge === 'function') acknowledge(respond(oneOrAll(data)));
    });
  }

  onDropped(handler: (reason: string) => void): void {
    this.#ending.onDropped(handler);
  }

  close(): Promise<CloseOutcome | null> {
    this.#ending.close();
    return new Promise((resolve) => {
      const { engine } = this.#socket.io;
      if (engine.readyState === 'closed') {
        resolve(null);
        return;
      }
      setTimeout(resolve, 1000, null).unref();
      // Engine.IO is closed at once. The WebSocket under it closes when the server has answered.
      const { ws } = engine.transport as unknown as { readonly ws?: WebSocket };
      if (ws !== undefined) ws.once('close', (code, reason) => resolve(closeOutcome(code, reason)));
      else engine.once('close', () => resolve(null));
      this.#socket.disconnect();
    });
  }
}

/**
 * Leaves out what the client adds to the data of an event: the function that acknowledges it, or the offset that
 * connection state recovery appends.
 */
function receivedData(socket: Socket, data: readonly unknown[]): unknown {
  const { _pid: recoverable } = socket as unknown as { readonly _pid?: string };
  if (typeof data.at(-1) === 'function') return oneOrAll(data.slice(0, -1));
  return oneOrAll(recoverable === undefined ? data : withoutOffset(data));
}

/** The arguments of an event that a client sends. */
export function argumentsOf(data: unknown): readonly unknown[] {
  return data instanceof Arguments ? data.list : [data];
}

/** Most events have one argument; of several, the list. */
export function oneOrAll(data: readonly unknown[]): unknown {
  return data.length > 1 ? data : data[0];
}
