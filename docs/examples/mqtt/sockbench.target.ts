import { defineTarget } from 'sockbench';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

export default defineTarget({
  name: 'aedes',
  protocol: 'mqtt',
  url: `ws://127.0.0.1:${PORT}`,
  exec: 'node server.js',
  rooms: (number) => `rooms/${number}`,
  auth: ({ number }) => ({ username: `user-${number}`, password: PASSWORD }),
});
