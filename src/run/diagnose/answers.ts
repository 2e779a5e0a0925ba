import { STATUS_CODES } from 'node:http';
import type { ConnectOptions } from '../../drivers/driver.ts';
import { NO_ANSWER_OF_NAMESPACE, NOT_ENGINE_IO } from '../../drivers/reason.ts';
import { foreign } from '../../foreign.ts';
import { list } from '../../text.ts';
import {
  type Answer,
  addressFor,
  type Diagnosis,
  engineIoUrl,
  GIVE_CREDENTIALS,
  type Refused,
  requestUrl,
  type Sight,
} from './look.ts';

/** The server speaks another protocol than Socket.IO or WebSocket, whichever the clients used. */
export function diagnoseOtherProtocol(
  engineIo: Sight,
  webSocket: Sight,
  { protocol, connect, reason }: Refused,
): Diagnosis | null {
  if (protocol === 'socketio' && reason === NOT_ENGINE_IO && webSocket.kind === 'upgraded') {
    return noSocketio(connect);
  }
  if (protocol === 'socketio' && webSocket.kind === 'upgraded') {
    const status = engineIo.kind === 'answer' ? ` (${statusOf(engineIo)})` : '';
    return {
      found: `it accepts raw WebSocket connections, but has no Socket.IO at ${engineIoUrl(connect).pathname}${status}`,
      hint: `Use ${addressFor('ws', connect)}, or give the path of Socket.IO as path in a target file.`,
    };
  }
  if (protocol === 'ws' && webSocket.kind === 'silent' && engineIo.kind === 'answer') {
    const butNot = webSocket.hasBegun
      ? 'does not complete the WebSocket handshake in time'
      : 'never the WebSocket handshake';
    return {
      found: `it answers plain requests (${statusOf(engineIo)}), but ${butNot}`,
      hint: 'Check the path of the URL: this server accepts WebSocket connections at another path, or not at all.',
    };
  }
  return null;
}

/** The server answers the handshake of Socket.IO, and not in its protocol. */
function noSocketio(connect: ConnectOptions): Diagnosis {
  return {
    found: `it does not speak Socket.IO: ${NOT_ENGINE_IO}`,
    hint: `Check the port, and the path of Socket.IO. If the server speaks raw WebSocket, use ${addressFor('ws', connect)}.`,
  };
}

/** The server answers the first request of this protocol with an HTTP response that no server of the protocol sends. */
export function diagnoseAnswer(sight: Sight, refused: Refused): Diagnosis | null {
  if (sight.kind !== 'answer') return null;
  const { status, location } = sight;
  if (location !== '') {
    return {
      found: `it redirects to ${foreign(targetOf(location, refused))} (${statusOf(sight)})`,
      hint: 'If that is the server under test, give it as --target.',
    };
  }
  if (status === 401 || status === 403) {
    const what = status === 401 ? 'requires authentication' : 'forbids the connection';
    return {
      found: `it ${what} (${statusOf(sight)})${quotedBody(sight)}`,
      hint: credentialsHint(refused.connect),
    };
  }
  if (status === 429) {
    const hint =
      'Use a lower --connect-rate or fewer --clients, or raise the limit of the server or of the proxy in front of it.';
    return { found: `it limits the rate of connections (${statusOf(sight)})`, hint };
  }
  if (status >= 500) {
    const hint = 'Read the log of the server, or of the proxy in front of it.';
    return { found: `it answers with an error (${statusOf(sight)})`, hint };
  }
  // Only the URL of plain requests is known.
  return refused.protocol === 'http' ? null : diagnoseOtherPage(sight, refused);
}

/** A web server without the requested protocol at this path. */
function diagnoseOtherPage(answer: Answer, { protocol, connect }: Refused): Diagnosis {
  const isSocketio = protocol === 'socketio';
  const { pathname } = isSocketio ? engineIoUrl(connect) : requestUrl(connect);
  const hint = isSocketio
    ? 'Check the port. If Socket.IO has another path there, give it as path in a target file.'
    : 'Check the port and the path of the URL.';
  if (answer.status === 404) {
    return { found: `a web server answers, but has nothing at ${pathname} (${statusOf(answer)})`, hint };
  }
  if (answer.status >= 400) {
    const what = isSocketio ? 'Socket.IO' : 'WebSocket';
    return { found: `it rejects the ${what} handshake at ${pathname} (${statusOf(answer)})`, hint };
  }
  const content = `${answer.contentType || 'content of unknown type'} (${statusOf(answer)})`;
  const what = isSocketio ? 'Socket.IO' : 'a WebSocket';
  return { found: `a web server answers at ${pathname} with ${content} instead of ${what}`, hint };
}

/** Of the text that the server sent. */
const BODY_CHARACTERS = 120;

