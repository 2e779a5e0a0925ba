import { defineTarget } from 'sockbench';

const parts = ['buffer', 'codec', 'codec-http', 'common', 'handler', 'resolver', 'transport'];
const classPath = parts.map((part) => `/usr/share/java/netty-${part}.jar`).join(':');

export default defineTarget({
  name: 'Netty',
  url: `ws://127.0.0.1:${process.env['PORT'] ?? 3000}/`,
  exec: `java -cp ${classPath} Server.java`,
  // A message is text: `EVENT:DATA`, or `EVENT:ID:DATA` where an answer is wanted.
  codec: {
    encode: ({ event, data, id }) => [event, ...(id === undefined ? [] : [id]), data].join(':'),
    decode: (message) => {
      const [event = '', ...rest] = message.toString().split(':');
      if (event !== 'answer') return { event, data: rest.join(':') };
      return { event, ack: rest[0], data: rest.slice(1).join(':') };
    },
  },
  publish: ({ payload }) => ({ event: 'say', data: payload }),
  delivery: { event: 'say' },
  request: ({ payload }) => ({ event: 'ask', data: payload }),
});
