import { Arguments, defineTarget } from 'sockbench';

export default defineTarget({
  name: 'python-socketio',
  url: `http://127.0.0.1:${process.env['PORT'] ?? 3000}`,
  exec: '/usr/bin/python3 server.py',
  auth: { token: 'secret' },
  join: ({ rooms }) => rooms.map((room) => ({ event: 'join', data: room })),
  publish: ({ payload, room }) => ({ event: 'say', data: new Arguments([room, payload]) }),
  delivery: { event: 'said' },
  request: ({ payload }) => ({ event: 'echo', data: payload }),
});
