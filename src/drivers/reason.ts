import { messageOf } from '../errors.ts';
import type { CloseOutcome } from './driver.ts';

/** How the reason begins when a Socket.IO server refuses the client; the server's message follows. */
export const REFUSED_BY_SERVER = 'refused by the server: ';

/** The reason when the answer to the first request is not in Engine.IO's protocol. */
export const NOT_ENGINE_IO = 'the answer is not in the protocol of Engine.IO 4';

/** How the reason begins when Engine.IO connected and Socket.IO's namespace never answered. */
export const NO_ANSWER_OF_NAMESPACE = 'no answer from the namespace';

/** What Engine.IO's server answers to a request of a session that another process has. Source: its error code 1. */
export const UNKNOWN_SESSION = 'Session ID unknown';

/** How the reason begins when the system of the clients, and not the server, refused the connection. */
export const REFUSED_BY_OWN_SYSTEM = 'refused by the system of the generator: ';

/**
 * Errors of the system that opens a connection: out of files, ports or memory. Source: connect(2) and socket(2); bind(2)
 * gives EADDRINUSE where no port of a source address is left.
 */
export const OWN_LIMITS = ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ENOBUFS', 'ENOMEM'] as const;

/**
 * Returns why a connection failed, as the system reports it. Where a name has several addresses (localhost often has
 * two), Node.js wraps one error per address in an AggregateError without a message.
 */
export function reasonOf(error: unknown): string {
  const reasons = error instanceof AggregateError ? error.errors.map(wordsOf) : [wordsOf(error)];
  return reasons.join(', ');
}

/**
 * OpenSSL's `write EPROTO 407D:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/...`
 * becomes `TLS: wrong version number`. The advice that Node.js adds does not apply to users of sockbench.
 */
function wordsOf(error: unknown): string {
  const message = messageOf(error);
  if (error instanceof Error && 'code' in error && OWN_LIMITS.some((code) => code === error.code)) {
    return `${REFUSED_BY_OWN_SYSTEM}${message.replace(/ - Local \(.*\)$/, '')}`;
  }
  const inTls = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];
  return inTls === undefined
    ? message.replace(/; if the root CA is installed locally.*/, '')
    : `TLS: ${inTls}`;
}

/** The code of a connection that ended without a close frame. Source: RFC 6455, 7.1.5. */
const NO_CLOSE_FRAME = 1006;

/** Source: the WebSocket Close Code Number Registry of IANA. */
const CLOSE_CODES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no status',
  1007: 'invalid data',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'missing extension',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
};

/** Why a WebSocket closed: the error of the connection, else the code and the reason of the server. */
export function closeReason(code: number, reason: Buffer | string, error?: Error): string {
  if (error !== undefined) return reasonOf(error);
  if (code === NO_CLOSE_FRAME) return 'closed without a close frame';
  const words = String(reason) || CLOSE_CODES[code];
  return `closed with ${code}${words === undefined ? '' : ` ${words}`}`;
}

/** What the server answered to a close; null when it cut the connection without an answer. */
export function closeOutcome(code: number, reason: Buffer | string): CloseOutcome | null {
  return code === NO_CLOSE_FRAME ? null : { code, reason: String(reason) };
}
