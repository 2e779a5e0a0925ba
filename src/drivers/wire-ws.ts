import { CLIENT_DISRUPTIONS } from '../contract/disruption.ts';
import type { ClientEnvelope } from '../contract/protocol.ts';
import type { HandshakeStage } from '../contract/scenario.ts';
import { messageOf } from '../errors.ts';
import type { MessageKind } from '../wire/rfc6455/frame.ts';
import type { Accepted } from '../wire/rfc6455/handshake.ts';
import type { WebSocketClient } from '../wire/rfc6455/web-socket.ts';
import type { WebSocketEnd, WebSocketHandlers } from '../wire/rfc6455/web-socket-handlers.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import { type ConnectionDisturbance, disturbConnection } from './disturbance.ts';
import {
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  type Driver,
  type MessageFormat,
  urlWithQuery,
} from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { EnvelopeExchange, PendingReplies } from './envelope-exchange.ts';
import { codecFor, ENVELOPES, eventsIn, framesFor } from './frame-codec.ts';
import { envelopeFormatOf } from './message-formats.ts';
import { closeOutcome, closeReason } from './reason.ts';
import { openWebSocket } from './web-socket.ts';

export const wireWs: Driver = {
  name: 'wire',
  protocol: 'ws',
  transports: ['websocket'],
  summary: "frames of our own, over the kernel's sockets or those of Node.js",
  opensStreams: true,
  disturbances: () => CLIENT_DISRUPTIONS,
  connect: (options) =>
    connectWithin(options, (resolve, reject) => {
      const connection = new WireWsConnection(options, resolve);
      connection.onDropped(reject);
      return connection;
    }),
};

/** What a connection needs until it is open. */
export interface Connecting {
  readonly resolve: (connection: Connection) => void;
  readonly onStage: ConnectOptions['onStage'];
}

/** The object of an idle connection is all that it has: it is what the layers below call. */
class WireWsConnection extends EnvelopeExchange implements Connection, WebSocketHandlers {
  readonly #socket: WebSocketClient;
  readonly #options: Pick<ConnectOptions, 'codec' | 'recognizer'>;
  /** Replaced when the server has agreed, by that of this connection. */
  #codec = ENVELOPES;
  #subprotocol: string | null = null;
  /** Null for a codec of this connection: its state depends on every message. */
  #format: MessageFormat | null = null;
  #pings: PendingReplies | null = null;
  readonly #ending = new ConnectionEnding(this);
  /** What the handshake needs; null once it is over. */
  #connecting: Connecting | null;
  #closing: PromiseWithResolvers<CloseOutcome | null> | null = null;
  #isClosed = false;

  constructor(options: ConnectOptions, resolve: (connection: Connection) => void) {
    super(options.forgetAfterMs, options.onRead);
    this.#options = options;
    this.#connecting = { resolve, onStage: options.onStage };
    this.#socket = openWebSocket(urlWithQuery(options), options, this);
  }

  onStage(stage: HandshakeStage): void {
    this.#connecting?.onStage?.(stage);
  }

  get subprotocol(): string | null {
    return this.#subprotocol;
  }

  onOpen({ subprotocol }: Accepted, arrival: Arrival): void {
    this.#connecting?.onStage?.('upgrade', arrival);
    this.#subprotocol = subprotocol;
    try {
      this.#codec = codecFor(this.#options, subprotocol);
    } catch (error) {
      // The function of the target that makes the codec.
      this.#ending.drop(messageOf(error));
      return;
    }
    if (typeof this.#options.codec !== 'function') this.#format = envelopeFormatOf(this.#codec);
    this.#connecting?.resolve(this);
    this.#connecting = null;
  }

  onText(bytes: Buffer, from: number, to: number, arrival: Arrival): boolean {
    const { recognizer } = this.#options;
    if (recognizer === undefined || this.#format === null || !this.#ending.isOpen) return false;
    const event = recognizer.recognize(this.#format, bytes, from, to);
    return event !== null && this.receiveRecognized(event, arrival);
  }

  onMessage(kind: MessageKind, message: Buffer, arrival: Arrival): void {
    this.#ending.guard(() => this.#receive(message, kind === 'binary', arrival));
  }

  /** The server sends the data of a ping back. */
  onPong(data: Buffer, arrival: Arrival): void {
    this.#ending.guard(() => this.#pings?.settle(Number(String(data)), undefined, arrival));
  }

  onDropped(handler: (reason: string) => void): void {
    this.#ending.onDropped(handler);
  }

  /** Ends the connection at once. */
  abandon(): void {
    this.#socket.destroy();
  }

  ping(onPong: (arrival?: Arrival) => void): void {
    this.#pings ??= new PendingReplies(this.forgetAfterMs);
    const id = this.#pings.add((_, arrival) => onPong(arrival));
    this.#socket.ping(String(id));
  }

  disturb(disturbance: ConnectionDisturbance): () => void {
    return disturbConnection(this.#socket, this.#ending, disturbance, {
      leave: () => void this.close(),
      beat: () => this.#socket.pong(),
    });
  }

  close(): Promise<CloseOutcome | null> {
    this.#ending.close();
    if (this.#isClosed) return Promise.resolve(null);
    this.#closing ??= Promise.withResolvers();
    this.#socket.close();
    return this.#closing.promise;
  }

  onClosed({ code, reason, problem, error }: WebSocketEnd): void {
    this.#isClosed = true;
    this.#closing?.resolve(closeOutcome(code, reason));
    this.#ending.drop(problem ?? closeReason(code, reason, error ?? undefined));
  }

  protected override send(envelope: ClientEnvelope): void {
    for (const frame of framesFor(this.#codec, envelope)) {
      this.#socket.send(typeof frame === 'string' ? 'text' : 'binary', frame);
    }
  }

  #receive(message: Buffer, isBinary: boolean, arrival: Arrival): void {
    // The bytes are lent, and a codec or what it decodes may refer to them. An envelope that is text does not.
    const isRead = this.#codec === ENVELOPES && !isBinary;
    const kept = isRead ? message : Buffer.from(message);
    for (const event of eventsIn(this.#codec, kept, isBinary, this.onRead)) {
      this.receive(event, arrival);
    }
  }
}
