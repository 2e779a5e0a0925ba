/** The same server, with the cursors of its users: the states that Yjs calls awareness. */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { defineTarget, type FrameCodec } from 'sockbench';
import target from './sockbench.target.ts';

const AWARENESS = 1;

/** The codec of one client, which says its state again and again, with a clock. */
function awareness({ number }: { readonly number: number }): FrameCodec {
  let clock = 0;
  return {
    encode({ data }) {
      clock += 1;
      const states = encoding.encode((encoder) => {
        for (const value of [1, 1 + number, clock]) encoding.writeVarUint(encoder, value);
        encoding.writeVarString(encoder, JSON.stringify({ cursor: data }));
      });
      return encoding.encode((encoder) => {
        encoding.writeVarUint(encoder, AWARENESS);
        encoding.writeVarUint8Array(encoder, states);
      });
    },
    decode(message) {
      const decoder = decoding.createDecoder(message);
      if (decoding.readVarUint(decoder) !== AWARENESS) return null;
      const states = decoding.createDecoder(decoding.readVarUint8Array(decoder));
      return Array.from({ length: decoding.readVarUint(states) }, () => {
        decoding.readVarUint(states);
        decoding.readVarUint(states);
        return { event: 'cursor', data: JSON.parse(decoding.readVarString(states)) };
      });
    },
  };
}

export default defineTarget({
  ...target,
  name: 'Yjs awareness',
  codec: awareness,
  publish: ({ payload }) => ({ event: 'cursor', data: payload }),
  delivery: { event: 'cursor' },
});
