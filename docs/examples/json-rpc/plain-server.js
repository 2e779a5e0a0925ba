/** JSON-RPC 2.0 without a library: `say` is a notification, which the server sends to all as `said`. */
import { WebSocketServer } from 'ws';

const { PORT = '3000' } = process.env;

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(PORT) });

const methods = {
  say({ text }) {
    const said = JSON.stringify({ jsonrpc: '2.0', method: 'said', params: { text } });
    for (const socket of server.clients) socket.send(said);
  },
  echo: ({ text }) => ({ text }),
};

server.on('connection', (socket) => {
  socket.on('message', (message) => {
    const { id, method, params } = JSON.parse(message);
    const known = methods[method];
    const outcome =
      known === undefined
        ? { error: { code: -32601, message: 'Method not found' } }
        : { result: known(params) ?? null };
    if (id !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
  });
});
