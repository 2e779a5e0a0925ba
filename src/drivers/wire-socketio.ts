import { CLIENT_DISRUPTIONS } from '../contract/disruption.ts';
import { argumentsOf } from '../contract/mapping.ts';
import type { ClientEnvelope } from '../contract/protocol.ts';
import type { HandshakeStage } from '../contract/scenario.ts';
import type { MessageKind } from '../wire/rfc6455/frame.ts';
import type { Accepted } from '../wire/rfc6455/handshake.ts';
import type { WebSocketClient } from '../wire/rfc6455/web-socket.ts';
import type { WebSocketEnd, WebSocketHandlers } from '../wire/rfc6455/web-socket-handlers.ts';
import {
  type EngineHandlers,
  type EngineProblem,
  EngineSession,
  engineBytesOf,
} from '../wire/socketio/engine.ts';
import { msgpackPackets } from '../wire/socketio/msgpack.ts';
import { jsonPackets, type PacketCodec, type PacketMessage } from '../wire/socketio/packet.ts';
import { parserPackets } from '../wire/socketio/parser.ts';
import type { RecoverableSession } from '../wire/socketio/recovery.ts';
import { type RefusedEntry, type SessionHandlers, SocketioSession } from '../wire/socketio/session.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import { type ConnectionDisturbance, disturbConnection } from './disturbance.ts';
import type {
  CloseOutcome,
  Connection,
  ConnectOptions,
  Driver,
  MessageFormat,
  MessageSize,
  Recognizer,
} from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { EnvelopeExchange } from './envelope-exchange.ts';
import { packetFormatOf } from './message-formats.ts';
import type { Namespaces } from './namespaces.ts';
import {
  closeOutcome,
  closeReason,
  NO_ANSWER_OF_NAMESPACE,
  NOT_ENGINE_IO,
  REFUSED_BY_SERVER,
  reasonOf,
} from './reason.ts';
import { engineUrl, namespacesOf, namespaceUrl } from './socketio-address.ts';
import { oneOrAll } from './socketio-connection.ts';
import { openWebSocket } from './web-socket.ts';
import type { Connecting } from './wire-ws.ts';

export const wireSocketio: Driver = {
  name: 'wire',
  protocol: 'socketio',
  transports: ['websocket'],
  summary: "frames and packets of our own, over the kernel's sockets or those of Node.js",
  opensStreams: true,
  disturbances: () => CLIENT_DISRUPTIONS,
  connect: (options) =>
    connectWithin(options, (resolve, reject) => {
      const connection = new WireSocketioConnection(options, resolve);
      connection.onDropped(reject);
      return connection;
    }),
};

function packetsOf(parser: NonNullable<ConnectOptions['parser']>): PacketCodec {
  if (typeof parser === 'object') return parserPackets(parser);
  return parser === 'msgpack' ? msgpackPackets : jsonPackets();
}

