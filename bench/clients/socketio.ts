/** Child entry: connections of the package `socket.io-client` that count what they receive, see listener.ts. */
import { io } from 'socket.io-client';
import { EVENT } from '../../src/contract/protocol.ts';
import { PAYLOAD } from '../protocols.ts';
import { runBareClient } from './listener.ts';

await runBareClient(
  (port, onMessage) =>
    new Promise((resolve, reject) => {
      const options = { transports: ['websocket'], forceNew: true, reconnection: false };
      const socket = io(`http://127.0.0.1:${port}`, options);
      socket.once('connect', () => resolve({ request: () => socket.emit(EVENT.hello, PAYLOAD, onMessage) }));
      socket.once('connect_error', reject);
      socket.on(EVENT.receiveMessage, onMessage);
    }),
);
