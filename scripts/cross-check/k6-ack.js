/**
 * The ack workload of the cross-check for k6: each of USERS clients sends a request every EVERY_MS for DURATION_MS,
 * over raw WebSocket, or over Engine.IO with Socket.IO's packets (PROTOCOL=socketio). Writes the file SUMMARY.
 */
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { clearInterval, setInterval, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';

const {
  URL: url,
  PROTOCOL: protocol,
  USERS: users,
  EVERY_MS: everyMs,
  DURATION_MS: durationMs,
  SUMMARY,
} = __ENV;
/** Answers that are still missing this long after the last request are lost. */
const DRAIN_MS = 2000;

export const options = {
  scenarios: {
    clients: {
      executor: 'per-vu-iterations',
      exec: 'sendRequests',
      vus: Number(users),
      iterations: 1,
      maxDuration: `${Number(durationMs) + 30_000}ms`,
    },
  },
  summaryTrendStats: ['count', 'med', 'p(99)', 'max'],
};

const roundTrip = new Trend('ack_round_trip', true);
const sent = new Counter('ack_sent');

/** A request with its number, and the number in an answer; null for any other message. */
const FORMATS = {
  ws: {
    request: (id) => JSON.stringify({ event: 'hello', data: 'payload', id }),
    answered: (text) => JSON.parse(text).ack ?? null,
  },
  // Engine.IO packet 4 (message) with Socket.IO packet 2 (event) or 3 (ack), then the number of the request.
  socketio: {
    request: (id) => `42${id}["hello","payload"]`,
    answered: (text) => (/^43(\d+)\[/.test(text) ? Number(/^43(\d+)/.exec(text)[1]) : null),
  },
};

export function sendRequests() {
  const { request, answered } = FORMATS[protocol];
  const socket = new WebSocket(url);
  const sentAtMs = new Map();
  const total = Math.ceil(Number(durationMs) / Number(everyMs));
  let next = 0;

  const start = () => {
    const timer = setInterval(() => {
      // Before the next request: the answer may come at once.
      sentAtMs.set(next, Date.now());
      socket.send(request(next));
      sent.add(1);
      next += 1;
      if (next === total) {
        clearInterval(timer);
        setTimeout(() => socket.close(), DRAIN_MS);
      }
    }, Number(everyMs));
  };

  socket.addEventListener('open', () => {
    if (protocol === 'ws') start();
  });
  socket.addEventListener('message', ({ data }) => {
    // Engine.IO: 0 opens, 40 connects to the namespace, 2 is a ping.
    if (protocol === 'socketio' && data.startsWith('0')) socket.send('40');
    else if (protocol === 'socketio' && data.startsWith('40')) start();
    else if (protocol === 'socketio' && data === '2') socket.send('3');
    else {
      const id = answered(data);
      if (id === null || !sentAtMs.has(id)) return;
      roundTrip.add(Date.now() - sentAtMs.get(id));
      sentAtMs.delete(id);
      if (next === total && sentAtMs.size === 0) socket.close();
    }
  });
  socket.addEventListener('error', ({ error }) => exec.test.abort(error));
}

export function handleSummary(data) {
  return { [SUMMARY]: JSON.stringify(data) };
}
