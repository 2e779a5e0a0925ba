import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

const broker = await Aedes.createBroker();
broker.authenticate = (_client, _username, password, done) => done(null, String(password) === PASSWORD);

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(PORT),
  handleProtocols: (protocols) => protocols.has('mqtt') && 'mqtt',
});
server.on('connection', (socket, request) => {
  const stream = createWebSocketStream(socket);
  stream.on('error', () => {});
  broker.handle(stream, request);
});
