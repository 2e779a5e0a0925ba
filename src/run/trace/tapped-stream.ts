import { LENGTH_16, LENGTH_64, LENGTH_BITS, MASKED, OPCODE, OPCODE_BITS } from '../../wire/rfc6455/frame.ts';
import { mask } from '../../wire/rfc6455/frame-writer.ts';
import type { Arrival, ByteStream, OpenStream, StreamHandlers } from '../../wire/sockets/stream.ts';

export type WireDirection = 'sent' | 'received';

/** One frame of a WebSocket, or the request or answer of its handshake. */
export interface TappedFrame {
  readonly direction: WireDirection;
  readonly kind: 'handshake' | 'text' | 'binary' | 'continuation' | 'close' | 'ping' | 'pong' | 'unknown';
  /** Of a frame, its payload without the mask; of a handshake, its text. */
  readonly content: Buffer;
}

/** Takes each frame: before it is sent, and before the client handles it. */
export type TakeFrame = (frame: TappedFrame) => void;

const END_OF_HEAD = '\r\n\r\n';
/** A head or a frame that is longer is passed on in parts as it arrives, and is not shown. */
const MAX_HELD_FRAME_BYTES = 128 * 1024 * 1024;

const FRAME_KINDS: ReadonlyMap<number, TappedFrame['kind']> = new Map(
  (['text', 'binary', 'continuation', 'close', 'ping', 'pong'] as const).map((kind) => [OPCODE[kind], kind]),
);

/**
 * Opens streams whose frames are seen. What arrives is handed on one frame at a time, so that all that a client does
 * with a frame follows it. Compression must not be agreed on.
 */
export function tapped(open: OpenStream, take: TakeFrame): OpenStream {
  return (address, handlers) => {
    const received = new Splitter('received', take);
    const sent = new Splitter('sent', take);
    const tappedHandlers: StreamHandlers = {
      onTcp: () => handlers.onTcp?.(),
      onOpen: (layer) => handlers.onOpen(layer),
      onBytes: (bytes: Buffer, arrival: Arrival) =>
        received.push(bytes, (part) => handlers.onBytes(part, arrival)),
      onEnd: () => handlers.onEnd(),
      onClosed: (error) => handlers.onClosed(error),
    };
    const stream = open(address, tappedHandlers);
    const tappedStream: ByteStream = {
      write(bytes) {
        sent.push(bytes, () => {});
        stream.write(bytes);
      },
      get unsentBytes() {
        return stream.unsentBytes;
      },
      end: () => stream.end(),
      destroy: () => stream.destroy(),
      reset: () => stream.reset(),
      limitReading: (bytesPerSecond) => stream.limitReading(bytesPerSecond),
    };
    return tappedStream;
  };
}

/** Splits the bytes of one direction into the head of the handshake and frames. */
class Splitter {
  readonly #direction: WireDirection;
  readonly #take: TakeFrame;
  #held = Buffer.alloc(0);
  #isHandshake = true;

  constructor(direction: WireDirection, take: TakeFrame) {
    this.#direction = direction;
    this.#take = take;
  }

  /** Takes bytes, and hands on each whole frame. */
  push(bytes: Buffer, handOn: (part: Buffer) => void): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#held.length > 0) {
      const length = this.#isHandshake ? this.#headBytes() : frameBytes(this.#held);
      if (length === null && this.#held.length <= MAX_HELD_FRAME_BYTES) return;
      const part = Buffer.from(this.#held.subarray(0, length ?? this.#held.length));
      this.#held = this.#held.subarray(part.length);
      if (length !== null) this.#report(part);
      handOn(part);
    }
  }

  /** Of an answer that is no handshake, the rest follows its head as it comes. */
  #headBytes(): number | null {
    const end = this.#held.indexOf(END_OF_HEAD);
    return end < 0 ? null : end + END_OF_HEAD.length;
  }

  #report(part: Buffer): void {
    const direction = this.#direction;
    if (this.#isHandshake) {
      this.#isHandshake = false;
      this.#take({ direction, kind: 'handshake', content: part });
      return;
    }
    const kind = FRAME_KINDS.get((part[0] ?? 0) & OPCODE_BITS) ?? 'unknown';
    this.#take({ direction, kind, content: payloadOf(part) });
  }
}

/** How long the header of a frame is, its masking key included (RFC 6455, section 5.2). */
function headerBytes(second: number): number {
  const short = second & LENGTH_BITS;
  const length = short === LENGTH_64 ? 10 : short === LENGTH_16 ? 4 : 2;
  return length + ((second & MASKED) === 0 ? 0 : 4);
}

/** How long the frame at the start is in all; null where its header or its payload is not complete. */
function frameBytes(bytes: Buffer): number | null {
  const second = bytes[1];
  if (second === undefined || bytes.length < headerBytes(second)) return null;
  const short = second & LENGTH_BITS;
  const payload =
    short === LENGTH_64
      ? Number(bytes.readBigUInt64BE(2))
      : short === LENGTH_16
        ? bytes.readUInt16BE(2)
        : short;
  const whole = headerBytes(second) + payload;
  return bytes.length < whole ? null : whole;
}

/** The payload of a frame without its mask; the frame itself is sent as it is. */
function payloadOf(frame: Buffer): Buffer {
  const second = frame[1] ?? 0;
  const header = headerBytes(second);
  const copy = Buffer.from(frame);
  if ((second & MASKED) !== 0) mask(copy, header);
  return copy.subarray(header);
}
