import { EVENT, encodeEnvelope } from '../src/contract/protocol.ts';

/** The protocols whose reference servers are measured; each is the name of one. */
export const BENCH_PROTOCOLS = ['ws', 'socketio'] as const;
export type BenchProtocol = (typeof BENCH_PROTOCOLS)[number];

const SENT_BYTES = 64;
export const PAYLOAD = 'x'.repeat(SENT_BYTES);

/** Where clients open a WebSocket. */
export const PATHS: Readonly<Record<BenchProtocol, string>> = {
  ws: '/',
  socketio: '/socket.io/?EIO=4&transport=websocket',
};

/** The text of a message that the server sends to everyone else, as its protocol writes it. */
export function publishFrame(protocol: BenchProtocol): string {
  const data = { message: PAYLOAD, scope: 'everyone-but-me' };
  return protocol === 'ws'
    ? String(encodeEnvelope({ event: EVENT.sendMessage, data }))
    : `42${JSON.stringify([EVENT.sendMessage, data])}`;
}

/** The text of a request that the server acknowledges. */
export function requestFrame(protocol: BenchProtocol): string {
  return protocol === 'ws'
    ? String(encodeEnvelope({ event: EVENT.hello, data: PAYLOAD, id: 1 }))
    : `421${JSON.stringify([EVENT.hello, PAYLOAD])}`;
}
