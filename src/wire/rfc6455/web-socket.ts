import { isUtf8 } from 'node:buffer';
import { realTimers, type Timers } from '../../measure/timers.ts';
import type { Arrival, ByteStream, OpenStream, StreamHandlers } from '../sockets/stream.ts';
import { DEFLATE_OFFER, deflateMessage, Inflater, readDeflateAnswer } from './deflate.ts';
import { CLOSE_CODE, type MessageKind, OPCODE } from './frame.ts';
import { NOT_UTF8, Violation } from './frame-header.ts';
import { type FrameHandlers, FrameReader } from './frame-reader.ts';
import { makeCloseFrame, makeFrame } from './frame-writer.ts';
import { OpeningHandshake } from './handshake.ts';
import type { WebSocketEnd, WebSocketHandlers, WebSocketOptions } from './web-socket-handlers.ts';

/** How long a server has to answer a close frame, and to end the connection after one. */
const ANSWER_CLOSE_WITHIN_MS = 1000;

/** With so much that the system has not taken, only the last ping is answered (section 5.5.3). */
const MAX_UNSENT_FOR_PONG_BYTES = 16 * 1024;
const RETRY_PONG_MS = 50;

/** A connection that ended without a close frame. */
const UNEXPLAINED: WebSocketEnd = { code: CLOSE_CODE.abnormal, reason: '', problem: null, error: null };

/** A client of RFC 6455 over a stream of bytes: the object that its stream and its reader of frames call. */
export class WebSocketClient implements StreamHandlers, FrameHandlers {
  readonly #handlers: WebSocketHandlers;
  readonly #stream: ByteStream;
  readonly #frames: FrameReader;
  readonly #maxMessageBytes: number;
  readonly #timers: Pick<Timers, 'after'>;
  /** Null once the handshake is over. */
  #opening: OpeningHandshake | null;
  #inflater: Inflater | null = null;
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #end = UNEXPLAINED;
  /** The close frame of the server is awaited, or the end of the connection. */
  #cancelTimer: (() => void) | null = null;
  /** A pong that waits until the system has taken others. */
  #pong: Buffer | null = null;
  /** Frames that wait until the client writes again. */
  #held: Buffer[] | null = null;

  /** Opens the connection. Throws an Error for a header that cannot be sent. */
  constructor(open: OpenStream, options: WebSocketOptions, handlers: WebSocketHandlers) {
    const { address, compression, maxMessageBytes, timers = realTimers } = options;
    this.#handlers = handlers;
    this.#maxMessageBytes = maxMessageBytes;
    this.#timers = timers;
    const extensions = compression ? DEFLATE_OFFER : null;
    this.#opening = new OpeningHandshake({ ...options.handshake, extensions });
    this.#frames = new FrameReader(this, { maxMessageBytes });
    this.#stream = open(address, this);
  }

  onTcp(): void {
    this.#handlers.onStage?.('tcp');
  }

