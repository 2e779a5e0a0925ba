import { describe, expect, it } from 'vitest';
import { PACKET } from '../../../src/wire/socketio/packet.ts';
import { parserPackets } from '../../../src/wire/socketio/parser.ts';

const EVENT_PACKET = { type: PACKET.event, nsp: '/', data: ['said', 'x'] };

/** A parser of JSON that hands each decoded packet to `hand`, which decides when it is decoded. */
function parserOf(hand: (decoded: (packet: unknown) => void, packet: unknown) => void) {
  class Encoder {
    encode = (packet: object) => [JSON.stringify(packet)];
  }
  class Decoder {
    #decoded = (_: unknown) => {};
    on = (_: 'decoded', handler: (packet: unknown) => void) => {
      this.#decoded = handler;
    };
    add = (text: string) => hand((packet) => this.#decoded(packet), JSON.parse(text));
  }
  return parserPackets({ Encoder, Decoder } as unknown as Parameters<typeof parserPackets>[0]);
}

const text = JSON.stringify(EVENT_PACKET);

describe('a parser of the user', () => {
  it('decodes the packet of a message', () => {
    const packet = { type: PACKET.event, namespace: '/', id: null, data: ['said', 'x'] };
    expect(parserOf((decoded, each) => decoded(each)).take(text)).toEqual(packet);
  });

  it('is refused where a message holds several packets', () => {
    const twice = parserOf((decoded, packet) => {
      decoded(packet);
      decoded(packet);
    });
    expect(() => twice.take(text)).toThrow(/several packets at once; use --driver official/);
  });

  it('is refused at the next message where it decodes later', () => {
    const waiting: Array<() => void> = [];
    const late = parserOf((decoded, packet) => waiting.push(() => decoded(packet)));
    expect(late.take(text)).toBeNull();
    for (const each of waiting) each();
    expect(() => late.take(text)).toThrow(/after Decoder\.add returned; use --driver official/);
  });
});
