import { messageOf } from '../errors.ts';

/** How the reason begins when a server of Socket.IO said no to the client; its own words follow. */
export const REFUSED_BY_SERVER = 'refused by the server: ';

/** How the reason begins when Engine.IO's connection was made and Socket.IO's namespace never entered. */
export const NO_ANSWER_OF_NAMESPACE = 'no answer to entering the namespace';

/**
 * Why a connection failed, in the system's words. Where a name has several addresses (localhost often has
 * two) Node.js wraps one error for each of them in an AggregateError without a message of its own.
 */
export function reasonOf(error: unknown): string {
  const reasons = error instanceof AggregateError ? error.errors.map(wordsOf) : [wordsOf(error)];
  return reasons.join(', ');
}

/**
 * OpenSSL's `write EPROTO 407D:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/...`
 * becomes `TLS: wrong version number`; the advice that Node.js adds is not for users of sockbench.
 */
function wordsOf(error: unknown): string {
  const message = messageOf(error);
  const inTls = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];
  return inTls === undefined
    ? message.replace(/; if the root CA is installed locally.*/, '')
    : `TLS: ${inTls}`;
}
