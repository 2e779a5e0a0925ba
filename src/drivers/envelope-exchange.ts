import type { Envelope } from '../contract/protocol.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import { DEFAULT_FORGET_AFTER_MS, type Handler } from './driver.ts';

/** Handlers that wait for a reply, by the number that the reply repeats. Those that wait too long are forgotten. */
export class PendingReplies {
  /** Made by the first of them: most clients only receive. */
  #waiting: Map<number, { readonly handler: Handler; readonly sinceMs: number }> | null = null;
  readonly #forgetAfterMs: number;
  #nextId = 0;

  constructor(forgetAfterMs = DEFAULT_FORGET_AFTER_MS) {
    this.#forgetAfterMs = forgetAfterMs;
  }

  /** Returns the number of the handler. */
  add(handler: Handler): number {
    const nowMs = performance.now();
    const waiting = this.#waiting ?? new Map();
    this.#waiting = waiting;
    for (const [id, { sinceMs }] of waiting) {
      if (nowMs - sinceMs <= this.#forgetAfterMs) break;
      waiting.delete(id);
    }
    const id = this.#nextId;
    this.#nextId += 1;
    waiting.set(id, { handler, sinceMs: nowMs });
    return id;
  }

  /** Calls the handler that waits for this number, if there is one. */
  settle(id: number, reply?: unknown, arrival?: Arrival): void {
    const waiting = this.#waiting?.get(id);
    this.#waiting?.delete(id);
    waiting?.handler(reply, arrival);
  }
}

/** What a client does with envelopes over any carrier: events, requests with their replies, answers. */
export abstract class EnvelopeExchange {
  readonly #handlers = new Map<string, ReadonlyArray<{ readonly handler: Handler }>>();
  readonly #responders = new Map<string, (data: unknown) => unknown>();
  readonly #pending: PendingReplies;

  constructor(forgetAfterMs?: number) {
    this.#pending = new PendingReplies(forgetAfterMs);
  }

  /** Hands an envelope over for sending. */
  protected abstract send(envelope: Envelope): void;

  emit(event: string, data: unknown): void {
    this.send({ event, data });
  }

  request(event: string, data: unknown, onReply: Handler): void {
    this.send({ event, data, id: this.#pending.add(onReply) });
  }

  on(event: string, handler: Handler): () => void {
    // A handler may be added twice: each entry is removed by itself.
    const entry = { handler };
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), entry]);
    return () => {
      const others = (this.#handlers.get(event) ?? []).filter((other) => other !== entry);
      this.#handlers.set(event, others);
    };
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#responders.set(event, respond);
  }

  /** Hands over what the server sent; what has no handler is dropped. */
  protected receive({ event, data, id, ack }: Envelope, arrival?: Arrival): void {
    if (ack !== undefined) {
      this.#pending.settle(ack, data, arrival);
    } else if (id !== undefined) {
      const respond = this.#responders.get(event);
      if (respond !== undefined) this.send({ event, data: respond(data), ack: id });
    } else {
      for (const { handler } of this.#handlers.get(event) ?? []) handler(data, arrival);
    }
  }
}
