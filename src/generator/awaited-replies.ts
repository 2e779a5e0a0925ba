import type { Stamp } from '../measure/stamp.ts';

interface Awaited {
  readonly stamp: Stamp;
  readonly replies: number;
  /** Numbers of the replies that came, from 1. */
  readonly seen: Set<number>;
  /** The number that comes next if they come in order. */
  next: number;
}

/**
 * Tells to which request a streamed reply belongs when it only has its number: replies to one request come in order
 * as a rule, and those of one number in the order of the requests.
 */
export class AwaitedReplies {
  /** Requests whose replies have not all come, oldest first, by client. */
  readonly #waiting = new Map<number, Awaited[]>();
  /** The last request of which all replies came: further ones are its duplicates. */
  readonly #answered = new Map<number, Awaited>();

  /** Replies that more than one request waited for: after a loss they may belong to another than was taken. */
  guessed = 0;

  /** Notes that a client has asked for so many replies. */
  expect(client: number, stamp: Stamp, replies: number): void {
    const waiting = this.#waiting.get(client) ?? [];
    this.#waiting.set(client, waiting);
    waiting.push({ stamp, replies, seen: new Set(), next: 1 });
  }

  /** The stamp of the request to which reply number `item` belongs. Null when there was none. */
  take(client: number, item: number): Stamp | null {
    const waiting = this.#waiting.get(client) ?? [];
    const possible = waiting.filter(({ replies, seen }) => item >= 1 && item <= replies && !seen.has(item));
    const inTurn = possible.filter(({ next }) => next === item);
    const afterGap = possible.filter(({ next }) => next < item);
    const awaited = inTurn[0] ?? afterGap[0] ?? possible[0];
    if (awaited === undefined) return (this.#answered.get(client) ?? waiting[0])?.stamp ?? null;
    if (possible.length > 1 && inTurn.length !== 1) this.guessed += 1;
    awaited.seen.add(item);
    awaited.next = Math.max(awaited.next, item + 1);
    if (awaited.seen.size === awaited.replies) {
      waiting.splice(waiting.indexOf(awaited), 1);
      this.#answered.set(client, awaited);
    }
    return awaited.stamp;
  }

  /** Forgets what a client asked for: its server says to what its replies belong. */
  forget(client: number): void {
    this.#waiting.delete(client);
  }
}
