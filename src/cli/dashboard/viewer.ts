import type { ServerResponse } from 'node:http';

/** One server-sent event. The newest event of a slot replaces the earlier ones. */
export interface DashboardEvent {
  /** Counts from 1. */
  readonly number: number;
  /** What the event is about, and its name in the stream. */
  readonly slot: string;
  /** Its data, in one line. */
  readonly json: string;
  /** The event as it is written. */
  readonly text: string;
}

/**
 * One connected viewer. While it does not read, the newest event of each slot waits and older ones are dropped, so that
 * its queue never grows.
 */
export class Viewer {
  /** Whether a page reads the stream, which will load the final page; other readers do not. */
  readonly isPage: boolean;
  readonly #response: ServerResponse;
  readonly #waiting = new Map<string, DashboardEvent>();
  #isFull = false;
  #isEnding = false;

  constructor(response: ServerResponse, isPage: boolean) {
    this.#response = response;
    this.isPage = isPage;
    response.on('drain', () => this.#flush());
  }

  send(event: DashboardEvent): void {
    if (this.#isFull) this.#waiting.set(event.slot, event);
    else this.#isFull = !this.#response.write(event.text);
  }

  /** Ends the stream after what was sent. */
  end(): void {
    this.#isEnding = true;
    if (this.#waiting.size === 0) this.#response.end();
  }

  #flush(): void {
    this.#isFull = false;
    const events = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const event of events) this.send(event);
    if (this.#isEnding && this.#waiting.size === 0) this.#response.end();
  }
}
