import { defineTarget } from 'sockbench';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

export default defineTarget({
  name: 'SocketCluster',
  url: `ws://127.0.0.1:${PORT}/socketcluster/`,
  exec: 'node server.js',
  codec: {
    // An empty message is a ping, and a pong.
    encode: ({ event, data, id }) => (event === 'pong' ? '' : JSON.stringify({ event, data, cid: id })),
    decode: (message) => {
      if (message.length === 0) return { event: 'ping' };
      const { event, data, rid, error } = JSON.parse(message.toString());
      return rid === undefined ? { event, data } : { ack: rid, data: error ? { error } : data };
    },
  },
  answer: { ping: () => ({ event: 'pong' }) },
  opened: async (connection, { number }) => {
    await connection.call('#handshake', { authToken: null });
    const reply = await connection.call('login', { user: `user-${number}`, password: PASSWORD });
    if (reply !== undefined) throw new Error(`login failed: ${JSON.stringify(reply)}`);
  },
  join: ({ rooms }) => rooms.map((channel) => ({ event: '#subscribe', data: { channel } })),
  publish: ({ payload, room }) => ({
    event: '#publish',
    data: { channel: room, data: payload },
    reply: 'acknowledgement',
  }),
  delivery: { event: '#publish' },
});
