/** The script of k6: USERS connections over raw WebSocket or Socket.IO (PROTOCOL) that count what they receive. */
import { Counter } from 'k6/metrics';
import { setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';

const { URL: url, PROTOCOL: protocol, USERS: users, DURATION_MS: durationMs } = __ENV;

export const options = {
  scenarios: {
    clients: {
      executor: 'per-vu-iterations',
      exec: 'receive',
      vus: Number(users),
      iterations: 1,
      maxDuration: `${Number(durationMs) + 30_000}ms`,
    },
  },
};

const received = new Counter('received');

export function receive() {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    if (protocol === 'socketio' && data[0] === '0') socket.send('40');
    else if (protocol === 'socketio' && data === '2') socket.send('3');
    else received.add(1);
  };
  socket.onopen = () => setTimeout(() => socket.close(), Number(durationMs));
}
