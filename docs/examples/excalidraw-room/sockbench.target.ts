import { Arguments, defineTarget } from 'sockbench';

/** What AES-GCM needs beside the encrypted bytes. */
const initialisationVector = Buffer.alloc(12, 7);
const event = process.env['VOLATILE'] === '1' ? 'server-volatile-broadcast' : 'server-broadcast';

export default defineTarget({
  name: 'excalidraw-room',
  url: `http://127.0.0.1:${process.env['PORT'] ?? 3000}`,
  exec: 'node server.js',
  opened: async (connection) => void (await connection.next('init-room')),
  // Nothing acknowledges joining: the server tells everyone in the room who is in it.
  join: ({ rooms }) =>
    rooms.map((room) => ({ event: 'join-room', data: room, reply: { event: 'room-user-change' } })),
  publish: ({ payload, room }) => ({ event, data: new Arguments([room, payload, initialisationVector]) }),
  delivery: { event: 'client-broadcast' },
});
