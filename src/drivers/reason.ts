import { messageOf } from '../errors.ts';
import type { CloseOutcome } from './driver.ts';

/** How the reason begins when a Socket.IO server refuses the client; the server's message follows. */
export const REFUSED_BY_SERVER = 'refused by the server: ';

/** How the reason begins when Engine.IO connected and Socket.IO's namespace never answered. */
export const NO_ANSWER_OF_NAMESPACE = 'no answer from the namespace';

/** How the reason begins when the system of the clients, and not the server, refused the connection. */
export const REFUSED_BY_OWN_SYSTEM = 'refused by the system of the generator: ';

/** Errors of the system that opens a connection: out of files, ports or memory. Source: connect(2) and socket(2). */
const OWN_LIMITS = new Set<unknown>(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

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
  if (error instanceof Error && 'code' in error && OWN_LIMITS.has(error.code)) {
    return `${REFUSED_BY_OWN_SYSTEM}${message}`;
  }
  const inTls = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];
  return inTls === undefined
    ? message.replace(/; if the root CA is installed locally.*/, '')
    : `TLS: ${inTls}`;
}

/** The code of a connection that ended without a close frame. Source: RFC 6455, 7.1.5. */
const NO_CLOSE_FRAME = 1006;

/** What the server answered to a close; null when it cut the connection without an answer. */
export function closeOutcome(code: number, reason: Buffer): CloseOutcome | null {
  return code === NO_CLOSE_FRAME ? null : { code, reason: String(reason) };
}
