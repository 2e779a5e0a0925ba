/** Child entry: connections of the package `ws` that count what they receive, see listener.ts. */
import { WebSocket } from 'ws';
import { requestFrame } from '../protocols.ts';
import { runBareClient } from './listener.ts';

const ASKED = requestFrame('ws');

await runBareClient(
  (port, onMessage) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      socket.once('open', () => resolve({ request: () => socket.send(ASKED) }));
      socket.once('error', reject);
      socket.on('message', onMessage);
    }),
);
