import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type BenchProtocol, PATHS, publishFrame } from './protocols.ts';

/** Publishes to every other client of a server on a schedule, from this process. */
export class Publisher {
  readonly #socket: WebSocket;
  readonly #frame: string;
  #timer: NodeJS.Timeout | undefined;
  sent = 0;

  private constructor(socket: WebSocket, frame: string) {
    this.#socket = socket;
    this.#frame = frame;
  }

  static async open(protocol: BenchProtocol, port: number): Promise<Publisher> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${PATHS[protocol]}`, { perMessageDeflate: false });
    if (protocol === 'ws') await once(socket, 'open');
    else await enterNamespace(socket);
    return new Publisher(socket, publishFrame(protocol));
  }

  /** Publishes on a constant schedule until it is stopped. */
  publishAt(rateHz: number): void {
    const startMs = performance.now();
    const dueMs = () => startMs + (this.sent * 1000) / rateHz;
    const publishDue = () => {
      for (; dueMs() <= performance.now(); this.sent += 1) this.#socket.send(this.#frame);
      this.#timer = setTimeout(publishDue, Math.max(0, dueMs() - performance.now()));
    };
    publishDue();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  close(): void {
    this.stop();
    this.#socket.terminate();
  }
}

/** Answers the open packet and the pings of Engine.IO 4; resolves when Socket.IO has let the client in. */
function enterNamespace(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (message: Buffer) => {
      const text = message.toString('latin1', 0, 2);
      if (text.startsWith('0')) socket.send('40');
      else if (text.startsWith('2')) socket.send('3');
      else if (text === '40') resolve();
    });
  });
}
