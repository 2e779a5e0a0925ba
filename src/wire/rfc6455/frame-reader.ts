import { isUtf8 } from 'node:buffer';
import type { Arrival } from '../sockets/stream.ts';
import { CLOSE_CODE, FIN, isCloseCode, type MessageKind, OPCODE, OPCODE_BITS, RSV1 } from './frame.ts';
import {
  endOfWholeText,
  invalidFrame,
  NOT_UTF8,
  PAYLOAD_TOO_BIG,
  readHeader,
  shortHeaderBytes,
  Violation,
} from './frame-header.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { Utf8Check } from './utf8.ts';

/** Takes what a server sends, by methods of one object. Bytes are valid during the call only. */
export interface FrameHandlers {
  /** A whole message; `isCompressed` when its first frame had RSV1 (RFC 7692, section 6). */
  onMessage(kind: MessageKind, payload: Buffer, isCompressed: boolean, arrival: Arrival): void;
  /** Offers a whole text message before it is checked; true when it is taken, because it is known to be UTF-8. */
  onText?(bytes: Buffer, from: number, to: number, arrival: Arrival): boolean;
  onPing(data: Buffer): void;
  onPong(data: Buffer, arrival: Arrival): void;
  /** The server closes; code 1005 when its frame has none. Nothing is read after it. */
  onClose(code: number, reason: string): void;
  /** The server broke the protocol, or sent too much: the connection must be failed with this code (section 7.1.7). */
  onViolation(code: number, problem: string): void;
}

export interface FrameLimits {
  /** The largest message, in bytes as they were sent. */
  readonly maxMessageBytes: number;
}

/** A message of more frames is refused. 4 MiB in frames of 64 bytes, which test suites send, are 65,536. */
const MAX_FRAMES = 2 ** 17;

const NO_BYTES = Buffer.alloc(0);

/** A message of which frames are still to come (section 5.4). */
interface OpenMessage {
  readonly kind: MessageKind;
  readonly isCompressed: boolean;
  readonly payload: GrowingBuffer;
  frames: number;
}

/** A frame of which bytes are still to come. */
interface OpenFrame {
  readonly first: number;
  readonly payloadBytes: number;
  readonly payload: GrowingBuffer;
}

/**
 * Reads the frames that a server sends, from a stream that may be cut anywhere (RFC 6455, section 5). A frame that lies
 * whole in what was received is read in place. Memory grows with what was received, and is limited by {@link FrameLimits}.
 */
export class FrameReader {
  readonly #handlers: FrameHandlers;
  readonly #maxMessageBytes: number;
  #mayCompress = false;
  #message: OpenMessage | null = null;
  /** The beginning of a frame whose header is not complete. */
  #head: Buffer = NO_BYTES;
  #frame: OpenFrame | null = null;
  /** Checks the text of a message that is not complete; null where no part of such a text has come. */
  #text: Utf8Check | null = null;
  #isOver = false;

