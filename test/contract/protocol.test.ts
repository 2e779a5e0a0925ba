import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  envelopeFromJson,
  envelopeToJson,
} from '../../src/contract/protocol.ts';

/** What the other side decodes. */
function sent(envelope: Envelope): Envelope {
  const message = encodeEnvelope(envelope);
  return typeof message === 'string'
    ? decodeEnvelope(Buffer.from(message), false)
    : decodeEnvelope(message, true);
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
/** JSON values as they are read: JSON has no -0, and `$binary` marks bytes. */
const json = fc
  .jsonValue()
  .filter((value) => !JSON.stringify(value).includes('$binary'))
  .map((value): unknown => JSON.parse(JSON.stringify(value)));
/** Values that generators rarely draw. */
const RARE: ReadonlyArray<[event: string, data: unknown, ids: object]> = [
  ['', JSON.parse('{"__proto__":{"id":1}}'), {}],
  ['\ud800', '\udfff', { id: 0 }],
  ['__proto__', null, { ack: 0 }],
];
const id = fc.record({ id: fc.nat(), ack: fc.nat() }, { requiredKeys: [] });
/** A binary message with this header and these bytes after it. */
function framed(header: string, tail = ''): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(header));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(tail)]);
}

describe('an envelope', () => {
  it('is text that any JSON reader understands when there are no bytes in it', () => {
    expect(encodeEnvelope({ event: 'hello', data: 'hi', id: 7 })).toBe(
      '{"event":"hello","data":"hi","id":7}',
    );
  });

  it('is a header length, a JSON header and the bytes when there are', () => {
    const header = '{"event":"echo","bytes":null}';
    expect(encodeEnvelope({ event: 'echo', data: Buffer.from([1, 2, 255]) })).toEqual(
      Buffer.concat([Buffer.from([0, header.length]), Buffer.from(header), Buffer.from([1, 2, 255])]),
    );
  });

  it('decodes to the same envelope with any JSON as data', () => {
    fc.assert(
      fc.property(fc.string(), json, id, (event, data, ids) => {
        const envelope = { event, data, ...ids };
        expect(sent(envelope)).toEqual(envelope);
      }),
      { examples: [...RARE] },
    );
  });

  it('decodes to the same envelope with bytes as data', () => {
    fc.assert(
      fc.property(fc.string(), bytes, id, (event, data, ids) => {
        const envelope = { event, data, ...ids };
        expect(sent(envelope)).toEqual(envelope);
      }),
    );
  });

  it('decodes to the same envelope with bytes at data.message and other fields', () => {
    fc.assert(
      fc.property(bytes, fc.string(), id, (message, chatId, ids) => {
        const envelope = { event: 'send_message', data: { message, scope: 'room', chatId }, ...ids };
        expect(sent(envelope)).toEqual(envelope);
      }),
    );
  });

  it('takes a Uint8Array that is a view into a larger buffer', () => {
    const view = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
    expect(sent({ event: 'echo', data: view }).data).toEqual(Buffer.from([1, 2, 3]));
  });

  it('decodes without data when it had none', () => {
    expect(sent({ event: 'enter_chat', ack: 0 })).toEqual({ event: 'enter_chat', ack: 0 });
  });
});

describe('a message that is not an envelope', () => {
  it.each([
    ['not JSON', 'hello'],
    ['cut short', '{"event":"echo","data'],
    ['empty', ''],
    ['null', 'null'],
    ['a number', '42'],
    ['a list', '[{"event":"echo"}]'],
    ['without an event', '{"data":1}'],
    ['with an event that is no text', '{"event":7}'],
  ])('throws as text: %s', (_, text) => {
    expect(() => decodeEnvelope(Buffer.from(text), false)).toThrow();
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['half a length', Buffer.from([0])],
    ['a header that is not JSON', framed('nothing')],
    ['a header that is null', framed('null')],
    ['a header without an event', framed('{"bytes":null}')],
    ['a header that does not say where the bytes belong', framed('{"event":"echo"}', 'abc')],
    [
      'a header that is longer than the message',
      Buffer.concat([Buffer.from([1, 0]), framed('{"event":"echo","bytes":null}').subarray(2)]),
    ],
  ])('throws as binary: %s', (_, message) => {
    expect(() => decodeEnvelope(message, true)).toThrow();
  });

  it('decodes to an envelope with an event, or throws, for any message', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
          fc.jsonValue().map((value) => framed(JSON.stringify(value), 'tail')),
        ),
        fc.boolean(),
        (message, isBinary) => {
          let envelope: Envelope;
          try {
            envelope = decodeEnvelope(message, isBinary);
          } catch {
            return;
          }
          expect(envelope.event).toBeTypeOf('string');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('an envelope as JSON', () => {
  const received = (envelope: Envelope) => envelopeFromJson(JSON.parse(envelopeToJson(envelope)));

  it('is plain JSON with bytes in base64', () => {
    expect(envelopeToJson({ event: 'hello', data: 'hi', id: 7 })).toBe(
      '{"event":"hello","data":"hi","id":7}',
    );
    expect(envelopeToJson({ event: 'hello', data: Buffer.from([0, 255]) })).toBe(
      '{"event":"hello","data":{"$binary":"AP8="}}',
    );
  });

  it('decodes to the same envelope with any JSON, with bytes, and with bytes at one field', () => {
    const data = fc.oneof(json, bytes, fc.record({ message: bytes, chatId: fc.string() }));
    fc.assert(
      fc.property(fc.string(), data, id, (event, content, ids) => {
        const envelope = { event, data: content, ...ids };
        expect(received(envelope)).toEqual(envelope);
      }),
      { examples: [...RARE] },
    );
  });

  it.each([null, 1, 'text', [], {}, { event: 1 }])('is refused when it is %j', (value) => {
    expect(() => envelopeFromJson(value)).toThrow(SyntaxError);
  });
});
