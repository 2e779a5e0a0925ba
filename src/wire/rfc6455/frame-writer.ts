import { randomFillSync } from 'node:crypto';
import { FIN, LENGTH_16, LENGTH_64, MASKED, OPCODE, type Opcode, RSV1 } from './frame.ts';

/** Masking keys are drawn in blocks: one call for each frame would take longer than the rest of it. */
const KEY_POOL_BYTES = 8192;
const KEY_BYTES = 4;

/** Draws masking keys from a strong source of entropy, as section 5.3 demands. */
class KeyPool {
  readonly #bytes = Buffer.alloc(KEY_POOL_BYTES);
  #at = KEY_POOL_BYTES;

  /** Writes the next key to `target`. */
  writeTo(target: Buffer, at: number): void {
    if (this.#at === KEY_POOL_BYTES) {
      randomFillSync(this.#bytes);
      this.#at = 0;
    }
    this.#bytes.copy(target, at, this.#at, this.#at + KEY_BYTES);
    this.#at += KEY_BYTES;
  }
}

const keys = new KeyPool();

/** How many bytes the header of a frame has before a masking key. */
export function bareHeaderBytesOf(payloadBytes: number): number {
  return payloadBytes < LENGTH_16 ? 2 : payloadBytes < 2 ** 16 ? 4 : 10;
}

/** How many bytes the header of a frame of a client has, with its masking key. */
export function headerBytesOf(payloadBytes: number): number {
  return bareHeaderBytesOf(payloadBytes) + KEY_BYTES;
}

/** Writes the second byte of a header and what follows it: the length, in as few bytes as possible. */
export function writeLength(frame: Buffer, payloadBytes: number, maskBit: typeof MASKED | 0): void {
  if (payloadBytes < LENGTH_16) {
    frame[1] = maskBit | payloadBytes;
  } else if (payloadBytes < 2 ** 16) {
    frame[1] = maskBit | LENGTH_16;
    frame.writeUInt16BE(payloadBytes, 2);
  } else {
    frame[1] = maskBit | LENGTH_64;
    frame.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), 2);
    frame.writeUInt32BE(payloadBytes % 2 ** 32, 6);
  }
}

/** Writes the header of a whole, masked frame of a client to `frame` (sections 5.2 and 5.3). Returns its length. */
function writeHeader(frame: Buffer, opcode: Opcode, payloadBytes: number, isCompressed = false): number {
  frame[0] = FIN | (isCompressed ? RSV1 : 0) | opcode;
  const headerBytes = headerBytesOf(payloadBytes);
  writeLength(frame, payloadBytes, MASKED);
  keys.writeTo(frame, headerBytes - KEY_BYTES);
  return headerBytes;
}

/**
 * Masks the bytes `from` to `to` of a frame in place with the key before its payload (section 5.3). Masking the same
 * bytes twice unmasks them.
 */
export function mask(frame: Buffer, headerBytes: number, from = headerBytes, to = frame.length): void {
  const key = headerBytes - KEY_BYTES;
  for (let at = from; at < to; at++) {
    frame[at] = (frame[at] ?? 0) ^ (frame[key + ((at - headerBytes) & 3)] ?? 0);
  }
}

/** Makes a whole frame of a client: header, key and masked payload. */
export function makeFrame(opcode: Opcode, payload: string | Uint8Array, isCompressed = false): Buffer {
  const payloadBytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength;
  const frame = Buffer.allocUnsafe(headerBytesOf(payloadBytes) + payloadBytes);
  const headerBytes = writeHeader(frame, opcode, payloadBytes, isCompressed);
  if (typeof payload === 'string') frame.write(payload, headerBytes, 'utf8');
  else frame.set(payload, headerBytes);
  mask(frame, headerBytes);
  return frame;
}

/** Makes a close frame; without a code it has no payload. */
export function makeCloseFrame(code: number | null, reason = ''): Buffer {
  if (code === null) return makeFrame(OPCODE.close, '');
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2, 'utf8');
  return makeFrame(OPCODE.close, payload);
}
