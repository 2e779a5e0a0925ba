import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { messageOf } from '../../errors.ts';
import type { WireDirection } from './tapped-stream.ts';

/** Takes the first line of a request or of its answer; `client` is null where no function of one client sent it. */
export type TakeRequest = (client: number | null, direction: WireDirection, line: string) => void;

/** A request as Node.js publishes it: of `node:http`, or of `fetch`. */
interface PublishedRequest {
  readonly request: { readonly method: string; readonly path: string };
}

interface PublishedAnswer extends PublishedRequest {
  readonly response: {
    readonly statusCode: number;
    readonly statusMessage?: string;
    readonly statusText?: string;
  };
}

interface PublishedError extends PublishedRequest {
  readonly error: unknown;
}

/** Requests of Socket.IO's polling, whose packets are shown. */
const isPolling = ({ request }: PublishedRequest) => /[?&]EIO=4\b/.test(request.path);

/** Sees the HTTP requests of this process: those by which a target logs in or publishes. */
export class RequestTap {
  readonly #take: TakeRequest;
  readonly #sender = new AsyncLocalStorage<number>();
  readonly #senders = new WeakMap<object, number>();
  readonly #listeners: ReadonlyArray<[channel: string, listener: (message: unknown) => void]>;

  /** Sees requests until {@link stop}. */
  constructor(take: TakeRequest) {
    this.#take = take;
    const onSent = (message: unknown) => this.#sent(message as PublishedRequest);
    const onAnswer = (message: unknown) => this.#answered(message as PublishedAnswer);
    const onFailed = (message: unknown) => this.#failed(message as PublishedError);
    this.#listeners = [
      ['http.client.request.start', onSent],
      ['http.client.response.finish', onAnswer],
      ['http.client.request.error', onFailed],
      ['undici:request:create', onSent],
      ['undici:request:headers', onAnswer],
      ['undici:request:error', onFailed],
    ];
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener);
  }

  /** Does some work, whose requests belong to a client. */
  of<T>(client: number, work: () => T): T {
    return this.#sender.run(client, work);
  }

  stop(): void {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
  }

  #sent(published: PublishedRequest): void {
    const { request } = published;
    const client = this.#sender.getStore();
    if (client !== undefined) this.#senders.set(request, client);
    this.#show('sent', published, requestLineOf(published));
  }

  #answered(published: PublishedAnswer): void {
    const { statusCode, statusMessage, statusText } = published.response;
    this.#show(
      'received',
      published,
      `${statusCode} ${statusMessage ?? statusText ?? ''} to ${requestLineOf(published)}`,
    );
  }

  #failed(published: PublishedError): void {
    this.#show(
      'received',
      published,
      `no answer to ${requestLineOf(published)}: ${messageOf(published.error)}`,
    );
  }

  #show(direction: WireDirection, published: PublishedRequest, line: string): void {
    if (!isPolling(published)) this.#take(this.#senders.get(published.request) ?? null, direction, line);
  }
}

function requestLineOf({ request: { method, path } }: PublishedRequest): string {
  return `${method} ${path}`;
}
