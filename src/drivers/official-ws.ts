import { WebSocket } from 'ws';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../wire.ts';
import type { Connection, Driver } from './driver.ts';
import { reasonOf } from './reason.ts';

export const officialWs: Driver = {
  name: 'official',
  protocol: 'ws',
  transports: ['websocket'],
  summary: 'the ws package',
  connect: ({ url, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: timeoutMs });
      const fail = (error: Error) => reject(new Error(reasonOf(error)));
      socket.once('error', fail);
      socket.once('open', () => {
        socket.off('error', fail);
        resolve(new WsConnection(socket));
      });
    }),
};

class WsConnection implements Connection {
  readonly #socket: WebSocket;
  readonly #handlers = new Map<string, (data: unknown) => void>();
  readonly #responders = new Map<string, (data: unknown) => unknown>();
  readonly #pending = new Map<number, (reply: unknown) => void>();
  #nextId = 0;
  #closing = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (message: Buffer, isBinary) => this.#receive(message, isBinary));
    // The close that follows says why.
    socket.on('error', () => {});
  }

  emit(event: string, data: unknown): void {
    this.#send({ event, data });
  }

  request(event: string, data: unknown, onReply: (reply: unknown) => void): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#pending.set(id, onReply);
    this.#send({ event, data, id });
  }

  on(event: string, handler: (data: unknown) => void): void {
    this.#handlers.set(event, handler);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#responders.set(event, respond);
  }

  onDropped(handler: (reason: string) => void): void {
    this.#socket.once('close', (code, reason) => {
      if (!this.#closing) handler(`closed with ${code}${reason.length > 0 ? ` ${reason}` : ''}`);
    });
  }

  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) {
        resolve();
        return;
      }
      const timer = setTimeout(() => this.#socket.terminate(), 1000);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.close(1000);
    });
  }

  #send(envelope: Envelope): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeEnvelope(envelope));
  }

  #receive(message: Buffer, isBinary: boolean): void {
    const envelope = decodeOrNull(message, isBinary);
    if (envelope === null) return;
    const { event, data, id, ack } = envelope;
    if (ack !== undefined) {
      this.#pending.get(ack)?.(data);
      this.#pending.delete(ack);
    } else if (id !== undefined) {
      const respond = this.#responders.get(event);
      if (respond !== undefined) this.#send({ event, data: respond(data), ack: id });
    } else {
      this.#handlers.get(event)?.(data);
    }
  }
}

/** Servers may send what is not ours (a greeting, a foreign format): it is nobody's delivery. */
function decodeOrNull(message: Buffer, isBinary: boolean): Envelope | null {
  try {
    return decodeEnvelope(message, isBinary);
  } catch {
    return null;
  }
}
