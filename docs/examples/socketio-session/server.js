import { createServer } from 'node:http';
import express from 'express';
import session from 'express-session';
import { Server } from 'socket.io';

const app = express();
const http = createServer(app);
const io = new Server(http);
const sessions = session({ secret: 'example', resave: false, saveUninitialized: false });

app.use(sessions, express.urlencoded());
app.post('/login', (request, response) => {
  request.session.user = request.body.user;
  response.sendStatus(204);
});

io.engine.use(sessions);
io.use((socket, next) => next(socket.request.session.user ? undefined : new Error('log in first')));
io.on('connection', (socket) => {
  const { user } = socket.request.session;
  socket.on('say', (text, acknowledge) => {
    io.emit('said', { user, text });
    acknowledge({ ok: true });
  });
});

http.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
