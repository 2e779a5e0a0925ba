import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'tutorial chat',
  url: `http://127.0.0.1:${PORT}`,
  exec: 'node server.js',
  // The server acknowledges each message: the series `ack`.
  publish: ({ payload }) => ({ event: 'chat message', data: payload, reply: 'acknowledgement' }),
  // Two arguments arrive, text and id. sockbench finds the timestamp in the text.
  delivery: { event: 'chat message' },
});
