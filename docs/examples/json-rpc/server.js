import { Server } from 'rpc-websockets';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

const server = new Server({ host: '127.0.0.1', port: Number(PORT) });

server.setAuth(({ password }) => password === PASSWORD);
server.event('said');
server.register('say', ([text]) => {
  server.emit('said', text);
  return true;
});
server.register('echo', ([text]) => text).protected();
