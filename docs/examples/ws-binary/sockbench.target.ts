import { defineTarget } from 'sockbench';
import { decodeFrame, encodeFrame, OPCODE } from './frames.ts';
import { keyOf } from './keys.ts';

const { PORT = '3000' } = process.env;

/** sockbench uses null for everyone. This server has numbered rooms only. */
export function numberOf(room: string | null): number {
  if (room === null) throw new Error('this server has rooms only: run room-fanout');
  return Number(room);
}

/** Data of the events below. */
interface Data {
  readonly number?: number;
  readonly payload?: string | Uint8Array;
}

export default defineTarget({
  name: 'binary rooms',
  url: `ws://127.0.0.1:${PORT}`,
  exec: 'node server.ts',
  clients: (number) => ({ device: `device-${number}` }),
  headers: ({ values }) => {
    const device = String(values['device']);
    return { authorization: `Bearer ${device}:${keyOf(device)}` };
  },
  // Events are named after opcodes. An event with an `id` expects a reply with the same number as `ack`.
  codec: {
    encode: ({ event, data, id = 0 }) => {
      const { number = id, payload = '' } = data as Data;
      return encodeFrame({
        opcode: OPCODE[event as keyof typeof OPCODE],
        number,
        payload: Buffer.from(payload),
      });
    },
    decode: (message) => {
      const { opcode, number, payload } = decodeFrame(message);
      switch (opcode) {
        case OPCODE.join:
          return { event: 'joined', data: number };
        case OPCODE.publish:
          return { event: 'message', data: payload };
        case OPCODE.request:
          return { event: 'reply', data: payload, ack: number };
        case OPCODE.tick:
          return { event: 'tick', data: number };
        default:
          return null;
      }
    },
  },
  rooms: (number) => String(number),
  // The server confirms a join with an event.
  join: ({ rooms }) =>
    rooms.map((room) => ({ event: 'join', data: { number: numberOf(room) }, reply: { event: 'joined' } })),
  publish: ({ payload, room }) => ({ event: 'publish', data: { number: numberOf(room), payload } }),
  delivery: { event: 'message' },
  request: ({ payload }) => ({ event: 'request', data: { payload } }),
  // The server pushes ticks. Ticks with the same number are one push to all clients.
  observe: { event: 'tick', key: (data) => Number(data) },
});
