import { quietNs } from '../../measure/fanout.ts';
import type { Stamp } from '../../measure/stamp.ts';
import {
  type OperationDefinition,
  operationOf,
  PLAIN_OPERATION,
  sendEvent,
  undeclared,
} from './operation.ts';

const REPLIES_GUESSED =
  'replies without a payload may be timed against the wrong request: some were lost or duplicated';

/** Sends a request that is answered by several replies, as a broadcast to one client. */
export const streamReplyOperation: OperationDefinition = {
  ...PLAIN_OPERATION,
  needs: ['streamRequest', 'streamed'],
  series: 'reply',
  copies: (operation) => operationOf(operation, 'stream-reply').replies,
  broadcast: 'reply',
  start(worker) {
    const { target, receiver, payloads, receipts, messages, write, plan, layout, failed } = worker;
    const awaited = new AwaitedReplies(quietNs(plan.drainMs));
    const isUsed = layout.streams.some(({ operation }) => operation.kind === 'stream-reply');
    return {
      listen(client, connection) {
        const { streamed } = target.mapping;
        if (streamed === undefined || !isUsed) return;
        // Where streamed replies are requested, every event of their name is one.
        receiver.claim(connection, streamed.event, (data, arrival) => {
          const receivedNs = receipts.at(arrival);
          const reply = receiver.read(streamed.read, data);
          if (reply === undefined) return;
          const { item, payload } = reply;
          if (payload !== undefined) awaited.forget(client);
          const stamp = payload === undefined ? awaited.take(client, item) : null;
          if (stamp === null) receiver.take(client, payloads.read(payload), receivedNs, item - 1);
          else receiver.takeAnswer(client, stamp, receivedNs, item - 1);
        });
      },
      perform(message, connection) {
        const { sender, operation } = message.stream;
        const { replies } = operationOf(operation, 'stream-reply');
        const { streamRequest: describe = undeclared('streamRequest') } = target.mapping;
        message.send((stamp) => {
          const payload = write(stamp);
          const client = target.clientOf(sender);
          const make = () => describe({ payload, count: replies, client });
          messages.calls.make(connection, stamp, make, (event) => {
            awaited.expect(sender, stamp, replies);
            sendEvent(worker, sender, connection, stamp, event);
          });
        });
      },
      finish(isExact) {
        const { guessed } = awaited;
        if (guessed > 0 && !isExact) failed.add(REPLIES_GUESSED, guessed);
      },
    };
  },
};

interface Awaited {
  readonly stamp: Stamp;
  readonly replies: number;
  /** Numbers of the replies that came, from 1. */
  readonly seen: Set<number>;
  /** The number that comes next if they come in order. */
  next: number;
}

/**
 * Finds the request of a streamed reply that has only its number. Replies to one request usually come in order, and
 * those of one number in the order of the requests.
 */
export class AwaitedReplies {
  readonly #forgetAfterNs: number;
  /** Requests whose replies have not all come, oldest first, by client. */
  readonly #waiting = new Map<number, Awaited[]>();
  /** The last request whose replies all came: further ones are its duplicates. */
  readonly #answered = new Map<number, Awaited>();

  /** Replies that more than one request waited for: after a loss they may belong to another than was taken. */
  guessed = 0;

  /** A request without all its replies is forgotten after `forgetAfterNs`. */
  constructor(forgetAfterNs: number) {
    this.#forgetAfterNs = forgetAfterNs;
  }

  expect(client: number, stamp: Stamp, replies: number): void {
    const waiting = this.#waiting.get(client) ?? [];
    const isOld = (awaited: Awaited) => stamp.actualNs - awaited.stamp.actualNs > this.#forgetAfterNs;
    while (waiting[0] !== undefined && isOld(waiting[0])) waiting.shift();
    waiting.push({ stamp, replies, seen: new Set(), next: 1 });
    this.#waiting.set(client, waiting);
  }

  /** The stamp of the request to which reply number `item` belongs; null when there was none. */
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

  /** Forgets what a client requested: its replies have a payload. */
  forget(client: number): void {
    this.#waiting.delete(client);
  }
}
