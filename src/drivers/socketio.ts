import type { Agent as HttpAgent } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import { Encoder } from 'socket.io-msgpack-parser';
import type { WebSocket } from 'ws';
import type { Transport } from '../contract/target.ts';
import { requirePingTimes } from '../wire/socketio/engine.ts';
import { MsgpackDecoder } from '../wire/socketio/msgpack.ts';
import { MAIN_NAMESPACE } from '../wire/socketio/packet.ts';
import { type ConnectOptions, type Driver, given, isSubprotocolHeader, subprotocolsOf } from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { connectReason, disconnectReason } from './engine-reason.ts';
import { EnginePolling, EngineWebSocket } from './engine-transports.ts';
import { watchEngine, watchPackets } from './engine-watch.ts';
import { clientAgent } from './http.ts';
import { NO_ANSWER_OF_NAMESPACE } from './reason.ts';
import { namespacesOf, namespaceUrl } from './socketio-address.ts';
import { listenToAny, SocketioConnection } from './socketio-connection.ts';

/** Engine.IO's transports in the order in which they are used. */
const ENGINE_TRANSPORTS: Readonly<
  Partial<Record<Transport, Array<typeof EnginePolling | typeof EngineWebSocket>>>
> = {
  websocket: [EngineWebSocket],
  polling: [EnginePolling],
  upgrade: [EnginePolling, EngineWebSocket],
};

/** Connections of socket.io-client. */
export const socketioClient: Pick<Driver, 'connect'> = {
  connect: (options) =>
    connectWithin(options, (resolve, reject) => {
      const namespaces = namespacesOf(options);
      const [first, ...others] = namespaces.all;
      const namespace = options.namespaces === undefined ? options.namespace : first;
      const address = namespaceUrl({ url: options.url, namespace });
      // Without an agent the client makes a connection for each request when it polls, connects wherever its own parser
      // of URLs finds a host, and passes no TLS server name to a WebSocket.
      const agent = clientAgent(new URL(address), options);
      const socket = io(address, managerOptions(options, agent));
      const sockets = [
        socket,
        ...others.map((each) => socket.io.socket(each, given({ auth: options.auth }))),
      ];
      const releases = sockets.map((each) => askToRestore(each, options.recovery));
      const release = () => {
        const { transport } = socket.io.engine as { readonly transport?: { readonly ws?: WebSocket | null } };
        const ws = transport?.ws;
        for (const each of sockets) each.disconnect();
        // Neither waits for an answer of the server, which may never come.
        ws?.terminate();
        agent.destroy();
      };
      const ending = new ConnectionEnding({ abandon: release });
      for (const [place, each] of sockets.entries()) {
        watchEnding(each, ending, namespaces.noteOf(namespaces.all[place] ?? MAIN_NAMESPACE));
      }
      ending.onDropped(reject);
      const { onRead } = options;
      if (onRead !== undefined)
        for (const each of sockets)
          listenToAny(each, namespaces, (event, data, asks) => onRead('event', event, data, asks));
      const onConnect = () => {
        if (sockets.some(({ connected }) => !connected)) return;
        options.onStage?.('namespace');
        watchEngine(socket, options);
        resolve(new SocketioConnection(sockets, namespaces, ending, options));
        for (const handOver of releases) handOver();
      };
      for (const each of sockets) each.once('connect', onConnect);
      for (const each of sockets) each.connect();
      watchPackets(socket, options);
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

/**
 * Has a socket restore the session of the connection before, as the client does when it reconnects by itself. The client
 * hands over what was missed before it says that it is connected. The returned function does it, once there are handlers.
 */
function askToRestore(socket: Socket, recovery: ConnectOptions['recovery']): () => void {
  const inner = socket as unknown as { readonly nsp: string; emitBuffered(): void };
  const { pid, offset } = recovery?.[inner.nsp] ?? {};
  if (pid === undefined) return () => {};
  Object.assign(socket, { _pid: pid, ...(offset === null ? {} : { _lastOffset: offset }) });
  const handOver = inner.emitBuffered;
  inner.emitBuffered = () => {};
  return () => {
    inner.emitBuffered = handOver;
    handOver.call(socket);
  };
}

/** Sees every way in which a client ends in a namespace, before and after it has connected. `note` names the namespace. */
function watchEnding(socket: Socket, ending: ConnectionEnding, note: string): void {
  let isConnected = false;
  socket.once('connect', () => {
    isConnected = true;
  });
  // Once it is connected, this is an error packet, after which the client reports no disconnection.
  socket.on('connect_error', (error) => {
    const place = 'data' in error ? note : '';
    const isPacket = isConnected && 'data' in error;
    ending.drop(`${isPacket ? `error packet: ${error.message}` : connectReason(error)}${place}`);
  });
  socket.on('disconnect', (reason, details) => {
    const place = reason === 'io server disconnect' ? note : '';
    ending.drop(`${disconnectReason(reason, details)}${place}`);
  });
  // The client calls this from a timer of its own: what it or a handler throws there would end the process.
  const inner = socket as unknown as { onpacket(packet: unknown): void };
  const onPacket = inner.onpacket;
  inner.onpacket = (packet) => ending.guard(() => onPacket.call(socket, packet));
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
    ...(typeof parser === 'object' ? { parser } : {}),
    // The client's own default offers it and compresses from 1 KiB.
    perMessageDeflate: (compression === true ? { threshold: 0 } : false) as { threshold: number },
    agent: agent as unknown as string,
  };
}
