import { LENGTH_16, LENGTH_64, LENGTH_BITS, OPCODE_BITS } from '../wire/rfc6455/frame.ts';

const MASK_BYTES = 4;

/** Takes a frame: its opcode and its payload without the mask, which is valid during the call only. */
export type OnFrame = (opcode: number, payload: Buffer) => void;

/**
 * Reads the masked frames of a client from a stream that may be cut anywhere (RFC 6455, section 5.2). Clients of sockbench
 * send whole messages, so nothing but the length and the mask is read.
 */
export class ClientFrames {
  readonly #onFrame: OnFrame;
  /** The beginning of a frame whose rest has not arrived. */
  #rest: Buffer | null = null;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  push(bytes: Buffer): void {
    const all = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (let length = this.#take(all, at); length > 0; length = this.#take(all, at)) at += length;
    this.#rest = at === all.length ? null : Buffer.from(all.subarray(at));
  }

  /** Handles the frame that begins at `at`, and returns its length; 0 while it is not complete. */
  #take(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return 0;
    const short = (bytes[at + 1] ?? 0) & LENGTH_BITS;
    const keyAt = at + 2 + (short === LENGTH_64 ? 8 : short === LENGTH_16 ? 2 : 0);
    if (bytes.length < keyAt + MASK_BYTES) return 0;
    const payloadBytes =
      short === LENGTH_64
        ? bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6)
        : short === LENGTH_16
          ? bytes.readUInt16BE(at + 2)
          : short;
    const from = keyAt + MASK_BYTES;
    const end = from + payloadBytes;
    if (end > bytes.length) return 0;
    for (let index = from; index < end; index++) {
      bytes[index] = (bytes[index] ?? 0) ^ (bytes[keyAt + ((index - from) & 3)] ?? 0);
    }
    this.#onFrame((bytes[at] ?? 0) & OPCODE_BITS, bytes.subarray(from, end));
    return end - at;
  }
}
