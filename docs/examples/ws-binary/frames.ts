/**
 * What goes over the wire, either way:
 *
 *     byte 0       opcode
 *     bytes 1-4    room number, or the number of a question, or a counter; big-endian
 *     bytes 5-     payload
 */
export const OPCODE = {
  /** Client -> server: enter this room. Server -> client: you are in. */
  enter: 1,
  /** Client -> server: tell this room. Server -> client: somebody told your room. */
  tell: 2,
  /** Client -> server: a question with this number. Server -> client: the answer to it, with the same payload. */
  ask: 3,
  /** Server -> client, every 50 ms: a counter. */
  tick: 4,
} as const;

export interface Frame {
  readonly opcode: number;
  readonly number: number;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 5;

export function encodeFrame({ opcode, number, payload }: Frame): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt8(opcode, 0);
  frame.writeUInt32BE(number, 1);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Throws a RangeError for less than a header. */
export function decodeFrame(frame: Buffer): Frame {
  return { opcode: frame.readUInt8(0), number: frame.readUInt32BE(1), payload: frame.subarray(HEADER_BYTES) };
}
