import { FIN, type Opcode } from '../wire/rfc6455/frame.ts';
import { bareHeaderBytesOf, writeLength } from '../wire/rfc6455/frame-writer.ts';

/** Makes a whole frame of a server from the parts of its payload (RFC 6455, section 5.2). */
export function serverFrame(opcode: Opcode, ...parts: readonly Uint8Array[]): Buffer {
  const payloadBytes = parts.reduce((sum, { length }) => sum + length, 0);
  const headerBytes = bareHeaderBytesOf(payloadBytes);
  const frame = Buffer.allocUnsafe(headerBytes + payloadBytes);
  frame[0] = FIN | opcode;
  writeLength(frame, payloadBytes, 0);
  let at = headerBytes;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
