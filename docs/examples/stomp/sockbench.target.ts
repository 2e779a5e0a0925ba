import { defineTarget } from 'sockbench';

const { PORT = '3000', PASSCODE = 'only for this example' } = process.env;

export default defineTarget({
  name: 'stomp',
  protocol: 'stomp',
  url: `ws://127.0.0.1:${PORT}`,
  exec: 'node server.js',
  // Headers of CONNECT. Rooms are the destinations /topic/room-0 and so on.
  auth: ({ number }) => ({ login: `user-${number}`, passcode: PASSCODE }),
});
