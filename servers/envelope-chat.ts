import {
  type Envelope,
  EVENT,
  type Scope,
  type SendMessage,
  streamedReplies,
} from '../src/contract/protocol.ts';

/**
 * The chat of `src/contract/protocol.ts` for servers that speak envelopes: what each event does, over any transport.
 * A server adds how one client is reached and how rooms are kept.
 */
export abstract class EnvelopeChat<Client> {
  readonly #asked = new Map<number, (answer: unknown) => void>();
  #nextId = 0;

  /** Sends to one client; does nothing for a client that is gone. */
  protected abstract send(client: Client, envelope: Envelope): void;

  protected abstract join(client: Client, room: string): void;

  /** Sends once to each client of the scope; `room` is empty where the scope needs none. */
  protected abstract publish(sender: Client, envelope: Envelope, scope: Scope, room: string): void;

  /** Handles an envelope from a client. Throws when no handler can use it. */
  handle(client: Client, { event, data, id, ack }: Envelope): void {
    if (ack !== undefined) {
      this.#settle(ack, data);
      return;
    }
    const acknowledge = (reply: unknown) => {
      if (id !== undefined) this.send(client, { event, data: reply, ack: id });
    };
    switch (event) {
      case EVENT.enterChat:
        for (const room of data as Array<string | number>) this.join(client, String(room));
        acknowledge(null);
        break;
      case EVENT.sendMessage:
        this.#publish(client, data as SendMessage);
        break;
      case EVENT.hello:
        acknowledge(data);
        break;
      case EVENT.identity:
        // Without an id the reply is an event, as in Nest.
        if (id === undefined) this.send(client, { event, data });
        else acknowledge(data);
        break;
      case EVENT.events:
        for (const reply of streamedReplies(data)) this.send(client, { event, data: reply });
        break;
      case EVENT.askMe:
        this.#ask(client, data, acknowledge);
        break;
      case EVENT.echo:
        this.send(client, { event, data });
        break;
    }
  }

  #publish(sender: Client, { message, scope, chatId = '' }: SendMessage): void {
    this.publish(sender, { event: EVENT.receiveMessage, data: message }, scope, chatId);
  }

  #ask(client: Client, data: unknown, acknowledge: (reply: unknown) => void): void {
    const askedNs = process.hrtime.bigint();
    const id = this.#nextId;
    this.#nextId += 1;
    this.#asked.set(id, (answer) =>
      acknowledge({ answer, roundTripNs: Number(process.hrtime.bigint() - askedNs) }),
    );
    this.send(client, { event: EVENT.hello, data, id });
  }

  #settle(id: number, answer: unknown): void {
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }
}

/** The connected clients and their rooms, for servers whose framework has no rooms. */
export class Rooms<Client> {
  readonly #everyone: ReadonlySet<Client>;
  readonly #rooms = new Map<string, Set<Client>>();

  /** `everyone` is the set of all connected clients, which the server maintains. */
  constructor(everyone: ReadonlySet<Client>) {
    this.#everyone = everyone;
  }

  join(client: Client, room: string): void {
    const members = this.#rooms.get(room);
    if (members === undefined) this.#rooms.set(room, new Set([client]));
    else members.add(client);
  }

  /** Removes a client from all rooms. */
  leave(client: Client): void {
    for (const [room, members] of this.#rooms) {
      if (members.delete(client) && members.size === 0) this.#rooms.delete(room);
    }
  }

  /** Calls `send` once for each client of the scope. */
  eachOf(scope: Scope, sender: Client, room: string, send: (client: Client) => void): void {
    const toRoom = scope === 'room' || scope === 'room-but-me';
    const butMe = scope === 'everyone-but-me' || scope === 'room-but-me';
    for (const client of (toRoom ? this.#rooms.get(room) : this.#everyone) ?? []) {
      if (!(butMe && client === sender)) send(client);
    }
  }
}
