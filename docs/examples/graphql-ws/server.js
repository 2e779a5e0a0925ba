import { EventEmitter, on } from 'node:events';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const { PORT = '3000', TOKEN = 'only for this example' } = process.env;

const schema = buildSchema(`
  type Message { room: String!, text: String! }
  type Query { echo(text: String!): String! }
  type Mutation { say(room: String!, text: String!): Boolean! }
  type Subscription { messages(room: String!): Message! }
`);

const rooms = new EventEmitter().setMaxListeners(0);

/** Subscribes at once: an async generator would do so only when its first value is asked for. */
function subscribe(room) {
  const waiting = on(rooms, room);
  return {
    async next() {
      const { value, done } = await waiting.next();
      return done ? { value: undefined, done } : { value: { messages: value[0] }, done: false };
    },
    return: () => waiting.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const roots = {
  query: { echo: ({ text }) => text },
  mutation: { say: ({ room, text }) => rooms.emit(room, { room, text }) },
  subscription: { messages: ({ room }) => subscribe(room) },
};

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(PORT), path: '/graphql' });
useServer({ schema, roots, onConnect: ({ connectionParams }) => connectionParams?.token === TOKEN }, server);
