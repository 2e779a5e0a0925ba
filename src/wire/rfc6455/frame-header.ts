import {
  CLOSE_CODE,
  FIN,
  LENGTH_16,
  LENGTH_64,
  LENGTH_BITS,
  MASKED,
  MAX_CONTROL_BYTES,
  OPCODE,
  OPCODE_BITS,
  RSV1,
  RSV2_RSV3,
} from './frame.ts';

/** The header of one frame of a server (RFC 6455, section 5.2). */
export interface Header {
  readonly first: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** What a server must not send, and the code to close with. Problems are those of the ws package, which users know. */
export class Violation extends Error {
  readonly code: number;

  constructor(code: number, problem: string) {
    super(problem);
    this.code = code;
  }
}

export const PAYLOAD_TOO_BIG = 'Max payload size exceeded';
export const NOT_UTF8 = 'Invalid WebSocket frame: invalid UTF-8 sequence';

/** A frame that breaks the protocol. */
export function invalidFrame(problem: string): Violation {
  return new Violation(CLOSE_CODE.protocolError, `Invalid WebSocket frame: ${problem}`);
}

/**
 * Reads and checks the header that begins at `at`; null when it is not complete. `mayCompress`: whether RSV1 has a
 * meaning. `isContinuing`: whether frames of a message are still to come. Throws a {@link Violation}.
 */
export function readHeader(
  bytes: Buffer,
  at: number,
  mayCompress: boolean,
  isContinuing: boolean,
): Header | null {
  const first = bytes[at];
  if (first === undefined) return null;
  checkFirst(first, mayCompress, isContinuing);
  const second = bytes[at + 1];
  if (second === undefined) return null;
  const opcode = first & OPCODE_BITS;
  const short = second & LENGTH_BITS;
  const isTooLong = opcode >= OPCODE.close && short > MAX_CONTROL_BYTES;
  if (isTooLong || (opcode === OPCODE.close && short === 1))
    throw invalidFrame(`invalid payload length ${short}`);
  if ((second & MASKED) !== 0) throw invalidFrame('MASK must be clear');
  const headerBytes = short === LENGTH_64 ? 10 : short === LENGTH_16 ? 4 : 2;
  if (bytes.length - at < headerBytes) return null;
  const payloadBytes = short < LENGTH_16 ? short : readLength(bytes, at + 2, short);
  return { first, headerBytes, payloadBytes };
}

/** Checks the reserved bits, the opcode, and whether such a frame may come now (sections 5.2, 5.4, 5.5). */
function checkFirst(first: number, mayCompress: boolean, isContinuing: boolean): void {
  const opcode = first & OPCODE_BITS;
  const hasRsv1 = (first & RSV1) !== 0;
  if ((first & RSV2_RSV3) !== 0) throw invalidFrame('RSV2 and RSV3 must be clear');
  if (hasRsv1 && !mayCompress) throw invalidFrame('RSV1 must be clear');
  switch (opcode) {
    case OPCODE.continuation:
      if (hasRsv1) throw invalidFrame('RSV1 must be clear');
      if (!isContinuing) throw invalidFrame('invalid opcode 0');
      return;
    case OPCODE.text:
    case OPCODE.binary:
      if (isContinuing) throw invalidFrame(`invalid opcode ${opcode}`);
      return;
    case OPCODE.close:
    case OPCODE.ping:
    case OPCODE.pong:
      if ((first & FIN) === 0) throw invalidFrame('FIN must be set');
      if (hasRsv1) throw invalidFrame('RSV1 must be clear');
      return;
    default:
      throw invalidFrame(`invalid opcode ${opcode}`);
  }
}

/** Reads an extended length, which must be written in as few bytes as possible (section 5.2). */
function readLength(bytes: Buffer, at: number, short: number): number {
  if (short === LENGTH_16) {
    const length = bytes.readUInt16BE(at);
    if (length < LENGTH_16) throw invalidFrame('the payload length is not in its shortest form');
    return length;
  }
  const upper = bytes.readUInt32BE(at);
  if (upper >= 2 ** 31) throw invalidFrame('the first bit of the payload length must be clear');
  const length = upper * 2 ** 32 + bytes.readUInt32BE(at + 4);
  if (length < 2 ** 16) throw invalidFrame('the payload length is not in its shortest form');
  return length;
}

/** How long a header is whose length has at most 16 bits. */
export function shortHeaderBytes(bytes: Buffer, at: number): number {
  return bytes[at + 1] === LENGTH_16 ? 4 : 2;
}

/** Where a frame ends that is a whole text message of at most `maxBytes` and of less than 64 KiB; 0 for any other. */
export function endOfWholeText(bytes: Buffer, at: number, maxBytes: number): number {
  if (bytes[at] !== (FIN | OPCODE.text)) return 0;
  const short = bytes[at + 1] ?? MASKED;
  if (short > LENGTH_16) return 0;
  const isLong = short === LENGTH_16;
  const length = isLong ? ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0) : short;
  if (length > maxBytes || (isLong && length < LENGTH_16)) return 0;
  const end = at + shortHeaderBytes(bytes, at) + length;
  return end <= bytes.length ? end : 0;
}
