import { createServer } from 'node:http';
import socketcluster from 'socketcluster-server';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

const http = createServer();
const server = socketcluster.attach(http, { protocolVersion: 2 });

// Only who has logged in may use channels.
server.setMiddleware(server.MIDDLEWARE_INBOUND, async (actions) => {
  for await (const action of actions) {
    const { type, socket } = action;
    const isOpen = [action.PUBLISH_IN, action.SUBSCRIBE].every((each) => each !== type);
    if (isOpen || socket.authState === 'authenticated') action.allow();
    else action.block(new Error('log in first'));
  }
});

http.listen(Number(PORT), '127.0.0.1');

for await (const { socket } of server.listener('connection')) {
  void (async () => {
    for await (const request of socket.procedure('login')) {
      const { user, password } = request.data;
      if (password === PASSWORD) {
        await socket.setAuthToken({ user });
        request.end();
      } else request.error(new Error('wrong password'));
    }
  })();
}
