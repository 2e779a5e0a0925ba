import { createServer } from 'node:http';
import sockjs from 'sockjs';

const { PORT = '3000' } = process.env;

const connections = new Set();
const chat = sockjs.createServer({ log: () => {} });

chat.on('connection', (connection) => {
  connections.add(connection);
  connection.on('close', () => connections.delete(connection));
  connection.on('data', (message) => {
    const { type, text } = JSON.parse(message);
    if (type !== 'say') return;
    for (const each of connections) each.write(JSON.stringify({ type: 'said', text }));
  });
});

const server = createServer();
chat.installHandlers(server, { prefix: '/chat' });
server.listen(Number(PORT), '127.0.0.1');
