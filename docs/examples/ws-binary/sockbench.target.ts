import { defineTarget } from 'sockbench';
import { decodeFrame, encodeFrame, OPCODE } from './frames.ts';
import { keyOf } from './keys.ts';

const { PORT = '3000' } = process.env;

/** sockbench calls rooms by name, `room-7`, and everybody null; this server knows numbered rooms only. */
export function numberOf(room: string | null): number {
  if (room === null) throw new Error('this server has rooms only: run room-fanout');
  return Number(room.replace('room-', ''));
}

/** What our events carry as data. */
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
  // Events stand for opcodes. An event with an `id` waits for an answer, which has the same number as its `ack`.
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
        case OPCODE.enter:
          return { event: 'entered', data: number };
        case OPCODE.tell:
          return { event: 'told', data: payload };
        case OPCODE.ask:
          return { event: 'answer', data: payload, ack: number };
        case OPCODE.tick:
          return { event: 'tick', data: number };
        default:
          return null;
      }
    },
  },
  // The server says that a client is in a room by an event, without the number of a question.
  join: ({ rooms }) =>
    rooms.map((room) => ({ event: 'enter', data: { number: numberOf(room) }, reply: { event: 'entered' } })),
  publish: ({ payload, room }) => ({ event: 'tell', data: { number: numberOf(room), payload } }),
  delivery: { event: 'told' },
  request: ({ payload }) => ({ event: 'ask', data: { payload } }),
  // The server pushes ticks on its own. Those with the same number are one push to everybody.
  observe: { event: 'tick', key: (data) => Number(data) },
});
