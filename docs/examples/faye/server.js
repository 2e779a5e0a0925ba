import { createServer } from 'node:http';
import faye from 'faye';

const { PORT = '3000', PASSWORD = 'only for this example' } = process.env;

const bayeux = new faye.NodeAdapter({ mount: '/faye', timeout: 25 });

bayeux.addExtension({
  incoming(message, callback) {
    if (message.channel === '/meta/subscribe' && message.ext?.password !== PASSWORD)
      message.error = '403::wrong password';
    callback(message);
  },
});

const http = createServer();
bayeux.attach(http);
http.listen(Number(PORT), '127.0.0.1');
