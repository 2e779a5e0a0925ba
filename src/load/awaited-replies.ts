import type { Stamp } from '../measure/stamp.ts';

interface Awaited {
  readonly stamp: Stamp;
  readonly replies: number;
  /** Number of the next reply to it, from 1. */
  next: number;
}

/**
 * Tells to which request a streamed reply belongs when it only has its number: replies to one request come in
 * order, and those of one number in the order of the requests.
 */
export class AwaitedReplies {
  /** Requests whose replies have not all come, oldest first, by client. */
  readonly #byClient = new Map<number, Awaited[]>();

  /** Replies that more than one request waited for: after a loss they may belong to another than was taken. */
  guessed = 0;

  /** Notes that a client has asked for so many replies. */
  expect(client: number, stamp: Stamp, replies: number): void {
    const waiting = this.#byClient.get(client) ?? [];
    this.#byClient.set(client, waiting);
    waiting.push({ stamp, replies, next: 1 });
  }

  /**
   * The stamp of the request to which reply number `item` belongs: of the oldest that waits for it, else of the
   * oldest at all. Null when none waits.
   */
  take(client: number, item: number): Stamp | null {
    const waiting = this.#byClient.get(client) ?? [];
    const possible = waiting.filter(({ next }) => next === item);
    if (possible.length > 1) this.guessed += 1;
    const awaited = possible[0] ?? waiting[0];
    if (awaited === undefined) return null;
    if (item >= awaited.next && item <= awaited.replies) awaited.next = item + 1;
    if (awaited.next > awaited.replies) waiting.splice(waiting.indexOf(awaited), 1);
    return awaited.stamp;
  }

  /** Forgets what a client asked for: its server says to what its replies belong. */
  forget(client: number): void {
    this.#byClient.delete(client);
  }
}
