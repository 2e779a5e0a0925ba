import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ClientDisruption, Disruption } from '../contract/disruption.ts';
import { resetSocket } from '../wire/sockets/node-sockets.ts';
import { ReadingRate } from '../wire/sockets/reading-rate.ts';
import type { ConnectionEnding } from './ending.ts';

/** What happens to a connection. */
export type ConnectionDisturbance = Pick<Disruption, 'answersPings' | 'readHz'> & {
  readonly kind: ClientDisruption;
};

/** What a WebSocket of a client can do to be disturbed. */
interface Disturbable {
  cut(how: 'close' | 'fin' | 'reset'): void;
  /** Keeps what is sent, until the returned function is called. */
  holdWriting(): () => void;
  /** Bytes per second; 0 for nothing, null for no limit. */
  limitReading(bytesPerSecond: number | null): void;
}

/** What the protocol of a connection adds. */
export interface DisturbedProtocol {
  /** Ends the connection in the protocol's own way. */
  leave(): void;
  /** Sends what a server takes as the answer to a ping. */
  beat(): void;
  /** The client does not give up a server whose pings it does not read, until the returned function is called. */
  pauseWatch?(): () => void;
}

/** A server of Engine.IO expects an answer within 20 s by default, and servers of ws ping every 30 s. */
const BEAT_EVERY_MS = 1000;

/** Disturbs a connection; one without a WebSocket can only leave. Returns what ends the disturbance, where it is one that ends. */
export function disturbConnection(
  socket: Disturbable | null,
  ending: Pick<ConnectionEnding, 'close'>,
  { kind, answersPings, readHz }: ConnectionDisturbance,
  protocol: DisturbedProtocol,
): () => void {
  if (kind === 'leave' || socket === null) {
    protocol.leave();
    return () => {};
  }
  switch (kind) {
    case 'close':
    case 'fin':
    case 'reset':
      ending.close();
      socket.cut(kind);
      return () => {};
    case 'silence': {
      socket.limitReading(0);
      const write = socket.holdWriting();
      return () => {
        write();
        socket.limitReading(null);
      };
    }
    case 'half-open':
    case 'slow': {
      socket.limitReading(kind === 'slow' ? readHz : 0);
      const watch = protocol.pauseWatch?.();
      const beat = answersPings ? setInterval(() => protocol.beat(), BEAT_EVERY_MS).unref() : undefined;
      return () => {
        clearInterval(beat);
        watch?.();
        socket.limitReading(null);
      };
    }
  }
}

/** A WebSocket of the ws package. Node.js reads and writes it. */
export class DisturbableWs implements Disturbable {
  readonly #socket: WebSocket;
  #rate: ReadingRate | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** What the package keeps to itself: the connection under it, until it is closed. */
  get #tcp(): Socket | null {
    return (this.#socket as unknown as { readonly _socket: Socket | null })._socket;
  }

  cut(how: 'close' | 'fin' | 'reset'): void {
    this.#socket.removeAllListeners('message');
    if (how === 'close') this.#socket.close(1000);
    else if (this.#tcp === null) this.#socket.terminate();
    else if (how === 'reset') resetSocket(this.#tcp);
    else this.#tcp.end();
  }

  holdWriting(): () => void {
    const tcp = this.#tcp;
    tcp?.cork();
    return () => tcp?.uncork();
  }

  limitReading(bytesPerSecond: number | null): void {
    this.#rate?.stop();
    this.#tcp?.off('data', this.#noteRead);
    const resume = () => this.#socket.resume();
    this.#rate = bytesPerSecond === null ? null : new ReadingRate(bytesPerSecond, resume);
    if (this.#rate === null) resume();
    else if (this.#rate.mayRead) this.#tcp?.on('data', this.#noteRead);
    else this.#socket.pause();
  }

  readonly #noteRead = (bytes: Buffer) => {
    this.#rate?.took(bytes.length);
    this.#socket.pause();
  };
}
