/**
 * A frame, in both directions:
 *
 *     byte 0       opcode
 *     bytes 1-4    number of a room, a request or a tick; big-endian
 *     bytes 5-     payload
 */
export const OPCODE = {
  /** Client -> server: join this room. Server -> client: joined. */
  join: 1,
  /** Client -> server: publish to this room. Server -> client: a message of a room. */
  publish: 2,
  /** Client -> server: a request with this number. Server -> client: the reply, with the same payload. */
  request: 3,
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

/** Throws a RangeError if the header is incomplete. */
export function decodeFrame(frame: Buffer): Frame {
  return { opcode: frame.readUInt8(0), number: frame.readUInt32BE(1), payload: frame.subarray(HEADER_BYTES) };
}
