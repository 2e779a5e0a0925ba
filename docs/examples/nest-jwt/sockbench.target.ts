import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'nest chat',
  url: `http://127.0.0.1:${PORT}`,
  namespace: '/chat',
  exec: 'node --import tsx main.ts',
  // Client 0 gets the first row, client 1 the second; each row is `values`, by the names in the first line.
  clients: './clients.csv',
  auth: ({ values: { token } }) => ({ token }),
  // One event for each room; the next is sent when the one before was acknowledged.
  join: ({ rooms }) => rooms.map((room) => ({ event: 'join', data: { room } })),
  publish: ({ payload, room }) => ({ event: 'say', data: { room, text: payload } }),
  // Our text comes back as one field of an object, where sockbench finds it.
  delivery: { event: 'said' },
  request: ({ payload }) => ({ event: 'whoami', data: payload }),
});
