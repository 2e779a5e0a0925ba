import { defineTarget } from 'sockbench';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

export default defineTarget({
  name: 'rpc-websockets',
  protocol: 'json-rpc',
  url: `ws://127.0.0.1:${PORT}`,
  exec: 'node server.js',
  // Methods of rpc-websockets: they log in, and subscribe to a notification.
  opened: async (connection) => {
    await connection.call('rpc.login', { password: PASSWORD });
    await connection.call('rpc.on', ['said']);
  },
  publish: ({ payload }) => ({ event: 'say', data: [payload] }),
  delivery: { event: 'said' },
  request: ({ payload }) => ({ event: 'echo', data: [payload] }),
});
