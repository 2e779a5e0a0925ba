import { isUtf8 } from 'node:buffer';
import { realTimers, type Timers } from '../../measure/timers.ts';
import type { Arrival, ByteStream, OpenStream, StreamAddress, StreamHandlers } from '../sockets/stream.ts';
import { DEFLATE_OFFER, deflateMessage, Inflater, readDeflateAnswer } from './deflate.ts';
import { CLOSE_CODE, type MessageKind, OPCODE } from './frame.ts';
import { type FrameHandlers, FrameReader } from './frame-reader.ts';
import { makeCloseFrame, makeFrame } from './frame-writer.ts';
import { type Accepted, type Handshake, HandshakeReader, writeHandshake } from './handshake.ts';

/** How a connection ended. */
export interface WebSocketEnd {
  /** The code of the server's close frame; 1005 where it has none, 1006 where there was no close frame. */
  readonly code: number;
  readonly reason: string;
  /** Why the client ended it, or the error of the system; null where the server did. */
  readonly problem: string | null;
}

/** What happens on a WebSocket. Methods are called on the object of the connection. */
export interface WebSocketHandlers {
  onOpen(accepted: Accepted): void;
  /** A message; its bytes are valid during the call only. */
  onMessage(kind: MessageKind, payload: Buffer, arrival: Arrival): void;
  onPong(data: Buffer, arrival: Arrival): void;
  /** Called once, also when the connection never opened. */
  onClosed(end: WebSocketEnd): void;
}

export interface WebSocketOptions {
  readonly address: StreamAddress;
  readonly handshake: Omit<Handshake, 'extensions'>;
  /** Whether to offer permessage-deflate. */
  readonly compression: boolean;
  /** The largest message that the server may send, in bytes, inflated. */
  readonly maxMessageBytes: number;
  readonly timers?: Pick<Timers, 'after'>;
}

/** How long a server has to answer a close frame, and to end the connection after one. */
const CLOSE_WITHIN_MS = 1000;

/** A connection that ended without a close frame. */
const UNEXPLAINED: WebSocketEnd = { code: CLOSE_CODE.abnormal, reason: '', problem: null };

/** The opening handshake, kept until it is over. */
interface Opening {
  readonly request: Buffer;
  readonly answer: HandshakeReader;
}

/**
 * A client of RFC 6455 over a stream of bytes. It is also the object that its stream and its reader of frames call. What
 * only the handshake needs is dropped after it.
 */
export class WebSocketClient implements StreamHandlers, FrameHandlers {
  readonly #handlers: WebSocketHandlers;
  readonly #stream: ByteStream;
  readonly #frames: FrameReader;
  readonly #maxMessageBytes: number;
  readonly #timers: Pick<Timers, 'after'>;
  /** Null once the handshake is over. */
  #opening: Opening | null;
  #inflater: Inflater | null = null;
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #end = UNEXPLAINED;
  #cancelTimer: (() => void) | null = null;

  /** Opens the connection. Throws an Error for a header that cannot be sent. */
  constructor(open: OpenStream, options: WebSocketOptions, handlers: WebSocketHandlers) {
    const { address, compression, maxMessageBytes, timers = realTimers } = options;
    this.#handlers = handlers;
    this.#maxMessageBytes = maxMessageBytes;
    this.#timers = timers;
    const extensions = compression ? DEFLATE_OFFER : null;
    const { bytes: request, key } = writeHandshake({ ...options.handshake, extensions });
    this.#opening = { request, answer: new HandshakeReader(key, { ...options.handshake, extensions }) };
    this.#frames = new FrameReader(this, { maxMessageBytes, mayCompress: compression });
    this.#stream = open(address, this);
  }

