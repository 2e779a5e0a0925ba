import { defineTarget } from 'sockbench';

export default defineTarget({
  name: 'python websockets',
  url: `ws://127.0.0.1:${process.env['PORT'] ?? 3000}`,
  exec: '/usr/bin/python3 server.py',
  codec: {
    encode: ({ event, data, id }) => JSON.stringify({ type: event, body: data, seq: id }),
    decode: (message) => {
      const { type, body, seq } = JSON.parse(message.toString());
      return { event: type, data: body, ack: seq };
    },
  },
  opened: async (connection) => void (await connection.next('ready')),
  publish: ({ payload }) => ({ event: 'say', data: payload }),
  delivery: { event: 'update' },
  request: () => ({ event: 'ping' }),
});
