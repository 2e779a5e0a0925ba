import { messageOf } from '../errors.ts';

/**
 * Why a connection failed, in the system's words. Where a name has several addresses (localhost often has
 * two) Node.js wraps one error for each of them in an AggregateError without a message of its own.
 */
export function reasonOf(error: unknown): string {
  const reasons = error instanceof AggregateError ? error.errors.map(messageOf) : [messageOf(error)];
  return reasons.join(', ');
}
