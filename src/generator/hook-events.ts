import type { Connection } from '../drivers/driver.ts';
import { foreign } from '../foreign.ts';
import { list } from '../text.ts';
import { Inbox } from './inbox.ts';

/** How much of an event an error shows. */
const EVENT_CHARACTERS = 120;

/** An event, as it is kept. */
interface KeptEvent {
  readonly data: unknown;
}

/** What arrives at a connection while a hook runs, and what the hook waits for. */
export class HookEvents {
  readonly #inbox: Inbox<KeptEvent>;
  readonly #stop: () => void;
  readonly #waits = new Set<{ readonly text: string }>();
  #last: { readonly event: string; readonly data: unknown } | null = null;

  constructor(connection: Connection) {
    this.#inbox = new Inbox(connection, (data) => ({ data }));
    this.#stop = connection.onAny((event, data) => {
      this.#last = { event, data };
    });
  }

  /** As {@link ClientConnection.next}. */
  async next(event: string, isMeant: (data: unknown) => boolean = () => true): Promise<unknown> {
    const { taken } = this.#inbox.take(event, isMeant);
    const { data } = await this.#wait(`the event "${foreign(event)}"`, taken);
    return data;
  }

  /** Notes that the hook waits for this reply. */
  called(event: string, reply: Promise<unknown>): Promise<unknown> {
    return this.#wait(`the acknowledgement of "${foreign(event)}"`, reply);
  }

  async #wait<T>(text: string, work: Promise<T>): Promise<T> {
    const wait = { text };
    this.#waits.add(wait);
    try {
      return await work;
    } finally {
      this.#waits.delete(wait);
    }
  }

  /** The end of an error: what the hook waits for, and the last event that arrived. Empty where it waits for none. */
  get lacking(): string {
    const waits = [...this.#waits].map(({ text }) => text);
    const last = this.#last === null ? 'no event arrived' : `the last event was ${eventText(this.#last)}`;
    return waits.length === 0 ? '' : `; it waits for ${list(waits)}, and ${last}`;
  }

  /** Stops keeping events. */
  close(): void {
    this.#inbox.close();
    this.#stop();
  }
}

/** An event as an error shows it: `"error" {"message":"no such user"}`. */
function eventText({ event, data }: { readonly event: string; readonly data: unknown }): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch {
    // Data with a circle, or a big integer.
  }
  return `"${foreign(event)}"${text === undefined ? '' : ` ${foreign(text, EVENT_CHARACTERS)}`}`;
}
