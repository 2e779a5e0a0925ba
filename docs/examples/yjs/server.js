import { WebSocketServer } from 'ws';
import { setupWSConnection } from 'y-websocket/bin/utils';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) });

// The path is the name of the document.
server.on('connection', setupWSConnection);