/** `: "invalid token"`: what the server says in text or JSON; empty for a page and for nothing. */
function quotedBody({ body, contentType }: Answer): string {
  const said = foreign(body, BODY_CHARACTERS).trim();
  return said === '' || contentType.includes('html') || said.startsWith('<')
    ? ''
    : `: ${JSON.stringify(said)}`;
}

/** Credentials that were given are wrong; those that were not are missing. */
function credentialsHint({ auth, headers, query }: ConnectOptions): string {
  const given = Object.entries({ auth, headers, query }).flatMap(([name, fields]) =>
    Object.keys(fields ?? {}).length > 0 ? [name] : [],
  );
  if (given.length === 0) return GIVE_CREDENTIALS;
  return `The target gives ${list(given)}: check the values, such as a token that has expired or is for another server.`;
}

/** `404 Not Found` */
function statusOf({ status }: Answer): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

/** The target of a redirect as --target accepts it; only the path when the host is the same. */
function targetOf(location: string, { protocol, connect }: Refused): string {
  const from = protocol === 'socketio' ? engineIoUrl(connect) : requestUrl(connect);
  const to = URL.parse(location, from.href);
  if (to === null) return location;
  if (to.origin === from.origin) return to.pathname;
  return addressFor(protocol, { ...connect, url: to.href });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/**
 * Engine.IO answered, but no client could connect; null when something else answered. Version 4 begins an open packet with
 * its type, `0{"sid":...}`; version 3 with its length before that, `97:0{"sid":...}`. It may differ from the version requested.
 */
export function diagnoseEngineIo(sight: Sight, refused: Refused): Diagnosis | null {
  if (sight.kind !== 'answer') return null;
  const [, length, open] = /^(\d+:)?0(\{"sid".*?\})/.exec(sight.body) ?? [];
  const { code, message, upgrades } = parsed(open ?? sight.body);
  if (open === undefined && (code === undefined || message === undefined)) return null;
  if (length !== undefined) {
    return {
      found: 'the server speaks Socket.IO 2 (Engine.IO 3), the clients Socket.IO 3 and 4 (Engine.IO 4)',
      hint: 'Upgrade the server to socket.io 3 or later. sockbench has no client for version 2.',
    };
  }
  const { protocol, connect, reason } = refused;
  if (protocol === 'socketio' && reason === NOT_ENGINE_IO && open !== undefined) return noSocketio(connect);
  if (protocol !== 'socketio') {
    return { found: 'this is a Socket.IO server', hint: `Use ${addressFor('socketio', connect)}.` };
  }
  return open === undefined
    ? diagnoseError(code, foreign(message), connect, reason)
    : diagnoseOpen(Array.isArray(upgrades) ? upgrades : [], connect, reason);
}

/** The handshake of the look succeeded, those of the clients did not. */
function diagnoseOpen(
  upgrades: readonly unknown[],
  { transport }: ConnectOptions,
  reason: string,
): Diagnosis {
  if (reason.startsWith(NO_ANSWER_OF_NAMESPACE)) {
    return {
      found: `it speaks Socket.IO, but there is ${reason}`,
      hint: 'Check for a middleware of the server (io.use) that does not call next.',
    };
  }
  if (transport !== 'websocket') {
    return {
      found: `it answers the Socket.IO handshake, but not the next requests: ${reason}`,
      hint: 'Several processes behind one address need sticky sessions for polling. --transport websocket needs none.',
    };
  }
  if (!upgrades.includes('websocket')) {
    return {
      found: `it supports Socket.IO over polling only: ${reason}`,
      hint: "Use --transport polling, or add websocket to the server's transports.",
    };
  }
  return {
    found: `it speaks Socket.IO, but does not accept the WebSocket: ${reason}`,
    hint: 'A proxy in front of it may not forward WebSocket connections. --transport polling needs none.',
  };
}

/** By the codes of Engine.IO's server: socket.io/docs/v4/server-api, event connection_error. */
function diagnoseError(
  code: unknown,
  message: string,
  { transport }: ConnectOptions,
  reason: string,
): Diagnosis {
  if (code === 0 && transport !== 'websocket') {
    return {
      found: `it speaks Socket.IO, but not over polling ("${message}")`,
      hint: "Use --transport websocket, or add polling to the server's transports.",
    };
  }
  if (code === 0) {
    return {
      found: `it supports Socket.IO over WebSocket only, and does not accept this connection: ${reason}`,
      hint: GIVE_CREDENTIALS,
    };
  }
  if (code === 4) {
    return { found: `it speaks Socket.IO and forbids the connection ("${message}")`, hint: GIVE_CREDENTIALS };
  }
  return {
    found: `it speaks Socket.IO and rejects the handshake ("${message}")`,
    hint: 'Read the log of the server, and check its version of Socket.IO.',
  };
}