  constructor(handlers: FrameHandlers, { maxMessageBytes }: FrameLimits) {
    this.#handlers = handlers;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** permessage-deflate was agreed on, so that RSV1 has a meaning (RFC 7692, section 6). */
  allowCompression(): void {
    this.#mayCompress = true;
  }

  /** Ignores what comes from now on, also what is left of the bytes at hand. */
  stop(): void {
    this.#isOver = true;
    this.#message = null;
    this.#head = NO_BYTES;
    this.#frame = null;
    this.#text = null;
  }

  /** Takes the next bytes of the stream. After a close frame or a violation they are ignored. */
  push(bytes: Buffer, arrival: Arrival): void {
    if (this.#isOver) return;
    try {
      this.#read(bytes, arrival);
    } catch (error) {
      // What a handler throws leaves nothing to go on with.
      this.stop();
      if (!(error instanceof Violation)) throw error;
      this.#handlers.onViolation(error.code, error.message);
    }
  }

  #read(received: Buffer, arrival: Arrival): void {
    let bytes = received;
    if (this.#frame !== null) {
      bytes = this.#continue(this.#frame, bytes, arrival);
    } else if (this.#head.length > 0) {
      bytes = Buffer.concat([this.#head, bytes]);
      this.#head = NO_BYTES;
    }
    let at = 0;
    while (!this.#isOver && at < bytes.length) {
      const end = this.#offerText(bytes, at, arrival);
      if (end > 0) {
        at = end;
        continue;
      }
      const header = readHeader(bytes, at, this.#mayCompress, this.#message !== null);
      if (header === null) {
        this.#head = Buffer.from(bytes.subarray(at));
        return;
      }
      const { first, payloadBytes } = header;
      this.#checkLength(first, payloadBytes);
      at += header.headerBytes;
      const payload = bytes.subarray(at, at + payloadBytes);
      if (payload.length < payloadBytes) {
        this.#frame = { first, payloadBytes, payload: new GrowingBuffer(payloadBytes) };
        this.#addPart(this.#frame, payload);
        return;
      }
      at += payloadBytes;
      setUncertainty(arrival, at === bytes.length);
      if (this.#isText(first)) this.#checkWhole(first, payload);
      this.#take(first, payload, arrival);
    }
  }

  /** Offers a frame that is a whole text message. Returns where it ends if it is taken, 0 if not. */
  #offerText(bytes: Buffer, at: number, arrival: Arrival): number {
    const to = this.#message === null ? endOfWholeText(bytes, at, this.#maxMessageBytes) : 0;
    if (to === 0) return 0;
    const from = at + shortHeaderBytes(bytes, at);
    setUncertainty(arrival, to === bytes.length);
    return this.#handlers.onText?.(bytes, from, to, arrival) === true ? to : 0;
  }

  /** Completes a frame; returns what follows it. */
  #continue(frame: OpenFrame, bytes: Buffer, arrival: Arrival): Buffer {
    const { first, payloadBytes, payload } = frame;
    const part = bytes.subarray(0, payloadBytes - payload.length);
    this.#addPart(frame, part);
    if (payload.length === payloadBytes) {
      this.#frame = null;
      setUncertainty(arrival, part.length === bytes.length);
      this.#take(first, payload.bytes, arrival);
    }
    return bytes.subarray(part.length);
  }

  #addPart({ first, payload }: OpenFrame, part: Buffer): void {
    payload.append(part);
    if (this.#isText(first)) this.#checkPart(part);
  }

  #checkLength(first: number, payloadBytes: number): void {
    const isControl = (first & OPCODE.close) !== 0;
    const bytesBefore = isControl ? 0 : (this.#message?.payload.length ?? 0);
    if (bytesBefore + payloadBytes > this.#maxMessageBytes)
      throw new Violation(CLOSE_CODE.tooBig, PAYLOAD_TOO_BIG);
  }

  #take(first: number, payload: Buffer, arrival: Arrival): void {
    const opcode = first & OPCODE_BITS;
    if (opcode === OPCODE.ping) this.#handlers.onPing(payload);
    else if (opcode === OPCODE.pong) this.#handlers.onPong(payload, arrival);
    else if (opcode === OPCODE.close) this.#takeClose(payload);
    else this.#takeData(first, payload, arrival);
  }

  #takeData(first: number, payload: Buffer, arrival: Arrival): void {
    const isLast = (first & FIN) !== 0;
    if (isLast) this.#endText();
    const message = this.#message;
    if (message === null) {
      const kind = (first & OPCODE_BITS) === OPCODE.text ? 'text' : 'binary';
      const isCompressed = (first & RSV1) !== 0;
      if (isLast) this.#handlers.onMessage(kind, payload, isCompressed, arrival);
      else this.#begin(kind, isCompressed, payload);
      return;
    }
    message.frames += 1;
    if (message.frames > MAX_FRAMES)
      throw new Violation(CLOSE_CODE.policyViolation, 'Too many message fragments');
    message.payload.append(payload);
    if (!isLast) return;
    this.#message = null;
    this.#handlers.onMessage(message.kind, message.payload.bytes, message.isCompressed, arrival);
  }

  #begin(kind: MessageKind, isCompressed: boolean, beginning: Buffer): void {
    const payload = new GrowingBuffer(this.#maxMessageBytes);
    payload.append(beginning);
    this.#message = { kind, isCompressed, payload, frames: 1 };
  }

  /** Whether the payload of a frame is text. What is compressed can be checked only when it is inflated. */
  #isText(first: number): boolean {
    const opcode = first & OPCODE_BITS;
    if (opcode !== OPCODE.continuation) return opcode === OPCODE.text && (first & RSV1) === 0;
    return this.#message !== null && this.#message.kind === 'text' && !this.#message.isCompressed;
  }

  #checkWhole(first: number, text: Buffer): void {
    const isWholeMessage = this.#text === null && (first & FIN) !== 0;
    if (isWholeMessage) requireUtf8(isUtf8(text));
    else this.#checkPart(text);
  }

  /** Checks text as it comes: what cannot become UTF-8 is found before its message ends (section 8.1). */
  #checkPart(part: Buffer): void {
    this.#text ??= new Utf8Check();
    requireUtf8(this.#text.push(part));
  }

  #endText(): void {
    requireUtf8(this.#text?.isComplete ?? true);
    this.#text = null;
  }

  /** Takes a close frame: a code and a reason, or nothing (section 5.5.1). */
  #takeClose(payload: Buffer): void {
    const code = payload.length === 0 ? CLOSE_CODE.none : payload.readUInt16BE(0);
    if (payload.length > 0 && !isCloseCode(code)) throw invalidFrame(`invalid status code ${code}`);
    const reason = payload.subarray(2);
    requireUtf8(isUtf8(reason));
    this.stop();
    this.#handlers.onClose(code, reason.toString('utf8'));
  }
}

/** Only the message that ends a read is known to have arrived at the time of the read. */
function setUncertainty(arrival: Arrival, endsRead: boolean): void {
  arrival.uncertaintyNs = endsRead ? 0 : arrival.receivedNs - arrival.sinceNs;
}

/** Text and close reasons are UTF-8 (sections 5.6 and 8.1). */
function requireUtf8(isValid: boolean): void {
  if (!isValid) throw new Violation(CLOSE_CODE.invalidData, NOT_UTF8);
}
