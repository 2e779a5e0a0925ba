import type { Envelope } from '../contract/protocol.ts';

type Handler = (data: unknown) => void;

/** What a client does with envelopes, whatever carries them: events, requests with their replies, answers. */
export abstract class EnvelopeExchange {
  readonly #handlers = new Map<string, readonly Handler[]>();
  readonly #responders = new Map<string, (data: unknown) => unknown>();
  readonly #pending = new Map<number, Handler>();
  #nextId = 0;

  /** Hands an envelope over for sending. */
  protected abstract send(envelope: Envelope): void;

  emit(event: string, data: unknown): void {
    this.send({ event, data });
  }

  request(event: string, data: unknown, onReply: Handler): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#pending.set(id, onReply);
    this.send({ event, data, id });
  }

  on(event: string, handler: Handler): void {
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), handler]);
  }

  once(event: string, handler: Handler): void {
    const only = (data: unknown) => {
      const handlers = this.#handlers.get(event) ?? [];
      this.#handlers.set(
        event,
        handlers.filter((other) => other !== only),
      );
      handler(data);
    };
    this.on(event, only);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#responders.set(event, respond);
  }

  /** Hands over what the server sent; what nobody waits for is dropped. */
  protected receive({ event, data, id, ack }: Envelope): void {
    if (ack !== undefined) {
      const onReply = this.#pending.get(ack);
      this.#pending.delete(ack);
      onReply?.(data);
    } else if (id !== undefined) {
      const respond = this.#responders.get(event);
      if (respond !== undefined) this.send({ event, data: respond(data), ack: id });
    } else {
      for (const handler of this.#handlers.get(event) ?? []) handler(data);
    }
  }
}
