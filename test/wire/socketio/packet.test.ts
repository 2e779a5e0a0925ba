import fc from 'fast-check';
import { Decoder, Encoder, type Packet as OfficialPacket } from 'socket.io-parser';
import { describe, expect, it } from 'vitest';
import { encodePacket, jsonPackets, PACKET, type Packet } from '../../../src/wire/socketio/packet.ts';

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const binary = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ maxLength: 4 }).filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value;
const namespace = fc.constantFrom('/', '/chat', '/chat/room-1', '/a?b=c');
const id = fc.option(fc.nat(), { nil: null });
const withBinary = fc.record({ data: fc.array(fc.oneof(json, binary), { maxLength: 4 }), namespace, id });

const event: fc.Arbitrary<Packet> = withBinary.map(({ data, ...rest }) => ({
  type: PACKET.event,
  ...rest,
  data: ['message', ...data],
}));
const ack: fc.Arbitrary<Packet> = fc
  .record({ data: fc.array(fc.oneof(json, binary), { maxLength: 4 }), namespace, id: fc.nat() })
  .map((fields) => ({ type: PACKET.ack, ...fields }));
const connect: fc.Arbitrary<Packet> = fc
  .record({ data: fc.option(fc.dictionary(fc.string({ maxLength: 3 }), leaf), { nil: null }), namespace })
  .map((fields) => ({ type: PACKET.connect, id: null, ...fields }));
const packet = fc.oneof(event, ack, connect);

/** What the official parser reads. */
function decodeOfficially(messages: ReadonlyArray<string | Uint8Array>): OfficialPacket | null {
  const decoder = new Decoder();
  let decoded: OfficialPacket | null = null;
  decoder.on('decoded', (each: OfficialPacket) => {
    decoded = each;
  });
  for (const message of messages) decoder.add(typeof message === 'string' ? message : Buffer.from(message));
  return decoded;
}

function readAll(messages: ReadonlyArray<string | Uint8Array>): Packet | null {
  const packets = jsonPackets();
  return messages.reduce<Packet | null>((_, message) => packets.take(message), null);
}

/** JSON has no undefined, and -0 is 0. */
const plain = (value: unknown) => JSON.stringify(value);

describe('a packet', () => {
  it('is read by the official parser as it was written', () => {
    fc.assert(
      fc.property(packet, (sent) => {
        const decoded = decodeOfficially(encodePacket(sent));
        expect(plain(decoded?.data ?? null)).toBe(plain(sent.data));
        expect([decoded?.nsp, decoded?.id ?? null]).toEqual([sent.namespace, sent.id]);
        expect(Number(decoded?.type) % 3).toBe(sent.type % 3);
      }),
    );
  });

  it('of the official parser is read as it was written', () => {
    const encoder = new Encoder();
    fc.assert(
      fc.property(packet, (sent) => {
        const { type, namespace: nsp, id: number, data } = sent;
        const official = {
          type,
          nsp,
          ...(number === null ? {} : { id: number }),
          ...(data === null ? {} : { data }),
        };
        const messages = encoder.encode(official as unknown as OfficialPacket) as Array<string | Uint8Array>;
        const read = readAll(messages);
        expect(read).toMatchObject({ type, namespace: nsp, id: number });
        expect(plain(read?.data)).toBe(plain(data));
      }),
    );
  });

  it.each([
    ['', 'unknown packet type '],
    ['7["a"]', 'unknown packet type 7'],
    ['2{"a":1}', 'invalid payload'],
    ['2[]', 'invalid payload'],
    ['2', 'invalid payload'],
    ['2["connect"]', 'invalid payload'],
    ['0null', 'invalid payload'],
    ['1{}', 'invalid payload'],
    ['5["a"]', 'Illegal attachments'],
    ['50-["a"]', 'Illegal attachments'],
    ['21-["a"]', 'invalid payload'],
    ['51000-["a"]', 'too many attachments'],
  ])('that is not one is an error: %s', (text, problem) => {
    expect(() => readAll([text])).toThrow(problem);
  });

  it.each<[string, ReadonlyArray<string | Uint8Array>]>([
    ['got binary data when not reconstructing a packet', [Buffer.from('x')]],
    ['got plaintext data when reconstructing a packet', ['51-["a",{"_placeholder":true,"num":0}]', '2["b"]']],
    ['illegal attachments', ['51-["a",{"_placeholder":true,"num":5}]', Buffer.from('x')]],
  ])('must have its attachments: %s', (problem, messages) => {
    expect(() => readAll(messages)).toThrow(problem);
  });
});
