import { REFUSED_BY_SERVER } from '../../drivers/reason.ts';
import { plural } from '../../text.ts';
import { diagnoseAnswer, diagnoseHalfSilence, diagnoseRawWebSocket } from './answer.ts';
import { diagnoseConnection } from './connection.ts';
import { type Diagnosis, engineIoUrl, GIVE_CREDENTIALS, type Refused, requestUrl } from './diagnosis.ts';
import { diagnoseEngineIo } from './engine-io.ts';
import { type LookOptions, lookAt, WEBSOCKET_HANDSHAKE } from './look.ts';

export type { Refused } from './diagnosis.ts';

/** Looking takes so long at most; when no time is left, it still has the least. */
const MOST_MS = 2000;
const LEAST_MS = 500;

/** One sentence with the URL and what was found there, and one that says what to do. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/**
 * Why a server took none of the clients. Looks what is there with a handshake of Socket.IO and one of WebSocket,
 * over plain requests. Never rejects because of the server.
 */
export async function explainRefusal(refused: Refused): Promise<Refusal> {
  const { clients, connect } = refused;
  const { found, hint } =
    diagnoseServersWord(refused) ?? (await diagnoseByLooking(refused)) ?? asItIs(refused);
  const what = `none of ${plural(clients, 'client')} could connect to ${connect.url} by ${connect.transport}`;
  return { message: `${what}: ${found}`, hint };
}

/** What Socket.IO's server itself said to the clients that it did not let in. */
function diagnoseServersWord({ reason, connect }: Refused): Diagnosis | null {
  if (!reason.startsWith(REFUSED_BY_SERVER)) return null;
  const word = reason.slice(REFUSED_BY_SERVER.length);
  if (word !== 'Invalid namespace') {
    return { found: `the server refuses them with "${word}"`, hint: GIVE_CREDENTIALS };
  }
  return {
    found: `the server has no namespace ${connect.namespace ?? new URL(connect.url).pathname}`,
    hint: 'Give one that it has with --namespace NAME; for the main one leave it out, and the path of the URL too.',
  };
}

async function diagnoseByLooking(refused: Refused): Promise<Diagnosis | null> {
  const { connect, leftMs } = refused;
  const end = new AbortController();
  const limitMs = Math.min(MOST_MS, Math.max(LEAST_MS, leftMs), connect.timeoutMs);
  const timer = setTimeout(() => end.abort(), limitMs);
  try {
    const { headers = {}, tls = {} } = connect;
    return await diagnoseSights(refused, { headers, tls, signal: end.signal });
  } finally {
    clearTimeout(timer);
    end.abort();
  }
}

async function diagnoseSights(refused: Refused, options: LookOptions): Promise<Diagnosis | null> {
  const { protocol, connect } = refused;
  const url = requestUrl(connect);
  const handshake = { ...options, headers: { ...options.headers, ...WEBSOCKET_HANDSHAKE } };
  // At once, because a server that is silent to one may answer another.
  const looks = {
    engineIo: lookAt(engineIoUrl(connect), options),
    webSocket: lookAt(url, handshake),
    plain: protocol === 'http' ? lookAt(url, options) : null,
  };
  const engineIo = await looks.engineIo;
  const byEngineIo = diagnoseEngineIo(engineIo, refused);
  if (byEngineIo !== null) return byEngineIo;
  const webSocket = await looks.webSocket;
  const own = (await looks.plain) ?? (protocol === 'ws' ? webSocket : engineIo);
  return (
    diagnoseRawWebSocket(engineIo, webSocket, refused) ??
    diagnoseHalfSilence(engineIo, webSocket, refused) ??
    (await diagnoseConnection(own, options, refused)) ??
    diagnoseAnswer(own, refused)
  );
}

/** Nothing that is known fits. */
function asItIs({ protocol, reason }: Refused): Diagnosis {
  const spoken = {
    socketio: 'Socket.IO',
    ws: 'WebSocket',
    http: 'the requests of docs/servers.md',
  };
  return { found: reason, hint: `Check that the server runs there and speaks ${spoken[protocol]}.` };
}
