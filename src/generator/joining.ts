import type { OutgoingEvent } from '../contract/target.ts';
import type { Connection } from '../drivers/driver.ts';

/** Resolves to what `start` resolves with, or to null after `timeoutMs`. */
function within<T>(timeoutMs: number, start: (resolve: (value: T) => void) => void): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), timeoutMs);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/**
 * Sends the events by which a client joins, one after the other, and resolves to the name of the one that was not
 * replied to within `timeoutMs` of the first; null when the client is in.
 */
export async function joinRooms(
  connection: Connection,
  events: readonly OutgoingEvent[],
  timeoutMs: number,
): Promise<string | null> {
  const deadlineMs = performance.now() + timeoutMs;
  for (const { event, data, reply = 'acknowledgement' } of events) {
    if (reply === 'none') {
      connection.emit(event, data);
      continue;
    }
    const joined = await within<true>(deadlineMs - performance.now(), (resolve) => {
      if (reply === 'acknowledgement') {
        connection.request(event, data, () => resolve(true));
      } else {
        connection.once(reply.event, () => resolve(true));
        connection.emit(event, data);
      }
    });
    if (joined === null) return event;
  }
  return null;
}

/** The number of the process that serves a client; null when the server does not tell in time. */
export async function nodeOf(
  connection: Connection,
  { event, data }: OutgoingEvent,
  timeoutMs: number,
): Promise<number | null> {
  const answer = await within<unknown>(timeoutMs, (resolve) => connection.request(event, data, resolve));
  return typeof answer === 'number' ? answer : null;
}
