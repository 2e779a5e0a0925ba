import { Arguments, defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'signalr',
  protocol: 'signalr',
  url: `ws://127.0.0.1:${PORT}/chat`,
  exec: 'node server.js',
  // The event is the hub's method; several arguments are a list.
  join: ({ rooms }) => rooms.map((room) => ({ event: 'JoinRoom', data: room })),
  publish: ({ payload, room }) => ({ event: 'SendMessage', data: new Arguments([room, payload]) }),
  delivery: { event: 'ReceiveMessage' },
  request: ({ payload }) => ({ event: 'Echo', data: payload }),
});
