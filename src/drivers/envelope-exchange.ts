import type { ClientEnvelope } from '../contract/protocol.ts';
import type { DecodedEvent } from '../contract/target.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import {
  type AnyHandler,
  DEFAULT_FORGET_AFTER_MS,
  type Handler,
  type OnRead,
  type RecognizedHandler,
} from './driver.ts';

/**
 * Handlers that wait for a reply, by the number that the reply repeats, from 1: some servers take a message with the id 0
 * for one without an id. Those that wait too long are forgotten.
 */
export class PendingReplies {
  readonly #waiting = new Map<number, { readonly handler: Handler; readonly sinceMs: number }>();
  readonly #forgetAfterMs: number;
  #nextId = 1;

  constructor(forgetAfterMs = DEFAULT_FORGET_AFTER_MS) {
    this.#forgetAfterMs = forgetAfterMs;
  }

  /** Returns the number of the handler. */
  add(handler: Handler): number {
    const nowMs = performance.now();
    for (const [id, { sinceMs }] of this.#waiting) {
      if (nowMs - sinceMs <= this.#forgetAfterMs) break;
      this.#waiting.delete(id);
    }
    const id = this.#nextId;
    this.#nextId += 1;
    this.#waiting.set(id, { handler, sinceMs: nowMs });
    return id;
  }

  /** Calls the handler that waits for this number, which may be written as text, if there is one. */
  settle(id: number | string, reply?: unknown, arrival?: Arrival): void {
    const number = typeof id === 'number' || id.trim() === '' ? id : Number(id);
    if (typeof number === 'string') return;
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    waiting?.handler(reply, arrival);
  }
}

/** Calls `use` with a value: at once, or when the promise of it resolves. One that rejects is never used. */
export function whenResolved(value: unknown, use: (value: unknown) => void): void {
  if (value instanceof Promise) value.then(use).catch(() => {});
  else use(value);
}

/** A handler of an event, and of its messages that were recognized. */
interface EventHandler {
  readonly event: string;
  readonly handler: Handler;
  readonly recognized: RecognizedHandler | undefined;
}

/** What a client does with envelopes over any carrier: events, requests with their replies, answers. */
export abstract class EnvelopeExchange {
  /** The only handler; null for none or several. Most receivers have one, and it is at hand without the list. */
  #only: EventHandler | null = null;
  /** Replaced when it changes, so that a handler may add and remove others. */
  #entries: readonly EventHandler[] = [];
  /** Made when they are needed: an idle client has none. */
  #anyHandlers: readonly AnyHandler[] | null = null;
  #responders: Map<string, (data: unknown) => unknown> | null = null;
  #pending: PendingReplies | null = null;
  protected readonly forgetAfterMs: number | undefined;
  protected readonly onRead: OnRead | undefined;

  constructor(forgetAfterMs?: number, onRead?: OnRead) {
    this.forgetAfterMs = forgetAfterMs;
    this.onRead = onRead;
  }

  /** Hands an envelope over for sending. */
  protected abstract send(envelope: ClientEnvelope): void;

  emit(event: string, data: unknown): void {
    this.send({ event, data });
  }

  request(event: string, data: unknown, onReply: Handler): void {
    this.#pending ??= new PendingReplies(this.forgetAfterMs);
    this.send({ event, data, id: this.#pending.add(onReply) });
  }

  /** The name by which events of a name arrive. */
  protected arrivesAs(event: string): string {
    return event;
  }

  on(event: string, handler: Handler, recognized?: RecognizedHandler): () => void {
    // A handler may be added twice: each entry is removed by itself.
    const entry = { event: this.arrivesAs(event), handler, recognized };
    this.#set([...this.#entries, entry]);
    return () => this.#set(this.#entries.filter((other) => other !== entry));
  }

  #set(entries: readonly EventHandler[]): void {
    const [first = null] = entries;
    this.#only = entries.length === 1 ? first : null;
    this.#entries = entries;
  }

  onAny(handler: AnyHandler): () => void {
    this.#anyHandlers = [...(this.#anyHandlers ?? []), handler];
    return () => {
      const others = this.#anyHandlers?.filter((other) => other !== handler) ?? [];
      this.#anyHandlers = others.length === 0 ? null : others;
    };
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#responders ??= new Map();
    this.#responders.set(this.arrivesAs(event), respond);
  }

  /** Hands over what the server sent; what has no handler is dropped. */
  protected receive({ event, data, id, ack }: DecodedEvent, arrival?: Arrival): void {
    if (ack !== undefined) {
      this.onRead?.('reply', event ?? '', data);
      this.#pending?.settle(ack, data, arrival);
      return;
    }
    if (event === undefined) return;
    this.onRead?.('event', event, data, id !== undefined);
    for (const entry of this.#entries) if (entry.event === event) entry.handler(data, arrival);
    if (this.#anyHandlers !== null) for (const handler of this.#anyHandlers) handler(event, data, arrival);
    const respond = id === undefined ? undefined : this.#responders?.get(event);
    if (respond === undefined || id === undefined) return;
    whenResolved(respond(data), (answer) => this.send({ event, data: answer, ack: id }));
  }

  /** Hands over an event that was recognized; false where it must be decoded for its handlers. */
  protected receiveRecognized(event: string, arrival: Arrival): boolean {
    if (this.#anyHandlers !== null) return false;
    const only = this.#only ?? this.#onlyOf(event);
    return only?.event === event && (only.recognized?.onRecognized(arrival) ?? false);
  }

  /** The only handler of an event; null where it has none or several. */
  #onlyOf(event: string): EventHandler | null {
    let only: EventHandler | null = null;
    for (const entry of this.#entries) {
      if (entry.event !== event) continue;
      if (only !== null) return null;
      only = entry;
    }
    return only;
  }
}
