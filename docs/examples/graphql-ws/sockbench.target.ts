import { defineTarget } from 'sockbench';

const { PORT = '3000', TOKEN = 'only for this example' } = process.env;

export default defineTarget({
  name: 'graphql-ws',
  protocol: 'graphql-ws',
  url: `ws://127.0.0.1:${PORT}/graphql`,
  exec: 'node server.js',
  // The payload of connection_init.
  auth: { token: TOKEN },
  // An operation with an `id` is a subscription.
  join: ({ rooms }) =>
    rooms.map((room) => ({
      event: 'subscribe',
      data: {
        id: room,
        query: 'subscription ($room: String!) { messages(room: $room) { text } }',
        variables: { room },
      },
    })),
  publish: ({ payload, room }) => ({
    event: 'subscribe',
    data: {
      query: 'mutation ($room: String!, $text: String!) { say(room: $room, text: $text) }',
      variables: { room, text: payload },
    },
  }),
  request: ({ payload }) => ({
    event: 'subscribe',
    data: { query: 'query ($text: String!) { echo(text: $text) }', variables: { text: payload } },
  }),
});
