import { Packr } from '@colyseus/msgpackr';
import { decode, encode } from '@colyseus/schema';
import type { FrameCodec } from 'sockbench';

const JOIN_ROOM = 10;
const ROOM_DATA = 13;
const packr = new Packr({ useRecords: false });

/** A message of Colyseus: its code, the type of the message, and its data in MessagePack. */
export const messages: FrameCodec = {
  encode({ event, data }) {
    if (event === 'joined') return Buffer.from([JOIN_ROOM]);
    const type = Buffer.alloc(64);
    const it = { offset: 0 };
    encode.string(type, event, it);
    return Buffer.concat([Buffer.from([ROOM_DATA]), type.subarray(0, it.offset), packr.pack(data)]);
  },
  decode(message) {
    if (message[0] === JOIN_ROOM) return { event: 'joined' };
    if (message[0] !== ROOM_DATA) return null;
    const it = { offset: 1 };
    const event = decode.string(message, it);
    return { event, data: packr.unpack(message.subarray(it.offset)) };
  },
};
