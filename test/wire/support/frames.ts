import { createHash } from 'node:crypto';
import { isCloseCode, OPCODE } from '../../../src/wire/rfc6455/frame.ts';

export const FIN_BIT = 0x80;
export const RSV1_BIT = 0x40;

/** A frame of a server, which is not masked. `first` is its first byte; `lengthBytes` forces a longer length. */
export function serverFrame(
  first: number,
  payload: Uint8Array | string = '',
  lengthBytes: 0 | 2 | 8 | null = null,
): Buffer {
  const bytes = Buffer.from(payload);
  const extended = lengthBytes ?? (bytes.length < 126 ? 0 : bytes.length < 65_536 ? 2 : 8);
  const header = Buffer.alloc(2 + extended);
  header[0] = first;
  header[1] = extended === 0 ? bytes.length : extended === 2 ? 126 : 127;
  if (extended === 2) header.writeUInt16BE(bytes.length, 2);
  if (extended === 8) header.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([header, bytes]);
}

type Payload = Uint8Array | string;
export const text = (payload: Payload) => serverFrame(FIN_BIT | OPCODE.text, payload);
export const binary = (payload: Payload) => serverFrame(FIN_BIT | OPCODE.binary, payload);
export const ping = (payload: Payload = '') => serverFrame(FIN_BIT | OPCODE.ping, payload);
export const pong = (payload: Payload = '') => serverFrame(FIN_BIT | OPCODE.pong, payload);

/** The payload of a close frame. */
export function closePayload(code: number, reason: Payload = ''): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}
export const close = (code: number, reason: Payload = '') =>
  serverFrame(FIN_BIT | OPCODE.close, closePayload(code, reason));

/** A message in fragments, of which the last has FIN. */
export function fragments(kind: 'text' | 'binary', parts: readonly Payload[]): Buffer[] {
  return parts.map((part, index) => {
    const opcode = index === 0 ? OPCODE[kind] : OPCODE.continuation;
    return serverFrame((index === parts.length - 1 ? FIN_BIT : 0) | opcode, part);
  });
}

/** Cuts a payload into parts of a size. */
export function partsOf(payload: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) parts.push(payload.subarray(at, at + size));
  return parts;
}

/** A frame that a client sent. */
export interface ClientFrame {
  readonly isLast: boolean;
  readonly hasRsv1: boolean;
  readonly opcode: number;
  readonly key: string;
  readonly payload: Buffer;
}

/** Reads the frames of a client; throws for what no client may send (RFC 6455, section 5). What is left is no whole frame. */
export function readClientFrames(bytes: Buffer): { readonly frames: ClientFrame[]; readonly left: Buffer } {
  const frames: ClientFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const [first = 0, second = 0] = bytes.subarray(at);
    const short = second & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const from = at + 2 + extended + 4;
    if (bytes.length < from) break;
    const length =
      extended === 0
        ? short
        : extended === 2
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length < from + length) break;
    if ((second & 0x80) === 0) throw new Error('a frame of the client is not masked');
    if ((first & 0x30) !== 0) throw new Error('a frame of the client has a reserved bit');
    const shortest = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    if (extended !== shortest) throw new Error('a length of the client is not in its shortest form');
    const key = bytes.subarray(from - 4, from);
    const payload = Buffer.from(bytes.subarray(from, from + length));
    for (let index = 0; index < length; index++)
      payload[index] = (payload[index] ?? 0) ^ (key[index & 3] ?? 0);
    frames.push({
      isLast: (first & FIN_BIT) !== 0,
      hasRsv1: (first & RSV1_BIT) !== 0,
      opcode: first & 0x0f,
      key: key.toString('hex'),
      payload,
    });
    at = from + length;
  }
  return { frames, left: bytes.subarray(at) };
}

const NAMES = Object.fromEntries(Object.entries(OPCODE).map(([name, opcode]) => [opcode, name]));
const SHOWN_BYTES = 60;

/** A frame in one line: `text hello`, `close 1000 bye`, `binary 65536 bytes 5f1e...`. */
export function shown(opcode: number, payload: Payload): string {
  const bytes = Buffer.from(payload);
  const name = NAMES[opcode] ?? String(opcode);
  if (opcode === OPCODE.close) {
    if (bytes.length === 0) return name;
    const code = bytes.readUInt16BE(0);
    if (!isCloseCode(code)) throw new Error(`the client closes with ${code}`);
    return `${name} ${code} ${bytes.toString('utf8', 2)}`.trim();
  }
  if (bytes.length <= SHOWN_BYTES) return `${name} ${bytes.toString('latin1')}`;
  return `${name} ${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex')}`;
}
