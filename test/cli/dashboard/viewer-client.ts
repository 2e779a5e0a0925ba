import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

interface ReceivedEvent {
  readonly id: string;
  readonly slot: string;
  readonly data: unknown;
}

/** Waits for a condition that no event announces. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** Reads the events of a dashboard, as a page does. */
export class ViewerClient {
  readonly events: ReceivedEvent[] = [];
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<unknown>;
  readonly #response: IncomingMessage;
  readonly #checks = new Set<() => void>();
  #rest = '';

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.ended = once(response, 'end');
    this.ended.catch(() => {});
    response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    response.on('error', () => {});
  }

  static async open(url: string, lastId = '', path = '/events'): Promise<ViewerClient> {
    const headers = lastId === '' ? {} : { 'Last-Event-ID': lastId };
    const [response] = await once(get(new URL(path, url), { agent: false, headers }), 'response');
    return new ViewerClient(response);
  }

  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  /** The data of all events so far. */
  seen(): unknown[] {
    return this.events.map(({ data }) => data);
  }

  /** The first event that a test accepts, when it has come. */
  until(accepts: (event: ReceivedEvent) => boolean): Promise<ReceivedEvent> {
    const { promise, resolve } = Promise.withResolvers<ReceivedEvent>();
    const check = () => {
      const found = this.events.find(accepts);
      if (found !== undefined) resolve(found);
    };
    this.#checks.add(check);
    check();
    return promise.finally(() => this.#checks.delete(check));
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  #read(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line]));
      const value = (name: string) => fields.get(name)?.slice(name.length + 2) ?? '';
      if (!fields.has('data')) continue;
      this.events.push({ id: value('id'), slot: value('event'), data: JSON.parse(value('data')) });
    }
    for (const check of this.#checks) check();
  }
}
