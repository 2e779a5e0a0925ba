import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'tutorial chat',
  url: `http://127.0.0.1:${PORT}`,
  exec: 'node server.js',
  // The server calls back when it has taken a message: how long that takes is the series `ack`.
  publish: ({ payload }) => ({ event: 'chat message', data: payload, reply: 'acknowledgement' }),
  // Two arguments arrive, text and id. The text holds our time stamp; sockbench finds it by itself.
  delivery: { event: 'chat message' },
});
