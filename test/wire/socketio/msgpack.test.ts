import fc from 'fast-check';
import { Decoder, Encoder } from 'socket.io-msgpack-parser';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/errors.ts';
import { msgpackPackets } from '../../../src/wire/socketio/msgpack.ts';
import { PACKET, type Packet } from '../../../src/wire/socketio/packet.ts';

const binary = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const value = fc.anything({
  values: [
    fc.string({ maxLength: 300 }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    binary,
  ],
  maxDepth: 3,
});
const packet: fc.Arbitrary<Packet> = fc.record({
  type: fc.constantFrom(PACKET.event, PACKET.ack),
  namespace: fc.constantFrom('/', '/chat'),
  id: fc.option(fc.nat(), { nil: null }),
  data: fc.array(value, { minLength: 1, maxLength: 20 }),
});

interface Official {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number;
  readonly data?: unknown;
}

const officialOf = ({ type, namespace: nsp, id, data }: Packet): Official => ({
  type,
  nsp,
  data,
  ...(id === null ? {} : { id }),
});

function writeOfficially(sent: Packet): Buffer {
  const [message] = new Encoder().encode(officialOf(sent)) as unknown as Buffer[];
  return message ?? Buffer.alloc(0);
}

function readOfficially(message: unknown): Official | string {
  const decoder = new Decoder();
  let read: Official | string = '';
  decoder.on('decoded', (decoded: Official) => {
    read = decoded;
  });
  try {
    decoder.add(message);
  } catch (error) {
    read = messageOf(error);
  }
  return read;
}

describe('a packet in MessagePack', () => {
  it('is read by the official parser as it was written', () => {
    fc.assert(
      fc.property(packet, (sent) => {
        const [message] = msgpackPackets.encode(sent);
        expect(readOfficially(message)).toEqual(readOfficially(writeOfficially(sent)));
      }),
    );
  });

  it('of the official parser is read as that reads it', () => {
    fc.assert(
      fc.property(packet, (sent) => {
        const message = writeOfficially(sent);
        const { type, namespace, id, data } = msgpackPackets.take(message) ?? sent;
        expect({ type, nsp: namespace, data, ...(id === null ? {} : { id }) }).toEqual(
          readOfficially(message),
        );
      }),
    );
  });

  it('is an error when it is cut anywhere, or followed by more', () => {
    const data = [
      'a',
      { list: [1, -1, 300, 70_000, 2 ** 40, 1.5], bytes: Buffer.alloc(300) },
      'b'.repeat(40),
      new Date(0),
    ];
    const whole = writeOfficially({ type: PACKET.event, namespace: '/', id: 1, data });
    expect(msgpackPackets.take(whole)).toEqual({ type: PACKET.event, namespace: '/', id: 1, data });
    for (let end = 0; end < whole.length; end++) {
      expect(() => msgpackPackets.take(whole.subarray(0, end))).toThrow('the message is not whole');
    }
    expect(() => msgpackPackets.take(Buffer.concat([whole, whole]))).toThrow('trailing bytes');
  });

  it('that is any bytes is read as by the official parser, or is an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let read: unknown;
        try {
          read = msgpackPackets.take(Buffer.from(bytes));
        } catch {
          return;
        }
        const official = readOfficially(Buffer.from(bytes));
        expect(official).toBeTypeOf('object');
        expect(read).toMatchObject({
          type: (official as Official).type,
          namespace: (official as Official).nsp,
        });
      }),
      { numRuns: 1000 },
    );
  });
});
