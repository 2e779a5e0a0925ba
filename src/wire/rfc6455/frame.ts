/**
 * What a frame of RFC 6455 is made of (section 5.2), and which close codes exist (section 7.4).
 */

export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

/** A message is text or binary. */
export type MessageKind = 'text' | 'binary';

/** The first byte: whether a frame ends its message, and reserved bits that extensions give a meaning. */
export const FIN = 0x80;
export const RSV1 = 0x40;
export const RSV2_RSV3 = 0x30;
export const OPCODE_BITS = 0x0f;
/** The second byte: whether the payload is masked, and its length or how long the length is. */
export const MASKED = 0x80;
export const LENGTH_BITS = 0x7f;
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;

/** A control frame has at most this many bytes (section 5.5). */
export const MAX_CONTROL_BYTES = 125;

/** Close codes of section 7.4.1, and those that were registered since (IANA's WebSocket Close Code Number Registry). */
export const CLOSE_CODE = {
  normal: 1000,
  protocolError: 1002,
  /** Never sent: the close frame had no code. */
  none: 1005,
  /** Never sent: the connection ended without a close frame. */
  abnormal: 1006,
  invalidData: 1007,
  policyViolation: 1008,
  tooBig: 1009,
} as const;

/** Whether a code may stand in a close frame (section 7.4.2). */
export function isCloseCode(code: number): boolean {
  const isDefined =
    code >= 1000 && code <= 1014 && ![1004, CLOSE_CODE.none, CLOSE_CODE.abnormal].includes(code);
  return isDefined || (code >= 3000 && code <= 4999);
}
