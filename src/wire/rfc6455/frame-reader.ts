import { isUtf8 } from 'node:buffer';
import type { Arrival } from '../sockets/stream.ts';
import {
  CLOSE_CODE,
  FIN,
  isCloseCode,
  LENGTH_16,
  LENGTH_64,
  LENGTH_BITS,
  MASKED,
  MAX_CONTROL_BYTES,
  type MessageKind,
  OPCODE,
  OPCODE_BITS,
  RSV1,
  RSV2_RSV3,
} from './frame.ts';

/** Takes what a server sends, by methods of one object. Bytes are valid during the call only. */
export interface FrameHandlers {
  /** A whole message; `isCompressed` when its first frame had RSV1 (RFC 7692, section 6). */
  onMessage(kind: MessageKind, payload: Buffer, isCompressed: boolean, arrival: Arrival): void;
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
  /** Whether permessage-deflate was agreed on, so that RSV1 has a meaning. */
  readonly mayCompress: boolean;
}

const NOTHING = Buffer.alloc(0);

/** A message of which frames are still to come (section 5.4). */
interface Fragmented {
  readonly kind: MessageKind;
  readonly isCompressed: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** The header of one frame, and where its payload lies. */
interface Header {
  readonly first: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

class Violation extends Error {
  readonly code: number;

  constructor(code: number, problem: string) {
    super(problem);
    this.code = code;
  }
}

/**
 * Reads the frames that a server sends, from a stream that may be cut anywhere (RFC 6455, section 5). A frame that lies
 * whole in what was received is read in place. Memory is limited by {@link FrameLimits}.
 */
export class FrameReader {
  readonly #handlers: FrameHandlers;
  readonly #maxMessageBytes: number;
  readonly #mayCompress: boolean;
  #fragmented: Fragmented | null = null;
  /** The beginning of a frame whose header is not complete. */
  #head: Buffer = NOTHING;
  /** A frame whose header is known and whose payload is not complete. */
  #partial: { readonly frame: Buffer; filled: number } | null = null;
  #isOver = false;

  constructor(handlers: FrameHandlers, { maxMessageBytes, mayCompress }: FrameLimits) {
    this.#handlers = handlers;
    this.#maxMessageBytes = maxMessageBytes;
    this.#mayCompress = mayCompress;
  }

