import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'sockjs',
  protocol: 'sockjs',
  // The prefix of the server. The preset adds server, session and transport for each connection.
  url: `ws://127.0.0.1:${PORT}/chat`,
  exec: 'node server.js',
  // The messages inside the frames of SockJS.
  codec: {
    encode: ({ event, data }) => JSON.stringify({ type: event, text: data }),
    decode: (message) => {
      const { type, text } = JSON.parse(message.toString());
      return { event: type, data: text };
    },
  },
  publish: ({ payload }) => ({ event: 'say', data: payload }),
  delivery: { event: 'said' },
});