  onOpen(layer: 'tcp' | 'tls' = 'tcp'): void {
    this.#handlers.onStage?.(layer);
    if (this.#opening !== null) this.#stream.write(this.#opening.request);
  }

  /** The server sends nothing more. What is still to be sent may not be read. */
  onEnd(): void {
    this.#stream.end();
    this.#giveUpLater();
  }

  onText(bytes: Buffer, from: number, to: number, arrival: Arrival): boolean {
    return this.#handlers.onText?.(bytes, from, to, arrival) ?? false;
  }

  /** Answers a ping, also while the answer to our close frame is awaited (section 5.5.2). */
  onPing(data: Buffer): void {
    const isWaiting = this.#pong !== null;
    this.#pong = makeFrame(OPCODE.pong, data);
    if (!isWaiting) this.#sendPong();
  }

  /** A server that sends pings and reads none of the answers gets the last one, when it reads again. */
  #sendPong(): void {
    if (this.#pong === null || this.#state === 'closed') return;
    if (this.#stream.unsentBytes > MAX_UNSENT_FOR_PONG_BYTES) {
      this.#timers.after(RETRY_PONG_MS, () => this.#sendPong());
      return;
    }
    this.#stream.write(this.#pong);
    this.#pong = null;
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

  /** Ends the connection as a disruption does, by a close frame, by closing TCP or by a reset. Nothing more is read. */
  cut(how: 'close' | 'fin' | 'reset'): void {
    this.#frames.stop();
    if (how === 'close') this.#send(makeCloseFrame(CLOSE_CODE.normal));
    if (how === 'fin') this.#stream.end();
    if (how === 'reset') this.#stream.reset();
    this.#state = how === 'reset' ? 'closed' : 'closing';
    this.#giveUpLater();
  }

  /** Keeps what is sent, until the returned function is called. */
  holdWriting(): () => void {
    this.#held ??= [];
    return () => {
      const held = this.#held ?? [];
      this.#held = null;
      for (const frame of held) this.#send(frame);
    };
  }

  /** As {@link ByteStream.limitReading}. */
  limitReading(bytesPerSecond: number | null): void {
    if (this.#state !== 'closed') this.#stream.limitReading(bytesPerSecond);
  }

  /** Sends a pong that no ping has asked for: a heartbeat in one direction (section 5.5.3). */
  pong(): void {
    this.#send(makeFrame(OPCODE.pong, ''));
  }

  /** Ends the connection at once. Nothing more is reported but its end. */
  destroy(): void {
    this.#state = 'closed';
    this.#opening = null;
    this.#frames.stop();
    this.#stream.destroy();
  }

  #send(frame: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#held === null) this.#stream.write(frame);
    else this.#held.push(frame);
  }

  onBytes(bytes: Buffer, arrival: Arrival): void {
    if (this.#opening === null) {
      this.#frames.push(bytes, arrival);
      return;
    }
    const outcome = this.#opening.push(bytes);
    if (outcome === null) return;
    const problem = outcome.kind === 'refused' ? outcome.reason : this.#agreeOn(outcome.accepted.extensions);
    if (problem !== null || outcome.kind === 'refused') {
      this.#end = { ...UNEXPLAINED, problem };
      this.destroy();
      return;
    }
    this.#opening = null;
    this.#state = 'open';
    this.#handlers.onOpen(outcome.accepted, arrival);
    // The handler may have ended the connection.
    if (outcome.rest.length > 0) this.#frames.push(outcome.rest, arrival);
  }

  /** Takes the extension that the server chose; returns why it cannot be used, null when it can. */
  #agreeOn(extensions: string | null): string | null {
    if (extensions === null) return null;
    const parameters = readDeflateAnswer(extensions);
    if (typeof parameters === 'string') return parameters;
    this.#inflater = new Inflater(parameters, this.#maxMessageBytes);
    this.#frames.allowCompression();
    return null;
  }

  onMessage(kind: MessageKind, payload: Buffer, isCompressed: boolean, arrival: Arrival): void {
    if (!isCompressed || this.#inflater === null) {
      this.#handlers.onMessage(kind, payload, arrival);
      return;
    }
    const message = this.#inflater.inflate(payload);
    if (kind === 'text' && !isUtf8(message)) throw new Violation(CLOSE_CODE.invalidData, NOT_UTF8);
    this.#handlers.onMessage(kind, message, arrival);
  }

  /** The server closes, or answers our close. It ends the connection first, so that its port is the one that waits. */
  onClose(code: number, reason: string): void {
    this.#end = { ...UNEXPLAINED, code, reason };
    this.#pong = null;
    this.#send(makeCloseFrame(code === CLOSE_CODE.none ? null : code));
    this.#state = 'closing';
    this.#giveUpLater();
  }

  /** Fails the connection (section 7.1.7): a close frame with the code, if none was sent, and the end. */
  onViolation(code: number, problem: string): void {
    if (this.#state === 'closed') return;
    this.#end = { ...UNEXPLAINED, problem };
    this.#pong = null;
    this.#frames.stop();
    this.#send(makeCloseFrame(code));
    this.#state = 'closing';
    this.#stream.end();
    this.#giveUpLater();
  }

  #giveUpLater(): void {
    this.#cancelTimer ??= this.#timers.after(ANSWER_CLOSE_WITHIN_MS, () => this.destroy());
  }

  onClosed(error: Error | null): void {
    this.#state = 'closed';
    this.#frames.stop();
    this.#cancelTimer?.();
    const isExplained = this.#end !== UNEXPLAINED;
    const isUnanswered = this.#opening !== null && error === null;
    this.#opening = null;
    const problem = isUnanswered ? 'closed before the handshake was answered' : null;
    this.#handlers.onClosed(isExplained ? this.#end : { ...UNEXPLAINED, problem, error });
  }
}
