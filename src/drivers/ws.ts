import { WebSocket } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../contract/protocol.ts';
import type { FrameCodec } from '../contract/target.ts';
import type { CloseOutcome, Connection, ConnectOptions, Driver } from './driver.ts';
import { EnvelopeExchange, PendingReplies } from './envelope-exchange.ts';
import { closeOutcome, reasonOf } from './reason.ts';

export const officialWs: Driver = {
  name: 'official',
  protocol: 'ws',
  transports: ['websocket'],
  summary: 'the ws package',
  connect: (options) =>
    new Promise((resolve, reject) => {
      const { timeoutMs, compression, headers, tls } = options;
      const socket = new WebSocket(webSocketUrl(options), {
        perMessageDeflate: compression === true && { threshold: 0 },
        handshakeTimeout: timeoutMs,
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        ...tls,
      });
      const fail = (error: Error) => {
        const isTimeout = error.message === 'Opening handshake has timed out';
        reject(new Error(isTimeout ? `no answer within ${timeoutMs} ms` : reasonOf(error)));
      };
      socket.once('error', fail);
      socket.once('open', () => {
        socket.off('error', fail);
        resolve(new WsConnection(socket, options));
      });
    }),
};

const ENVELOPES: FrameCodec = { encode: encodeEnvelope, decode: decodeEnvelope };

function webSocketUrl({ url, query = {} }: ConnectOptions): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address.href;
}

class WsConnection extends EnvelopeExchange implements Connection {
  readonly #socket: WebSocket;
  readonly #codec: FrameCodec;
  readonly #pings: PendingReplies;
  #closing = false;

  constructor(socket: WebSocket, { codec = ENVELOPES, forgetAfterMs }: ConnectOptions) {
    super(forgetAfterMs);
    this.#socket = socket;
    this.#codec = codec;
    this.#pings = new PendingReplies(forgetAfterMs);
    socket.on('message', (message: Buffer, isBinary) => this.#receive(message, isBinary));
    // The server sends the data of a ping back.
    socket.on('pong', (data) => this.#pings.settle(Number(String(data))));
    // The close that follows has the reason.
    socket.on('error', () => {});
  }

  onDropped(handler: (reason: string) => void): void {
    this.#socket.once('close', (code, reason) => {
      if (!this.#closing) handler(`closed with ${code}${reason.length > 0 ? ` ${reason}` : ''}`);
    });
  }

  ping(onPong: () => void): void {
    const id = this.#pings.add(() => onPong());
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(String(id));
  }

  close(): Promise<CloseOutcome | null> {
    this.#closing = true;
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
    let envelope: Envelope | null;
    try {
      envelope = this.#codec.decode(message, isBinary);
    } catch {
      // A message that is no envelope, such as a greeting.
      return;
    }
    if (envelope !== null) this.receive(envelope);
  }
}
