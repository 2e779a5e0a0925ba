import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

export default defineTarget({
  name: 'phoenix',
  protocol: 'phoenix',
  url: `ws://127.0.0.1:${PORT}/socket/websocket`,
  exec: 'node server.js',
  join: ({ rooms }) => rooms.map((room) => ({ event: 'phx_join', data: { topic: `room:${room}` } })),
  publish: ({ payload, room }) => ({
    event: 'new_msg',
    data: { topic: `room:${room}`, payload: { body: payload } },
    // The reply of the channel: the series `ack`.
    reply: 'acknowledgement',
  }),
  delivery: { event: 'new_msg' },
});
