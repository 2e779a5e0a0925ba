import { expect, test } from 'vitest';
import { sightingsOf } from '../scripts/captured/packets.ts';
import { createPayloads } from '../src/measure/payload.ts';
import { fixedSize } from '../src/measure/payload-contents.ts';

const SERVER = 3000;
const CLIENT = 40_000;

interface Packet {
  readonly atNs: number;
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  readonly payload: Buffer;
}

function packet({ atNs, from, to, seq, payload }: Packet): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(from, 0);
  tcp.writeUInt16BE(to, 2);
  tcp.writeUInt32BE(seq, 4);
  tcp.writeUInt8(5 << 4, 12);
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(40 + payload.length, 2);
  ip.writeUInt8(6, 9);
  const data = Buffer.concat([Buffer.alloc(14), ip, tcp, payload]);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.floor(atNs / 1e9), 0);
  header.writeUInt32LE(atNs % 1e9, 4);
  header.writeUInt32LE(data.length, 8);
  return Buffer.concat([header, data]);
}

function capture(packets: readonly Packet[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  return Buffer.concat([header, ...packets.map(packet)]);
}

function frame(text: string, mask: readonly number[] = []): Buffer {
  const payload = Buffer.from(text).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  const head = [0x81, payload.length | (mask.length > 0 ? 128 : 0), ...mask];
  return Buffer.concat([Buffer.from(head), payload]);
}

const stamp = { stream: 7, seq: 3, intendedNs: 5_000_000, actualNs: 5_000_100, measured: true };
const { write } = createPayloads({ key: 7, contents: fixedSize(64), check: 'length' });
const message = String(write(stamp, 'text'));

test('a message is seen where its sender handed it over, and where its last byte arrived', () => {
  const request = Buffer.from('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n');
  const answer = frame(`42["message","${message}"]`);
  const sent = { from: CLIENT, to: SERVER };
  const received = { from: SERVER, to: CLIENT };
  const packets = [
    { ...sent, atNs: 1, seq: 10, payload: request },
    { ...sent, atNs: 1_000_000_002, seq: 10 + request.length, payload: frame(message, [1, 2, 3, 4]) },
    { ...received, atNs: 3, seq: 0xffff_fff0, payload: answer.subarray(0, 30) },
    // The kernel sent the beginning twice, and the sequence number wraps.
    { ...received, atNs: 4, seq: 0xffff_fff0, payload: answer.subarray(0, 30) },
    { ...received, atNs: 5, seq: 14, payload: answer.subarray(30) },
  ];
  expect(sightingsOf(capture(packets), SERVER)).toEqual({
    sent: [{ ...stamp, at: 1_000_000_002n, client: CLIENT }],
    received: [{ ...stamp, at: 5n, client: CLIENT }],
  });
});

test('a capture that lacks packets is refused', () => {
  const payload = frame(message);
  const packets = [0, 500].map((seq) => ({ atNs: seq, from: SERVER, to: CLIENT, seq, payload }));
  expect(() => sightingsOf(capture(packets), SERVER)).toThrow('the capture lacks packets');
});
