import type { ClientRequest } from 'node:http';
import { WebSocket } from 'ws';
import { resolveName } from '../contract/address.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../contract/protocol.ts';
import type { FrameCodec } from '../contract/target.ts';
import {
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  type Driver,
  urlWithQuery,
} from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { EnvelopeExchange, PendingReplies } from './envelope-exchange.ts';
import { closeOutcome, closeReason, reasonOf } from './reason.ts';

export const officialWs: Driver = {
  name: 'official',
  protocol: 'ws',
  transports: ['websocket'],
  summary: 'the ws package',
  connect: (options) =>
    connectWithin(options.timeoutMs, (resolve, reject) => {
      const { compression, headers, tls, onStage, localAddress } = options;
      const socket = new WebSocket(urlWithQuery(options), {
        perMessageDeflate: compression === true && { threshold: 0 },
        ...(headers === undefined ? {} : { headers: { ...headers } }),
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
      socket.once('open', () => resolve(new WsConnection(socket, errors, options)));
      return { abandon: () => socket.terminate() };
    }),
};

export const ENVELOPES: FrameCodec = { encode: encodeEnvelope, decode: decodeEnvelope };

function reportStages(request: ClientRequest, onStage: NonNullable<ConnectOptions['onStage']>): void {
  request.once('socket', (socket) => {
    socket.once('connect', () => onStage('tcp'));
    socket.once('secureConnect', () => onStage('tls'));
  });
}

/** The envelope in a message; null for a message that is none, such as a greeting. */
export function envelopeIn(codec: FrameCodec, message: Buffer, isBinary: boolean): Envelope | null {
  try {
    return codec.decode(message, isBinary);
  } catch {
    return null;
  }
}

class WsConnection extends EnvelopeExchange implements Connection {
  readonly #socket: WebSocket;
  readonly #codec: FrameCodec;
  readonly #pings: PendingReplies;
  readonly #ending: ConnectionEnding;

  /** `errors`: those of the connection so far; later ones are added before it closes. */
  constructor(
    socket: WebSocket,
    errors: readonly Error[],
    { codec = ENVELOPES, forgetAfterMs }: ConnectOptions,
  ) {
    super(forgetAfterMs);
    this.#socket = socket;
    this.#codec = codec;
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

  protected override send(envelope: Envelope): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(this.#codec.encode(envelope));
  }

  #receive(message: Buffer, isBinary: boolean): void {
    const envelope = envelopeIn(this.#codec, message, isBinary);
    if (envelope !== null) this.receive(envelope);
  }
}
