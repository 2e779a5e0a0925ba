import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'nest chat',
  url: `http://127.0.0.1:${PORT}`,
  namespace: '/chat',
  exec: 'node --import tsx main.ts',
  // Client n gets row n. `values` has the columns by their names in the first line.
  clients: './clients.csv',
  auth: ({ values: { token } }) => ({ token }),
  // One event per room; each is sent when the previous one was acknowledged.
  join: ({ rooms }) => rooms.map((room) => ({ event: 'join', data: { room } })),
  publish: ({ payload, room }) => ({ event: 'say', data: { room, text: payload } }),
  // The payload returns as a field of an object, where sockbench finds it.
  delivery: { event: 'said' },
  request: ({ payload }) => ({ event: 'whoami', data: payload }),
});
