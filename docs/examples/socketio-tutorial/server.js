import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const { PORT = '3000' } = process.env;
const KEPT_MESSAGES = 50;

const page = await readFile(new URL('index.html', import.meta.url));
const server = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(page);
});

const io = new Server(server);
/** The last messages, oldest first: `{ id, text }`. */
const messages = [];
let lastId = 0;

io.on('connection', (socket) => {
  socket.on('join', (name, acknowledge) => {
    socket.data.name = name;
    acknowledge({ online: io.engine.clientsCount });
  });

  socket.on('history', (afterId, acknowledge) => {
    acknowledge(messages.filter(({ id }) => id > afterId));
  });

  socket.on('chat message', (text, acknowledge) => {
    lastId += 1;
    messages.push({ id: lastId, text });
    if (messages.length > KEPT_MESSAGES) messages.shift();
    io.emit('chat message', text, lastId);
    acknowledge(lastId);
  });
});

server.listen(Number(PORT), '127.0.0.1', () => console.log(`open http://127.0.0.1:${PORT}`));
