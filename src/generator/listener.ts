import type { RecognizedHandler } from '../drivers/driver.ts';
import type { Arrival } from '../wire/sockets/stream.ts';
import type { Reader } from './known-messages.ts';

/** What an event of a connection may be. An event may be several of these. */
export type Role = 'delivery' | 'echo' | 'reply';

/** An event of a connection that the receiver listens to, or leaves alone. */
export interface Listening {
  readonly event: string;
  /** The first of them that finds a stamp reads it. Listeners with the same readers share the list. */
  readers: readonly Reader[];
  readonly roles: Set<Role>;
  /** The event that this one replies to. */
  repliesTo: string;
}

/** Takes the messages of a listener that were recognized; false to have one decoded. */
interface RecognizedMessages {
  takeRecognized(listener: Listener, arrival: Arrival): boolean;
}

/** Takes an event of a connection. */
export class Listener implements Listening, RecognizedHandler {
  readonly #receiver: RecognizedMessages;
  readonly client: number;
  readonly event: string;
  readers: readonly Reader[] = [];
  readonly roles = new Set<Role>();
  repliesTo = '';

  constructor(receiver: RecognizedMessages, client: number, event: string) {
    this.#receiver = receiver;
    this.client = client;
    this.event = event;
  }

  onRecognized(arrival: Arrival): boolean {
    return this.#receiver.takeRecognized(this, arrival);
  }
}
