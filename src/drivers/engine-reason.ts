import { messageOf } from '../errors.ts';
import { UNREADABLE_PACKET } from './engine-transports.ts';
import { closeReason, NOT_ENGINE_IO, REFUSED_BY_SERVER, reasonOf } from './reason.ts';

/** An error of Engine.IO, which wraps that of the system, or one that Socket.IO's server sent. */
interface EngineError extends Error {
  /** Present in every error that the server sent. */
  readonly data?: unknown;
  /** `parser error` for an answer that is no packet. */
  readonly code?: unknown;
  /** The HTTP status, the error of a request, or with WebSocket the event that holds the error. */
  readonly description?: unknown;
}

/** Why a client did not connect. */
export function connectReason(error: EngineError): string {
  if ('data' in error) return `${REFUSED_BY_SERVER}${error.message}`;
  if (error.code === 'parser error' || error.message === UNREADABLE_PACKET) return NOT_ENGINE_IO;
  const cause = causeOf(error);
  return cause === null ? error.message : `${error.message} (${cause})`;
}

/** Why a client that had connected was dropped, in the words of Socket.IO, with the cause where there is one. */
export function disconnectReason(reason: string, details: unknown): string {
  const cause = details instanceof Error ? (causeOf(details) ?? details.message) : closeCause(details);
  return cause === null ? reason : `${reason} (${cause})`;
}

function causeOf({ code, description }: EngineError): string | null {
  if (code === 'parser error') return 'unknown packet type';
  if (typeof description === 'number') return `HTTP status ${description}`;
  if (description instanceof Error) return reasonOf(description);
  const wrapped = isObject(description) ? description['error'] : undefined;
  return wrapped instanceof Error ? reasonOf(wrapped) : null;
}

/** The close code of a WebSocket; null for a connection without one. */
function closeCause(details: unknown): string | null {
  const event = isObject(details) ? details['context'] : undefined;
  if (!isObject(event) || typeof event['code'] !== 'number') return null;
  return closeReason(event['code'], messageOf(event['reason'] ?? ''));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
