import { Agent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import { type Envelope, envelopeFromJson, envelopeToJson } from '../contract/protocol.ts';
import { DEFAULT_POLL_INTERVAL_MS, type TlsOptions } from '../contract/target.ts';
import type { CloseOutcome, Connection, ConnectOptions, Driver } from './driver.ts';
import { EnvelopeExchange } from './envelope-exchange.ts';
import { reasonOf } from './reason.ts';

/** How long the server is asked to wait for a message. */
const WAIT_MS = 25_000;
const CLOSE_WITHIN_MS = 1000;

/**
 * Polls `servers/http-polling.ts` for messages. Short polling asks again `pollIntervalMs` after the last *answer*, as
 * most pages do. Requests never overlap, and their rate falls when answers are slow. Long polling asks again at once.
 * Messages are sent by separate requests, one at a time to keep their order; those that come up during a request go
 * together into the next.
 */
export const httpPolling: Driver = {
  name: 'official',
  protocol: 'http',
  transports: ['short-polling', 'long-polling'],
  summary: 'node:http with keep-alive connections',
  async connect(options) {
    const requests = openRequests(options);
    try {
      const id = await announce(requests, options.timeoutMs);
      return new PollingConnection(requests, id, options);
    } catch (error) {
      requests.close();
      throw new Error(reasonOf(error));
    }
  },
};

/** Returns the id by which the server knows the new client. */
async function announce(requests: HttpRequests, timeoutMs: number): Promise<string> {
  const timeout = new AbortController();
  const answer = await Promise.race([
    requests.start('POST', 'clients').answer,
    delay(timeoutMs, null, { signal: timeout.signal }),
  ]);
  timeout.abort();
  if (answer === null) throw new Error(`no answer within ${timeoutMs} ms`);
  requireStatus(answer, 201);
  const { id } = JSON.parse(answer.body);
  if (typeof id !== 'string') throw new Error('the answer has no client id');
  return id;
}

function requireStatus({ status }: HttpAnswer, expected: number): void {
  if (status !== expected) throw new Error(`HTTP status ${status}`);
}

class PollingConnection extends EnvelopeExchange implements Connection {
  readonly #requests: HttpRequests;
  readonly #path: string;
  readonly #options: ConnectOptions;
  readonly #outgoing: string[] = [];
  #posting: Promise<void> | null = null;
  #abortPoll = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** Number of the last message received. */
  #last = 0;
  #state: 'open' | 'closing' | 'over' = 'open';
  #onDropped: (reason: string) => void = () => {};

  constructor(requests: HttpRequests, id: string, options: ConnectOptions) {
    super(options.forgetAfterMs);
    this.#requests = requests;
    this.#path = `clients/${id}`;
    this.#options = options;
    void this.#pollOnce();
  }

  onDropped(handler: (reason: string) => void): void {
    this.#onDropped = handler;
  }

  async close(): Promise<CloseOutcome | null> {
    if (this.#state !== 'open') return null;
    this.#state = 'closing';
    clearTimeout(this.#timer);
    this.#abortPoll();
    await Promise.race([this.#leave(), delay(CLOSE_WITHIN_MS, null, { ref: false })]);
    this.#end();
    return null;
  }

  /** Sends what is queued, then leaves the server. */
  async #leave(): Promise<void> {
    await this.#posting;
    if (this.#state === 'over') return;
    // The server may be gone.
    await this.#requests.start('DELETE', this.#path).answer.catch(() => {});
  }

  #end(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
    this.#requests.close();
  }

  #drop(reason: string): void {
    if (this.#state !== 'open') return;
    this.#end();
    this.#onDropped(reason);
  }

  async #pollOnce(): Promise<void> {
    const { transport, onPolled, pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = this.#options;
    const waits = transport === 'long-polling';
    const query = { after: this.#last, ...(waits ? { waitMs: WAIT_MS } : {}) };
    const { answer, abort } = this.#requests.start('GET', `${this.#path}/messages`, { query });
    this.#abortPoll = abort;
    const batch = await this.#batchOf(answer);
    if (batch === null || this.#state !== 'open') return;
    onPolled?.(batch.messages.length === 0);
    this.#last = batch.last;
    for (const message of batch.messages) this.receive(message);
    if (waits) void this.#pollOnce();
    else this.#timer = setTimeout(() => void this.#pollOnce(), pollIntervalMs);
  }

  /** Null when the answer could not be used. */
  async #batchOf(answered: Promise<HttpAnswer>): Promise<{ last: number; messages: Envelope[] } | null> {
    try {
      const answer = await answered;
      requireStatus(answer, 200);
      const { last, messages } = JSON.parse(answer.body);
      return { last, messages: messages.map(envelopeFromJson) };
    } catch (error) {
      this.#drop(reasonOf(error));
      return null;
    }
  }

  protected override send(envelope: Envelope): void {
    if (this.#state !== 'open') return;
    this.#outgoing.push(envelopeToJson(envelope));
    this.#posting ??= this.#post();
  }

  async #post(): Promise<void> {
    try {
      while (this.#outgoing.length > 0) {
        const json = `[${this.#outgoing.splice(0).join(',')}]`;
        requireStatus(await this.#requests.start('POST', `${this.#path}/messages`, { json }).answer, 204);
      }
    } catch (error) {
      this.#drop(reasonOf(error));
    }
    this.#posting = null;
  }
}

/** A client's own agent, which keeps connections open between requests, as browsers do. */
export function clientAgent(url: URL, tls: TlsOptions): Agent {
  const options = { keepAlive: true, ...tls };
  return url.protocol === 'https:' ? new HttpsAgent(options) : new Agent(options);
}

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** The requests of one client to one server, over keep-alive connections as a browser's are. */
function openRequests({ url, headers = {}, query: ofClient = {}, tls = {} }: ConnectOptions) {
  const base = new URL(url);
  for (const [name, value] of Object.entries(ofClient)) base.searchParams.set(name, value);
  const agent = clientAgent(base, tls);
  return {
    /** Requests a path below the server's URL. `answer` rejects with the system's error, or after `abort`. */
    start(
      method: 'GET' | 'POST' | 'DELETE',
      path: string,
      { query = {}, json }: { query?: Readonly<Record<string, number>>; json?: string } = {},
    ) {
      const address = new URL(base);
      address.pathname = `${address.pathname.replace(/\/$/, '')}/${path}`;
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
      const request = (address.protocol === 'https:' ? requestHttps : requestHttp)({
        ...urlToHttpOptions(address),
        method,
        agent,
        headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      });
      const answer = new Promise<HttpAnswer>((resolve, reject) => {
        request.once('error', reject);
        request.once('response', (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            body += chunk;
          });
          response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
          response.once('error', reject);
        });
      });
      request.end(json);
      return { answer, abort: () => void request.destroy() };
    },
    /** Closes all connections; requests in flight fail. */
    close: () => agent.destroy(),
  };
}

type HttpRequests = ReturnType<typeof openRequests>;
