import { defineTarget } from 'sockbench';

const { PORT = '3000' } = process.env;

const identifierOf = (room: string | null) => ({ channel: 'ChatChannel', room });

export default defineTarget({
  name: 'action cable',
  protocol: 'action-cable',
  url: `ws://127.0.0.1:${PORT}/cable`,
  exec: 'node server.js',
  join: ({ rooms }) =>
    rooms.map((room) => ({
      event: 'subscribe',
      data: identifierOf(room),
      reply: { event: 'confirm_subscription' },
    })),
  publish: ({ payload, room }) => ({
    event: 'message',
    data: { identifier: identifierOf(room), data: { action: 'speak', text: payload } },
  }),
});
