import type { ConnectOptions } from '../../drivers/driver.ts';
import { NO_ANSWER_OF_NAMESPACE } from '../../drivers/reason.ts';
import { addressFor, type Diagnosis, GIVE_CREDENTIALS, type Refused } from './diagnosis.ts';
import type { Sight } from './look.ts';

/** What Engine.IO's server says to a handshake by polling. */
type EngineIo =
  | { readonly kind: 'open'; readonly version: 3 | 4; readonly upgrades: readonly unknown[] }
  | { readonly kind: 'error'; readonly code: unknown; readonly message: unknown };

/**
 * Reads an open packet or an error of Engine.IO; null for anything else. Version 4 begins the packet with its
 * type, `0{"sid":...}`; version 3 with its length before that, `97:0{"sid":...}`, whatever version was asked for.
 */
function readEngineIo(sight: Sight): EngineIo | null {
  if (sight.kind !== 'answer') return null;
  const [, length, open] = /^(\d+:)?0(\{"sid".*?\})/.exec(sight.body) ?? [];
  if (open !== undefined) {
    const { upgrades } = parsed(open);
    return {
      kind: 'open',
      version: length === undefined ? 4 : 3,
      upgrades: Array.isArray(upgrades) ? upgrades : [],
    };
  }
  const { code, message } = parsed(sight.body);
  return code === undefined || message === undefined ? null : { kind: 'error', code, message };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What to say when Engine.IO answered and still no client came in; null when something else answered. */
export function diagnoseEngineIo(sight: Sight, { protocol, connect, reason }: Refused): Diagnosis | null {
  const server = readEngineIo(sight);
  if (server === null) return null;
  if (server.kind === 'open' && server.version === 3) return SOCKETIO_2;
  if (protocol !== 'socketio') {
    return {
      found: 'this is a Socket.IO server',
      hint: `Write ${addressFor('socketio', connect)}.`,
    };
  }
  return server.kind === 'open'
    ? diagnoseOpen(server.upgrades, connect, reason)
    : diagnoseError(server.code, String(server.message), connect, reason);
}

const SOCKETIO_2: Diagnosis = {
  found: 'the server speaks Socket.IO 2 (Engine.IO 3), the clients Socket.IO 3 and 4 (Engine.IO 4)',
  hint: 'Put the server on socket.io 3 or later; sockbench has no clients for version 2.',
};

/** The look was let in, the clients were not. */
function diagnoseOpen(
  upgrades: readonly unknown[],
  { transport }: ConnectOptions,
  reason: string,
): Diagnosis {
  if (reason.startsWith(NO_ANSWER_OF_NAMESPACE)) {
    return {
      found: `it speaks Socket.IO, but gives ${reason}`,
      hint: 'Look for a middleware of the server (io.use) that does not call next.',
    };
  }
  if (transport !== 'websocket') {
    return {
      found: `it answers the handshake of Socket.IO, but not what follows: ${reason}`,
      hint: 'Several processes behind one address need sticky sessions for polling; --transport websocket does without.',
    };
  }
  if (!upgrades.includes('websocket')) {
    return {
      found: `it speaks Socket.IO by polling only: ${reason}`,
      hint: "Give --transport polling, or add websocket to the server's transports.",
    };
  }
  return {
    found: `it speaks Socket.IO, but does not take the WebSocket: ${reason}`,
    hint: 'A proxy in front of it may not pass WebSockets on; --transport polling does without.',
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
      found: `it speaks Socket.IO, but not by polling ("${message}")`,
      hint: "Give --transport websocket, or add polling to the server's transports.",
    };
  }
  if (code === 0) {
    return {
      found: `it speaks Socket.IO, by WebSocket only, and does not take this one: ${reason}`,
      hint: GIVE_CREDENTIALS,
    };
  }
  if (code === 4) {
    return { found: `it speaks Socket.IO and forbids the connection ("${message}")`, hint: GIVE_CREDENTIALS };
  }
  return {
    found: `it speaks Socket.IO and refuses the handshake ("${message}")`,
    hint: 'Look into the log of the server, and which version of Socket.IO it is.',
  };
}
