import type { ClientRequest } from 'node:http';
import { WebSocket } from 'ws';
import { resolveName } from '../contract/address.ts';
import { CLIENT_DISRUPTIONS } from '../contract/disruption.ts';
import type { ClientEnvelope } from '../contract/protocol.ts';
import type { FrameCodec } from '../contract/target.ts';
import { messageOf } from '../errors.ts';
import { type ConnectionDisturbance, DisturbableWs, disturbConnection } from './disturbance.ts';
import {
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  type Driver,
  isSubprotocolHeader,
  subprotocolsOf,
  urlWithQuery,
} from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { EnvelopeExchange, PendingReplies } from './envelope-exchange.ts';
import { codecFor, eventsIn, framesFor } from './frame-codec.ts';
import { clientAgent } from './http.ts';
import { closeOutcome, closeReason, reasonOf } from './reason.ts';

export const officialWs: Driver = {
  name: 'official',
  protocol: 'ws',
  transports: ['websocket'],
  summary: 'the ws package',
  disturbances: () => CLIENT_DISRUPTIONS,
  connect: (options) =>
    connectWithin(options, (resolve, reject) => {
      const { compression, headers = {}, tls, onStage, localAddress } = options;
      const url = urlWithQuery(options);
      const socket = new WebSocket(url, [...subprotocolsOf(options)], {
        // Without one, the package connects to the host of the URL.
        ...(options.dial === undefined ? {} : { agent: clientAgent(url, options) }),
        perMessageDeflate: compression === true && { threshold: 0 },
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !isSubprotocolHeader(name))),
        lookup: resolveName,
        ...(localAddress === undefined ? {} : { localAddress }),
        ...tls,
        finishRequest: (request) => {
          if (onStage !== undefined) reportStages(request, onStage);
          request.end();
        },
      });
      const errors: Error[] = [];
      socket.on('error', (error) => {
        errors.push(error);
        reject(reasonOf(error));
      });
      // The package reports no errors of the system after the handshake.
      socket.once('upgrade', ({ socket: tcp }) => {
        tcp.on('error', (error) => errors.push(error));
        onStage?.('upgrade');
      });
      socket.once('open', () => {
        try {
          resolve(new WsConnection(socket, errors, options));
        } catch (error) {
          // The function of the target that makes the codec.
          reject(messageOf(error));
        }
      });
      return { abandon: () => socket.terminate() };
    }),
};

function reportStages(request: ClientRequest, onStage: NonNullable<ConnectOptions['onStage']>): void {
  request.once('socket', (socket) => {
    socket.once('connect', () => onStage('tcp'));
    socket.once('secureConnect', () => onStage('tls'));
  });
}

class WsConnection extends EnvelopeExchange implements Connection {
  readonly #socket: WebSocket;
  readonly #codec: FrameCodec;
  readonly #pings: PendingReplies;
  readonly #ending: ConnectionEnding;
  #disturbable: DisturbableWs | null = null;

  readonly subprotocol: string | null;

  /** `errors`: those of the connection so far; later ones are added before it closes. */
  constructor(socket: WebSocket, errors: readonly Error[], options: ConnectOptions) {
    const { forgetAfterMs } = options;
    super(forgetAfterMs, options.onRead);
    this.#socket = socket;
    this.subprotocol = socket.protocol === '' ? null : socket.protocol;
    this.#codec = codecFor(options, this.subprotocol);
    this.#pings = new PendingReplies(forgetAfterMs);
    this.#ending = new ConnectionEnding({ abandon: () => socket.terminate() });
    socket.on('message', (message: Buffer, isBinary) =>
      this.#ending.guard(() => this.#receive(message, isBinary)),
    );
    // The server sends the data of a ping back.
    socket.on('pong', (data) => this.#ending.guard(() => this.#pings.settle(Number(String(data)))));
    socket.once('close', (code, reason) => this.#ending.drop(closeReason(code, reason, errors[0])));
  }

  onDropped(handler: (reason: string) => void): void {
    this.#ending.onDropped(handler);
  }

  ping(onPong: () => void): void {
    const id = this.#pings.add(() => onPong());
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(String(id));
  }

  disturb(disturbance: ConnectionDisturbance): () => void {
    this.#disturbable ??= new DisturbableWs(this.#socket);
    return disturbConnection(this.#disturbable, this.#ending, disturbance, {
      leave: () => void this.close(),
      beat: () => this.#socket.pong(),
    });
  }

  close(): Promise<CloseOutcome | null> {
    this.#ending.close();
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) {
        resolve(null);
        return;
      }
      let wasCut = false;
      const timer = setTimeout(() => {
        wasCut = true;
        this.#socket.terminate();
      }, 1000);
      this.#socket.once('close', (code, reason) => {
        clearTimeout(timer);
        resolve(wasCut ? null : closeOutcome(code, reason));
      });
      this.#socket.close(1000);
    });
  }

  protected override send(envelope: ClientEnvelope): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    for (const frame of framesFor(this.#codec, envelope)) this.#socket.send(frame);
  }

  #receive(message: Buffer, isBinary: boolean): void {
    for (const event of eventsIn(this.#codec, message, isBinary, this.onRead)) this.receive(event);
  }
}