  onOpen(): void {
    if (this.#opening !== null) this.#stream.write(this.#opening.request);
  }

  onEnd(): void {
    this.#stream.end();
  }

  onPing(data: Buffer): void {
    this.#send(makeFrame(OPCODE.pong, data));
  }

  onPong(data: Buffer, arrival: Arrival): void {
    this.#handlers.onPong(data, arrival);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Bytes that were sent and that the system has not taken. */
  get unsentBytes(): number {
    return this.#stream.unsentBytes;
  }

  send(kind: MessageKind, payload: string | Uint8Array): void {
    if (this.#inflater === null) this.#send(makeFrame(OPCODE[kind], payload));
    else this.#send(makeFrame(OPCODE[kind], deflateMessage(payload), true));
  }

  /** Sends a frame that was made before. It must not change until it is sent. */
  sendFrame(frame: Buffer): void {
    this.#send(frame);
  }

  ping(data: string): void {
    this.#send(makeFrame(OPCODE.ping, data));
  }

  /**
   * Begins the closing handshake (section 7.1.2), without a code for null; the connection is given up when the server does
   * not answer.
   */
  close(code: number | null = CLOSE_CODE.normal): void {
    if (this.#state === 'connecting') this.destroy();
    if (this.#state !== 'open') return;
    this.#send(makeCloseFrame(code));
    this.#state = 'closing';
    this.#giveUpLater();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#stream.destroy();
  }

  #send(frame: Buffer): void {
    if (this.#state === 'open') this.#stream.write(frame);
  }

  onBytes(bytes: Buffer, arrival: Arrival): void {
    if (this.#opening === null) {
      this.#frames.push(bytes, arrival);
      return;
    }
    const outcome = this.#opening.answer.push(bytes);
    if (outcome === null) return;
    this.#opening = null;
    const problem = outcome.kind === 'refused' ? outcome.reason : this.#agreeOn(outcome.accepted.extensions);
    if (problem !== null) {
      this.onViolation(CLOSE_CODE.abnormal, problem);
    } else if (outcome.kind === 'accepted') {
      this.#state = 'open';
      this.#handlers.onOpen(outcome.accepted);
      if (outcome.rest.length > 0) this.#frames.push(outcome.rest, arrival);
    }
  }

  /** Takes the extension that the server chose; returns why it cannot be used, null when it can. */
  #agreeOn(extensions: string | null): string | null {
    if (extensions === null) return null;
    const parameters = readDeflateAnswer(extensions);
    if (parameters === null) return `the server chose the extension "${extensions}", which was not offered`;
    this.#inflater = new Inflater(parameters, this.#maxMessageBytes);
    return null;
  }

  onMessage(kind: MessageKind, payload: Buffer, isCompressed: boolean, arrival: Arrival): void {
    if (!isCompressed) {
      this.#handlers.onMessage(kind, payload, arrival);
      return;
    }
    let message: Buffer | undefined;
    try {
      message = this.#inflater?.inflate(payload);
    } catch (error) {
      const isTooBig = error instanceof RangeError;
      if (isTooBig)
        this.onViolation(CLOSE_CODE.tooBig, `a message is longer than ${this.#maxMessageBytes} bytes`);
      else this.onViolation(CLOSE_CODE.invalidData, 'a compressed message cannot be inflated');
      return;
    }
    if (message === undefined) this.onViolation(CLOSE_CODE.protocolError, 'a reserved bit is set');
    else if (kind === 'text' && !isUtf8(message))
      this.onViolation(CLOSE_CODE.invalidData, 'text is not UTF-8');
    else this.#handlers.onMessage(kind, message, arrival);
  }

  /** The server closes, or answers our close. It ends the connection first, so that its port is the one that waits. */
  onClose(code: number, reason: string): void {
    if (this.#end.problem === null) this.#end = { code, reason, problem: null };
    this.#send(makeCloseFrame(code === CLOSE_CODE.none ? null : code));
    this.#state = 'closing';
    this.#giveUpLater();
  }

  /** Fails the connection (section 7.1.7): a close frame with the code, if there can be one, and the end. */
  onViolation(code: number, problem: string): void {
    if (this.#state === 'closed') return;
    this.#end = { code: CLOSE_CODE.abnormal, reason: '', problem };
    this.#send(makeCloseFrame(code));
    this.#state = 'closing';
    this.#stream.end();
    this.#giveUpLater();
  }

  #giveUpLater(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#timers.after(CLOSE_WITHIN_MS, () => this.#stream.destroy());
  }

  onClosed(error: Error | null): void {
    this.#state = 'closed';
    this.#cancelTimer?.();
    const end = this.#end;
    const isUnexplained = end.code === CLOSE_CODE.abnormal && end.problem === null;
    this.#handlers.onClosed(isUnexplained ? { ...end, problem: error?.message ?? null } : end);
  }
}
