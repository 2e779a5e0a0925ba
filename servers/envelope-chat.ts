import {
  type Envelope,
  EVENT,
  type Scope,
  type SendMessage,
  streamedReplies,
} from '../src/contract/protocol.ts';

type Acknowledge = (reply: unknown) => void;

/**
 * The chat of `src/wire.ts` for servers that speak envelopes: what each event does, whatever carries it. A server
 * says how one client is reached, and keeps rooms.
 */
export abstract class EnvelopeChat<Client> {
  readonly #asked = new Map<number, (answer: unknown) => void>();
  #nextId = 0;

  /** Sends to one client; harmless for one that is gone. */
  protected abstract send(client: Client, envelope: Envelope): void;

  protected abstract join(client: Client, room: string): void;

  /** Sends to whom the scope means, each once; `room` is empty where the scope needs none. */
  protected abstract publish(sender: Client, envelope: Envelope, scope: Scope, room: string): void;

  /** Serves what a client sent; throws for what no handler can use. */
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
        // Without an id as in Nest, where what a handler returns is sent as an event.
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

  #ask(client: Client, data: unknown, acknowledge: Acknowledge): void {
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