  /** Takes the next bytes of the stream. After a close frame or a violation they are ignored. */
  push(bytes: Buffer, arrival: Arrival): void {
    if (this.#isOver) return;
    try {
      this.#read(bytes, arrival);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#isOver = true;
      this.#fragmented = null;
      this.#partial = null;
      this.#handlers.onViolation(error.code, error.message);
    }
  }

  #read(received: Buffer, arrival: Arrival): void {
    let bytes = received;
    if (this.#partial !== null) {
      bytes = this.#fill(this.#partial, bytes, arrival);
    } else if (this.#head.length > 0) {
      bytes = Buffer.concat([this.#head, bytes]);
      this.#head = NOTHING;
    }
    let at = 0;
    while (!this.#isOver && at < bytes.length) {
      const header = this.#readHeader(bytes, at);
      if (header === null) {
        this.#head = Buffer.from(bytes.subarray(at));
        return;
      }
      const end = at + header.headerBytes + header.payloadBytes;
      if (end > bytes.length) {
        const frame = Buffer.allocUnsafe(end - at);
        this.#partial = { frame, filled: bytes.copy(frame, 0, at) };
        return;
      }
      arrival.uncertaintyNs = end === bytes.length ? 0 : arrival.receivedNs - arrival.sinceNs;
      this.#take(header.first, bytes.subarray(at + header.headerBytes, end), arrival);
      at = end;
    }
  }

  /** Completes a frame; returns what follows it. */
  #fill(partial: { readonly frame: Buffer; filled: number }, bytes: Buffer, arrival: Arrival): Buffer {
    const copied = bytes.copy(partial.frame, partial.filled);
    partial.filled += copied;
    if (partial.filled < partial.frame.length) return bytes.subarray(copied);
    this.#partial = null;
    arrival.uncertaintyNs = copied === bytes.length ? 0 : arrival.receivedNs - arrival.sinceNs;
    const header = this.#readHeader(partial.frame, 0);
    if (header !== null) this.#take(header.first, partial.frame.subarray(header.headerBytes), arrival);
    return bytes.subarray(copied);
  }

  /** Reads and checks a header (section 5.2); null when it is not complete. */
  #readHeader(bytes: Buffer, at: number): Header | null {
    const first = bytes[at];
    if (first === undefined) return null;
    this.#checkFirst(first);
    const second = bytes[at + 1];
    if (second === undefined) return null;
    if ((second & MASKED) !== 0)
      throw new Violation(CLOSE_CODE.protocolError, 'a frame of the server is masked');
    const short = second & LENGTH_BITS;
    const isControl = (first & OPCODE.close) !== 0;
    if (isControl && short > MAX_CONTROL_BYTES) {
      throw new Violation(CLOSE_CODE.protocolError, 'a control frame is longer than 125 bytes');
    }
    const headerBytes = short === LENGTH_64 ? 10 : short === LENGTH_16 ? 4 : 2;
    if (bytes.length - at < headerBytes) return null;
    const payloadBytes = short < LENGTH_16 ? short : readLength(bytes, at + 2, short);
    const bytesBefore = isControl ? 0 : (this.#fragmented?.bytes ?? 0);
    if (bytesBefore + payloadBytes > this.#maxMessageBytes) {
      throw new Violation(CLOSE_CODE.tooBig, `a message is longer than ${this.#maxMessageBytes} bytes`);
    }
    return { first, headerBytes, payloadBytes };
  }

  /** Checks the reserved bits, the opcode, and whether such a frame may come now (sections 5.2, 5.4, 5.5). */
  #checkFirst(first: number): void {
    const opcode = first & OPCODE_BITS;
    const isStart = opcode === OPCODE.text || opcode === OPCODE.binary;
    const isControl = opcode >= OPCODE.close && opcode <= OPCODE.pong;
    const problem =
      !isStart && !isControl && opcode !== OPCODE.continuation
        ? `opcode ${opcode} is reserved`
        : (first & RSV2_RSV3) !== 0 || ((first & RSV1) !== 0 && !(isStart && this.#mayCompress))
          ? 'a reserved bit is set'
          : isControl && (first & FIN) === 0
            ? 'a control frame is fragmented'
            : isStart && this.#fragmented !== null
              ? 'a message begins before the one before it has ended'
              : opcode === OPCODE.continuation && this.#fragmented === null
                ? 'a continuation frame continues no message'
                : null;
    if (problem !== null) throw new Violation(CLOSE_CODE.protocolError, problem);
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
    const open = this.#fragmented;
    if (open === null) {
      const kind = (first & OPCODE_BITS) === OPCODE.text ? 'text' : 'binary';
      const isCompressed = (first & RSV1) !== 0;
      if (isLast) this.#deliver(kind, payload, isCompressed, arrival);
      else this.#fragmented = { kind, isCompressed, parts: [Buffer.from(payload)], bytes: payload.length };
      return;
    }
    open.parts.push(Buffer.from(payload));
    open.bytes += payload.length;
    if (!isLast) return;
    this.#fragmented = null;
    this.#deliver(open.kind, Buffer.concat(open.parts), open.isCompressed, arrival);
  }

  #deliver(kind: MessageKind, payload: Buffer, isCompressed: boolean, arrival: Arrival): void {
    // What is compressed can be checked only when it is inflated.
    if (kind === 'text' && !isCompressed) requireUtf8(payload);
    this.#handlers.onMessage(kind, payload, isCompressed, arrival);
  }

  /** Takes a close frame: a code and a reason, or nothing (section 5.5.1). */
  #takeClose(payload: Buffer): void {
    if (payload.length === 1) throw new Violation(CLOSE_CODE.protocolError, 'a close frame has half a code');
    const code = payload.length === 0 ? CLOSE_CODE.none : payload.readUInt16BE(0);
    if (payload.length > 0 && !isCloseCode(code)) {
      throw new Violation(CLOSE_CODE.protocolError, `a close frame has the code ${code}`);
    }
    const reason = payload.subarray(2);
    requireUtf8(reason);
    this.#isOver = true;
    this.#handlers.onClose(code, reason.toString('utf8'));
  }
}

/** Reads an extended length, which must be written in as few bytes as possible (section 5.2). */
function readLength(bytes: Buffer, at: number, short: number): number {
  if (short === LENGTH_16) {
    const length = bytes.readUInt16BE(at);
    if (length < LENGTH_16) throw new Violation(CLOSE_CODE.protocolError, 'a length is written too long');
    return length;
  }
  const upper = bytes.readUInt32BE(at);
  if (upper >= 2 ** 31) throw new Violation(CLOSE_CODE.protocolError, 'a length has its first bit set');
  const length = upper * 2 ** 32 + bytes.readUInt32BE(at + 4);
  if (length < 2 ** 16) throw new Violation(CLOSE_CODE.protocolError, 'a length is written too long');
  return length;
}

/** Text and close reasons are UTF-8 (sections 5.6 and 8.1). */
function requireUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Violation(CLOSE_CODE.invalidData, 'text is not UTF-8');
}
