import type { Protocol } from '../../contract/target.ts';
import { type ConnectOptions, subprotocolsOf } from '../../drivers/driver.ts';
import { officialSocketio } from '../../drivers/official-socketio.ts';
import { REFUSED_BY_SERVER } from '../../drivers/reason.ts';
import { wireSocketio } from '../../drivers/wire-socketio.ts';
import { foreign } from '../../foreign.ts';
import { plural } from '../../text.ts';
import { diagnoseAnswer, diagnoseEngineIo, diagnoseOtherProtocol } from './answers.ts';
import { explainClose } from './close-codes.ts';
import { diagnoseConnection } from './connection.ts';
import {
  type Diagnosis,
  engineIoUrl,
  GIVE_CREDENTIALS,
  type LookAt,
  lookAs,
  type Refused,
  requestUrl,
  WEBSOCKET_HANDSHAKE,
} from './look.ts';

const SPOKEN: Readonly<Record<Protocol, string>> = {
  socketio: 'Socket.IO',
  ws: 'WebSocket',
  http: 'the requests of docs/servers.md',
};

/** Limits of the time for looking. */
const MAX_LOOK_MS = 2000;
const MIN_LOOK_MS = 500;
/** Of what the server answered; our own sentences are shorter. */
const FOUND_CHARACTERS = 500;

/**
 * Explains why a server accepted none of the clients: one sentence with the URL and the cause, and one that says what to
 * do. Sends a Socket.IO handshake and a WebSocket handshake as plain requests. Never rejects because of the server.
 */
export async function explainRefusal(
  refused: Refused,
): Promise<{ readonly message: string; readonly hint: string }> {
  const { protocol, clients, connect, reason } = refused;
  const { found, hint } = diagnoseRejection(refused) ??
    diagnoseHandshake(refused) ??
    (await diagnoseParser(refused)) ??
    diagnoseClose(refused) ??
    (await diagnoseByLooking(refused)) ?? {
      found: reason,
      hint: `Check that the server runs there and speaks ${SPOKEN[protocol]}.`,
    };
  const what = `none of ${plural(clients, 'client')} could connect to ${connect.url} over ${connect.transport}`;
  return { message: `${what}: ${foreign(found, FOUND_CHARACTERS)}`, hint: foreign(hint, FOUND_CHARACTERS) };
}

/** The Socket.IO server's own reason for rejecting the clients. */
function diagnoseRejection({ reason, connect }: Refused): Diagnosis | null {
  if (!reason.startsWith(REFUSED_BY_SERVER)) return null;
  const word = reason.slice(REFUSED_BY_SERVER.length);
  const [isUnknown, among] = /^Invalid namespace(?: \((.+)\))?$/.exec(word) ?? [];
  if (isUnknown === undefined) {
    return { found: `the server rejects them with "${word}"`, hint: GIVE_CREDENTIALS };
  }
  return {
    found: `the server has no namespace ${among ?? connect.namespace ?? new URL(connect.url).pathname}`,
    hint:
      among === undefined
        ? 'Give an existing one with --namespace NAME. For the main namespace, omit it and the path of the URL.'
        : 'Correct namespaces of the target file: each of them must exist.',
  };
}

/** The client refuses the server's answer to the WebSocket handshake, in the words of the `ws` package. */
function diagnoseHandshake({ reason, connect }: Refused): Diagnosis | null {
  const [problem] =
    /(Invalid (Upgrade|Connection|Sec-WebSocket-\w+) header|Server (sent|indicated) \w.*?)(?=\)?$)/.exec(
      reason,
    ) ?? [];
  if (problem === undefined) return null;
  if (problem.includes('subprotocol')) return diagnoseSubprotocol(problem, connect);
  return {
    found: `it answers the WebSocket handshake wrongly (${problem})`,
    hint: 'Check the WebSocket implementation of the server, and the proxy in front of it.',
  };
}

/** RFC 6455 and browsers end a connection whose subprotocol is not one that was offered. */
function diagnoseSubprotocol(problem: string, connect: ConnectOptions): Diagnosis {
  const offered = subprotocolsOf(connect);
  if (offered.length === 0) {
    return {
      found: 'it chose a subprotocol although none was offered',
      hint: 'Set protocols in the target file to the subprotocols that the server supports.',
    };
  }
  const isNone = problem === 'Server sent no subprotocol';
  return {
    found: `it chose ${isNone ? 'none' : 'a subprotocol that is none'} of the offered subprotocols (${offered.join(', ')})`,
    hint: 'Set protocols in the target file to a subprotocol that the server supports, or remove it.',
  };
}

/** How clients end whose packets the server cannot read, or who cannot read those of the server. */
const UNREADABLE =
  /transport (?:close|error)|parse error|parser error|unreadable packet|no answer from the namespace/;

/** The clients use another parser than the server: with the other one, a client connects. */
async function diagnoseParser({ protocol, connect, reason }: Refused): Promise<Diagnosis | null> {
  if (protocol !== 'socketio' || !UNREADABLE.test(reason)) return null;
  const own = connect.parser ?? 'default';
  const other = own === 'msgpack' ? 'default' : 'msgpack';
  const driver = connect.transport === 'websocket' ? wireSocketio : officialSocketio;
  try {
    const connection = await driver.connect({ ...connect, parser: other, timeoutMs: MAX_LOOK_MS });
    await connection.close();
  } catch {
    return null;
  }
  return {
    found: `the server uses the ${other} parser of Socket.IO, the clients ${own === 'default' ? 'the default one' : typeof own === 'string' ? `the parser ${own}` : 'a parser of the target file'}`,
    hint: other === 'msgpack' ? 'Use --parser msgpack.' : 'Use --parser default.',
  };
}

/** The server accepts each connection and closes it with a code. */
function diagnoseClose({ reason }: Refused): Diagnosis | null {
  const meaning = /closed with \d/.test(reason) ? explainClose(reason) : null;
  return meaning === null
    ? null
    : { found: reason, hint: `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.` };
}

async function diagnoseByLooking(refused: Refused): Promise<Diagnosis | null> {
  const { connect, leftMs } = refused;
  const end = new AbortController();
  const limitMs = Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, leftMs), connect.timeoutMs);
  const timer = setTimeout(() => end.abort(), limitMs);
  try {
    return await diagnoseSights(refused, lookAs(connect, end.signal));
  } finally {
    clearTimeout(timer);
    end.abort();
  }
}

async function diagnoseSights(refused: Refused, look: LookAt): Promise<Diagnosis | null> {
  const { protocol, connect } = refused;
  const url = requestUrl(connect);
  // In parallel, because a server that is silent to one may answer another.
  const looks = {
    engineIo: look(engineIoUrl(connect)),
    webSocket: look(url, { headers: WEBSOCKET_HANDSHAKE }),
    plain: protocol === 'http' ? look(url) : null,
  };
  const engineIo = await looks.engineIo;
  const byEngineIo = diagnoseEngineIo(engineIo, refused);
  if (byEngineIo !== null) return byEngineIo;
  const webSocket = await looks.webSocket;
  const own = (await looks.plain) ?? (protocol === 'ws' ? webSocket : engineIo);
  return (
    diagnoseOtherProtocol(engineIo, webSocket, refused) ??
    (await diagnoseConnection(own, refused, look)) ??
    diagnoseAnswer(own, refused)
  );
}
