import { describe, expect, it } from 'vitest';
import { codecOf, decodeAll } from './made-connection.ts';

const hex = (frame: unknown) => Buffer.from(frame as Uint8Array).toString('hex');
const bytes = (...parts: readonly string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

describe('mqtt', () => {
  it('connects with a clean session, and with user name and password where they are given', () => {
    const codec = codecOf('mqtt');
    // Fixed header, "MQTT", level 4, flags, 60 s, client id "a".
    expect(hex(codec.encode({ event: 'connect', data: { clientId: 'a' } }))).toBe(
      hex(bytes('10 0d', '0004 4d515454', '04 02 003c', '0001 61')),
    );
    const login = { clientId: 'a', username: 'u', password: Buffer.from('p') };
    expect(hex(codec.encode({ event: 'connect', data: login }))).toBe(
      hex(bytes('10 13', '0004 4d515454', '04 c2 003c', '0001 61 0001 75 0001 70')),
    );
  });

  it('publishes with QoS 0 and 1, and is acknowledged by the number of the packet', () => {
    const codec = codecOf('mqtt');
    const data = { topic: 't', payload: 'hi' };
    expect(hex(codec.encode({ event: 'publish', data }))).toBe(hex(bytes('30 05 0001 74 6869')));
    expect(hex(codec.encode({ event: 'publish', data: { ...data, qos: 1, retain: true }, id: 9 }))).toBe(
      hex(bytes('33 07 0001 74 0001 6869')),
    );
    expect(decodeAll(codec, bytes('40 02 0001'), bytes('40 02 0001'))).toEqual([{ ack: 9, data: null }]);
  });

  it('subscribes, and reads the granted QoS or a refusal', () => {
    const codec = codecOf('mqtt');
    expect(hex(codec.encode({ event: 'subscribe', data: { topic: 't', qos: 1 }, id: 4 }))).toBe(
      hex(bytes('82 06 0001 0001 74 01')),
    );
    codec.encode({ event: 'subscribe', data: { topic: 'u' }, id: 5 });
    expect(hex(codec.encode({ event: 'unsubscribe', data: { topic: 't' } }))).toBe(
      hex(bytes('a2 05 0003 0001 74')),
    );
    expect(decodeAll(codec, bytes('90 03 0001 01', '90 03 0002 80'))).toEqual([
      { ack: 4, data: { granted: [1] } },
      { ack: 5, data: { granted: [128], error: 'the broker refuses the subscription' } },
    ]);
  });

  it.each([1, 2, 3, 7, 1000])('reads packets from messages of %i bytes', (size) => {
    const payload = 'x'.repeat(200);
    // The remaining length of 203 bytes takes two bytes, that of the second packet one.
    const stream = Buffer.concat([
      bytes('20 02 00 00', '30 cb01 0001 74'),
      Buffer.from(payload),
      bytes('32 07 0001 74 000a 6869', 'd0 00'),
    ]);
    const messages = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      stream.subarray(index * size, (index + 1) * size),
    );
    expect(decodeAll(codecOf('mqtt'), ...messages)).toEqual([
      { event: 'connack', data: { sessionPresent: false, code: 0 } },
      {
        event: 'message',
        data: { topic: 't', payload: Buffer.from(payload), qos: 0, retain: false, packetId: null },
      },
      {
        event: 'message',
        data: { topic: 't', payload: Buffer.from('hi'), qos: 1, retain: false, packetId: 10 },
      },
    ]);
  });

  it('does not give a number to two packets that wait', () => {
    const codec = codecOf('mqtt');
    const publish = (id?: number) =>
      Buffer.from(
        codec.encode({
          event: 'publish',
          data: { topic: 't', qos: 1 },
          ...(id === undefined ? {} : { id }),
        }) as Buffer,
      ).readUInt16BE(5);
    expect(publish(0)).toBe(1);
    for (let sent = 0; sent < 65_534; sent++) publish();
    expect(publish()).toBe(2);
  });

  it('names what it does not support', () => {
    const codec = codecOf('mqtt');
    expect(() => codec.encode({ event: 'publish', data: { topic: 't', qos: 2 } })).toThrow(
      'qos: 2 is not supported',
    );
    expect(() => codec.encode({ event: 'publish', data: { topic: 't' }, id: 1 })).toThrow(
      'MQTT does not acknowledge a message of QoS 0',
    );
    expect(() => codec.encode({ event: 'say', data: 'a' })).toThrow('MQTT has no packet for the event "say"');
    expect(() => codec.encode({ event: 'publish', data: { payload: 'a' } })).toThrow('have no topic');
    expect(() => decodeAll(codec, bytes('30 ffffffff 01'))).toThrow('more than four bytes');
  });
});
