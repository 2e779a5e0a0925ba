import { EventEmitter } from 'node:events';
import type { AnyHandler, CloseOutcome, Connection, Handler } from '../../src/drivers/driver.ts';
import type { Arrival } from '../../src/wire/sockets/stream.ts';

/** Something that a client sent; `reply` acknowledges it, and is null where no acknowledgement was asked for. */
export interface Sent {
  readonly event: string;
  readonly data: unknown;
  readonly reply: Handler | null;
}

/** A connection without a server: keeps what is sent, and receives what a test gives it. */
export class FakeConnection implements Connection {
  readonly sent: Sent[] = [];
  /** Of each ping that was sent, what to call when its pong comes. */
  readonly pings: Array<(arrival?: Arrival) => void> = [];
  closed = false;
  /** How the server answers the close. */
  outcome: CloseOutcome | null = null;
  drop: (reason: string) => void = () => {};
  readonly #events = new EventEmitter();
  readonly #any = new Set<AnyHandler>();
  readonly #responders = new Map<string, (data: unknown) => unknown>();

  emit(event: string, data: unknown): void {
    this.sent.push({ event, data, reply: null });
  }

  request(event: string, data: unknown, onReply: Handler): void {
    this.sent.push({ event, data, reply: onReply });
  }

  on(event: string, handler: Handler): () => void {
    this.#events.on(event, handler);
    return () => void this.#events.off(event, handler);
  }

  onAny(handler: AnyHandler): () => void {
    this.#any.add(handler);
    return () => void this.#any.delete(handler);
  }

  /** How many handlers take every event. */
  get anyHandlers(): number {
    return this.#any.size;
  }

  /** How many handlers an event has. */
  handlersOf(event: string): number {
    return this.#events.listenerCount(event);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#responders.set(event, respond);
  }

  onDropped(handler: (reason: string) => void): void {
    this.drop = handler;
  }

  ping(onPong: (arrival?: Arrival) => void): void {
    this.pings.push(onPong);
  }

  async close(): Promise<CloseOutcome | null> {
    this.closed = true;
    return this.outcome;
  }

  /** What was sent, from 0. */
  dataOf(index = 0): unknown {
    const sent = this.sent[index];
    if (sent === undefined) throw new Error('nothing was sent');
    return sent.data;
  }

  /** An event comes from the server. */
  receive(event: string, data: unknown, arrival?: Arrival): void {
    this.#events.emit(event, data, arrival);
    for (const handler of this.#any) handler(event, data, arrival);
  }

  /** The server asks; returns what the client answers. */
  ask(event: string, data: unknown): unknown {
    return this.#responders.get(event)?.(data);
  }

  /** Acknowledges the last thing that was sent. */
  acknowledge(reply?: unknown, arrival?: Arrival): void {
    const last = this.sent.at(-1);
    if (last?.reply === null || last === undefined) throw new Error('no acknowledgement was asked for');
    last.reply(reply, arrival);
  }
}
