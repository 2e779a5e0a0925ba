import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'json-rpc',
  protocol: 'json-rpc',
  url: `ws://127.0.0.1:${PORT}`,
  exec: 'node plain-server.js',
  // Without an acknowledgement, an event is a notification.
  publish: ({ payload }) => ({ event: 'say', data: { text: payload } }),
  delivery: { event: 'said' },
  request: ({ payload }) => ({ event: 'echo', data: { text: payload } }),
});
