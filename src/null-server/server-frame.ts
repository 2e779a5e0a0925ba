import { FIN, LENGTH_16, LENGTH_64, type Opcode } from '../wire/rfc6455/frame.ts';

/** Makes a whole frame of a server from the parts of its payload (RFC 6455, section 5.2). */
export function serverFrame(opcode: Opcode, ...parts: readonly Uint8Array[]): Buffer {
  const payloadBytes = parts.reduce((sum, { length }) => sum + length, 0);
  const headerBytes = payloadBytes < LENGTH_16 ? 2 : payloadBytes < 2 ** 16 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + payloadBytes);
  frame[0] = FIN | opcode;
  if (headerBytes === 2) {
    frame[1] = payloadBytes;
  } else if (headerBytes === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(payloadBytes, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), 2);
    frame.writeUInt32BE(payloadBytes % 2 ** 32, 6);
  }
  let at = headerBytes;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
