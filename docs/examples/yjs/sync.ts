import type { FrameCodec } from 'sockbench';
import * as Y from 'yjs';

/** A message of y-protocols: its type and that of its content, then an update with its length before it. */
const SYNC = 0;
const UPDATE = 2;

/** The codec of one connection, with a document of its own to which it appends what it publishes. */
export function sync(): FrameCodec {
  const document = new Y.Doc();
  const notes = document.getArray('notes');
  let update: Uint8Array = new Uint8Array();
  document.on('update', (latest) => {
    update = latest;
  });
  return {
    encode({ data }) {
      notes.push([data]);
      const length = update.length;
      const varint = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
      return Buffer.from([SYNC, UPDATE, ...varint, ...update]);
    },
    decode(message) {
      if (message[0] !== SYNC || message[1] !== UPDATE) return null;
      const start = (message[2] ?? 0) < 128 ? 3 : 4;
      const { structs } = Y.decodeUpdate(message.subarray(start));
      const items = structs.filter((struct) => struct instanceof Y.Item);
      const added = items.flatMap(({ content }) => (content instanceof Y.ContentAny ? content.arr : []));
      return added.map((data) => ({ event: 'update', data }));
    },
  };
}