/** One client: a WebSocket, Engine.IO in its messages, and Socket.IO in the messages of that. All of them call this object. */
class WireSocketioConnection
  extends EnvelopeExchange
  implements Connection, WebSocketHandlers, EngineHandlers, SessionHandlers
{
  readonly #socket: WebSocketClient;
  readonly #engine: EngineSession;
  readonly #session: SocketioSession;
  readonly #ending = new ConnectionEnding(this);
  readonly #auth: ConnectOptions['auth'];
  /** What the handshake needs; null once it is over. */
  #connecting: Connecting | null;
  readonly #namespaces: Namespaces;
  /** Null where a parser other than the default one writes the messages. */
  readonly #recognizer: Recognizer | null;
  /** Null before the client is in its namespace. */
  #format: MessageFormat | null = null;
  #closing: PromiseWithResolvers<CloseOutcome | null> | null = null;
  #isClosed = false;

  constructor(options: ConnectOptions, resolve: (connection: Connection) => void) {
    super(options.forgetAfterMs, options.onRead);
    this.#connecting = { resolve, onStage: options.onStage };
    this.#auth = options.auth;
    const { parser = 'default', recognizer = null } = options;
    const address = new URL(namespaceUrl(options));
    this.#namespaces = namespacesOf(options);
    this.#recognizer = parser === 'default' ? recognizer : null;
    this.#engine = new EngineSession(this);
    this.#session = new SocketioSession(this.#namespaces.all, packetsOf(parser), this, options.recovery);
    this.#socket = openWebSocket(engineUrl(options, address), options, this);
  }

  onStage(stage: HandshakeStage): void {
    this.#connecting?.onStage?.(stage);
  }

  /** The server speaks first. */
  onOpen(_: Accepted, arrival: Arrival): void {
    this.#connecting?.onStage?.('upgrade', arrival);
  }

  /** A text message that is recognized goes to its handler at once. */
  onText(bytes: Buffer, from: number, to: number, arrival: Arrival): boolean {
    if (this.#recognizer === null || this.#format === null) return false;
    if (!this.#ending.isOpen || !this.#session.takesEvents) return false;
    const event = this.#recognizer.recognize(this.#format, bytes, from, to);
    if (event === null || !this.receiveRecognized(event, arrival)) return false;
    this.#session.sessions.noteRecognized(bytes, from, to);
    return true;
  }

  /** Every other message of the server comes here first. */
  onMessage(kind: MessageKind, bytes: Buffer, arrival: Arrival): void {
    if (this.#ending.isOpen) this.#ending.guard(() => this.#engine.receive(kind, bytes, arrival));
  }

  onPong(): void {}

  onClosed({ code, reason, problem, error }: WebSocketEnd): void {
    const { isConnected } = this.#session;
    this.#isClosed = true;
    this.#engine.end();
    this.#closing?.resolve(closeOutcome(code, reason));
    // The words of the official client: what ends a connection that is not yet open is an error of it.
    const cause = problem ?? (isConnected || error === null ? null : reasonOf(error));
    if (cause !== null) this.#ending.drop(`${isConnected ? 'transport' : 'websocket'} error (${cause})`);
    else this.#ending.drop(`transport close (${closeReason(code, reason, error ?? undefined)})`);
  }

  sendText(text: string): void {
    this.#socket.send('text', text);
  }

  onEngineOpen(): void {
    this.#session.enter(this.#auth ?? null);
  }

  onEngineMessage(kind: MessageKind, bytes: Buffer, arrival: Arrival): void {
    this.#session.receive(kind, bytes, arrival);
  }

  onEngineProblem(problem: EngineProblem): void {
    const isKnown = problem.kind === 'bad packet' && this.#session.isConnected;
    if (problem.kind === 'ping timeout') this.#ending.drop(problem.kind);
    else this.#ending.drop(isKnown ? `transport error (${problem.problem})` : NOT_ENGINE_IO);
  }

  sendMessage(message: PacketMessage): void {
    if (typeof message === 'string') this.#engine.send(message);
    else this.#socket.send('binary', message);
  }

  onConnected(arrival: Arrival): void {
    this.#format = packetFormatOf(this.#session.entered, this.#namespaces);
    this.#connecting?.onStage?.('namespace', arrival);
    this.#connecting?.resolve(this);
    this.#connecting = null;
  }

  onRefused({ namespace, message }: RefusedEntry, wasConnected: boolean): void {
    const place = this.#namespaces.noteOf(namespace);
    this.#ending.drop(`${wasConnected ? 'error packet: ' : REFUSED_BY_SERVER}${message}${place}`);
  }

  onEvent(
    namespace: string,
    name: string,
    args: readonly unknown[],
    id: number | null,
    arrival: Arrival,
  ): void {
    const event = this.#namespaces.eventOf(namespace, name);
    this.receive({ event, data: oneOrAll(args), id: id ?? undefined }, arrival);
  }

  onAck(id: number, args: readonly unknown[], arrival: Arrival): void {
    this.receive({ event: '', data: oneOrAll(args), ack: id }, arrival);
  }

  onDisconnected(namespace: string): void {
    this.#ending.drop(`io server disconnect${this.#namespaces.noteOf(namespace)}`);
  }

  onProblem(reason: string): void {
    this.#ending.drop(reason);
  }

  missing(): string {
    return this.#engine.open === null ? 'no complete answer' : NO_ANSWER_OF_NAMESPACE;
  }

  onDropped(handler: (reason: string) => void): void {
    this.#ending.onDropped(handler);
  }

  abandon(): void {
    this.#engine.end();
    this.#socket.destroy();
  }

  session(): RecoverableSession | null {
    return this.#session.sessions.session;
  }

  disturb(disturbance: ConnectionDisturbance): () => void {
    return disturbConnection(this.#socket, this.#ending, disturbance, {
      leave: () => void this.close(),
      beat: () => this.#engine.pong(),
      pauseWatch: () => this.#engine.pauseWatch(),
    });
  }

  close(): Promise<CloseOutcome | null> {
    this.#ending.close();
    if (this.#isClosed) return Promise.resolve(null);
    this.#closing ??= Promise.withResolvers();
    this.#engine.end();
    this.#session.leave();
    // As the official client, without a code.
    this.#socket.close(null);
    return this.#closing.promise;
  }

  sizeOf(event: string, data: unknown): MessageSize | null {
    const maxBytes = this.#engine.open?.maxPayloadBytes ?? null;
    if (maxBytes === null) return null;
    const { namespace, name } = this.#namespaces.placeOf(event);
    const messages = this.#session.messagesOf(namespace, name, argumentsOf(data));
    return { messageBytes: Math.max(...messages.map(engineBytesOf)), maxBytes };
  }

  protected override send({ event, data, id, ack }: ClientEnvelope): void {
    const { namespace, name } = this.#namespaces.placeOf(event);
    if (ack === undefined) this.#session.emit(namespace, name, argumentsOf(data), id ?? null);
    else this.#session.acknowledge(namespace, Number(ack), argumentsOf(data));
  }

  protected override arrivesAs(event: string): string {
    const { namespace, name } = this.#namespaces.placeOf(event);
    return this.#namespaces.eventOf(namespace, name);
  }
}
