/**
 * Your server: its URL and its events. Edit the active lines, uncomment what you need, delete the rest.
 *
 *     npx --no-install sockbench run broadcast-latency --target ./sockbench.target.mts --clients 50 --rate 20/s
 *
 * Types appear in the editor if sockbench is installed in the project. Reference: docs/target.md of sockbench.
 */
import { defineTarget } from 'sockbench';

export default defineTarget({
  name: 'my server',
  // http: or https: for Socket.IO, ws: or wss: for raw WebSocket.
  url: 'http://127.0.0.1:3000',
  // The command that starts the server for each run; it is stopped with its children. Omit it for a running server.
  // exec: 'npm start',

  // --- How clients connect -------------------------------------------------------------------------------------
  // transport: 'websocket', // or 'polling', or 'upgrade' from polling to websocket
  // namespace: '/chat',
  // path: '/socket.io/',
  // Values of each client: a CSV file beside this one whose first line names the columns, or a function.
  // clients: './clients.csv',
  // clients: (number) => ({ token: `token-${number}`, name: `user-${number}` }),
  // auth: ({ values }) => ({ token: values['token'] }),
  // headers: ({ values }) => ({ authorization: `Bearer ${values['token']}` }),
  // query: ({ number }) => ({ device: `device-${number}` }),
  // tls: { rejectUnauthorized: false },

  // For a raw WebSocket server with its own message format: encodes { event, data } as a message, and decodes it.
  // codec: {
  //   encode: ({ event, data }) => JSON.stringify({ type: event, payload: data }),
  //   decode: (message) => {
  //     const { type, payload } = JSON.parse(String(message));
  //     return { event: type, data: payload };
  //   },
  // },

  // --- Events -------------------------------------------------------------------------------------------------
  // Publishing: `payload` is text (or bytes) of --payload size that must reach every receiver, anywhere in the data.
  // Return { url, method, headers, body } to publish with an HTTP request.
  publish: ({ payload, room }) => ({ event: 'message', data: { room, text: payload } }),
  // The event with which a published message arrives.
  delivery: { event: 'message' },

  // Joining rooms, for room-fanout; acknowledged by default.
  // join: ({ rooms }) => rooms.map((room) => ({ event: 'join', data: room })),
  // join: ({ rooms }) => ({ event: 'join', data: rooms, reply: { event: 'joined' } }),
  // join: ({ rooms }) => ({ event: 'join', data: rooms, reply: 'none' }),

  // A request, for ack-roundtrip; the acknowledgement must contain the payload.
  // request: ({ payload }) => ({ event: 'echo', data: payload }),
  // request: ({ payload }) => ({ event: 'echo', data: payload, reply: { event: 'echoed' } }),

  // What the server pushes on its own, for observe: events with the same key are one push to all clients.
  // observe: { event: 'tick', key: (data) => (data as { id: number }).id },
});
