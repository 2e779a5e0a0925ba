/**
 * Your server, as sockbench sees it. Change what is active, uncomment what you need, delete the rest.
 *
 *     npx sockbench run broadcast-latency --target ./sockbench.target.ts --clients 50 --rate 20/s
 *
 * Types: npm install --save-dev sockbench. Everything that a target can hold: docs/your-own-server.md of sockbench.
 */
import { defineTarget } from 'sockbench';

export default defineTarget({
  name: 'my server',
  // http: or https: for Socket.IO, ws: or wss: for raw WebSocket.
  url: 'http://127.0.0.1:3000',
  // Starts it for each run, waits until it listens, and stops it with its children. Leave it out for one that runs.
  // exec: 'npm start',

  // --- How clients connect -------------------------------------------------------------------------------------
  // transport: 'websocket', // or 'polling', or 'upgrade' from the second to the first
  // namespace: '/chat',
  // path: '/socket.io/',
  // What each client gets: a CSV file beside this one (first line names the columns), or a function of its number.
  // clients: './clients.csv',
  // clients: (number) => ({ token: `token-${number}`, name: `user-${number}` }),
  // auth: ({ values }) => ({ token: values['token'] }),
  // headers: ({ values }) => ({ authorization: `Bearer ${values['token']}` }),
  // query: ({ number }) => ({ device: `device-${number}` }),
  // tls: { rejectUnauthorized: false },

  // A raw WebSocket server with messages of its own form: how { event, data } becomes a message, and back.
  // codec: {
  //   encode: ({ event, data }) => JSON.stringify({ type: event, payload: data }),
  //   decode: (message) => {
  //     const { type, payload } = JSON.parse(String(message));
  //     return { event: type, data: payload };
  //   },
  // },

  // --- What they say -------------------------------------------------------------------------------------------
  // Publishing: `payload` is a text (or bytes) of --payload size that must come back to every receiver, at whatever
  // place and inside whatever else. Return { url, method, headers, body } to publish by an HTTP request instead.
  publish: ({ payload, room }) => ({ event: 'message', data: { room, text: payload } }),
  // The event by which a published message reaches its receivers.
  delivery: { event: 'message' },

  // Joining rooms, for room-fanout: acknowledged unless you say otherwise.
  // join: ({ rooms }) => rooms.map((room) => ({ event: 'join', data: room })),
  // join: ({ rooms }) => ({ event: 'join', data: rooms, reply: { event: 'joined' } }),
  // join: ({ rooms }) => ({ event: 'join', data: rooms, reply: 'none' }),

  // A request and its reply, for ack-roundtrip: acknowledged with the payload somewhere in it.
  // request: ({ payload }) => ({ event: 'echo', data: payload }),
  // request: ({ payload }) => ({ event: 'echo', data: payload, reply: { event: 'echoed' } }),

  // What the server pushes on its own, for the scenario observe: the key says what is the same push to everyone.
  // observe: { event: 'tick', key: (data) => (data as { id: number }).id },
});
