import { setTimeout as delay } from 'node:timers/promises';
import {
  type ClientEnvelope,
  type Envelope,
  envelopeFromJson,
  envelopeToJson,
} from '../contract/protocol.ts';
import { DEFAULT_POLL_INTERVAL_MS } from '../contract/target.ts';
import { messageOf } from '../errors.ts';
import {
  type CloseOutcome,
  type Connection,
  type ConnectOptions,
  type Driver,
  urlWithQuery,
} from './driver.ts';
import { ConnectionEnding, connectWithin } from './ending.ts';
import { EnvelopeExchange } from './envelope-exchange.ts';
import { clientAgent, type HttpAnswer, type HttpRequest, startRequest } from './http.ts';
import { reasonOf } from './reason.ts';

/** How long the server is asked to wait for a message. */
const WAIT_MS = 25_000;
/** How long an answer may take: as long as Socket.IO's clients wait for a ping by default. */
const ANSWER_WITHIN_MS = 45_000;
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
  connect: (options) =>
    connectWithin(options, (resolve, reject) => {
      const requests = openRequests(options);
      const { answer, abort } = requests.start('POST', 'clients');
      answer.then(clientIdIn).then(
        (id) => resolve(new PollingConnection(requests, id, options)),
        (error) => reject(reasonOf(error)),
      );
      return {
        abandon() {
          abort();
          requests.close();
        },
      };
    }),
};

/** Returns the id by which the server knows the new client. */
function clientIdIn(answer: HttpAnswer): string {
  requireStatus(answer, 201);
  const { id } = objectIn(answer);
  if (typeof id !== 'string') throw new Error('the answer has no client id');
  return id;
}

function requireStatus({ status }: HttpAnswer, expected: number): void {
  if (status !== expected) throw new Error(`HTTP status ${status}`);
}

function objectIn({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
  const value = jsonIn(body);
  if (typeof value !== 'object' || value === null) throw new Error('the answer is not a JSON object');
  return { ...value };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`the answer is not JSON: ${messageOf(error)}`);
  }
}

/** The messages of an answer, and the number of the last one. */
function batchIn(answer: HttpAnswer): { readonly last: number; readonly messages: readonly Envelope[] } {
  requireStatus(answer, 200);
  const { last, messages } = objectIn(answer);
  if (typeof last !== 'number') throw new Error('the answer has no number of the last message');
  if (!Array.isArray(messages)) throw new Error('the answer has no list of messages');
  return { last, messages: messages.map(envelopeFromJson) };
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
  readonly #ending: ConnectionEnding;

  constructor(requests: HttpRequests, id: string, options: ConnectOptions) {
    super(options.forgetAfterMs, options.onRead);
    this.#requests = requests;
    this.#path = `clients/${id}`;
    this.#options = options;
    this.#ending = new ConnectionEnding({ abandon: () => this.#release() });
    void this.#pollOnce();
  }

  onDropped(handler: (reason: string) => void): void {
    this.#ending.onDropped(handler);
  }

  async close(): Promise<CloseOutcome | null> {
    if (!this.#ending.close()) return null;
    clearTimeout(this.#timer);
    this.#abortPoll();
    await Promise.race([this.#leave(), delay(CLOSE_WITHIN_MS, null, { ref: false })]);
    this.#release();
    return null;
  }

  /** Sends what is queued, then leaves the server. */
  async #leave(): Promise<void> {
    await this.#posting;
    // The server may be gone.
    await this.#requests.start('DELETE', this.#path).answer.catch(() => {});
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#requests.close();
  }

  async #pollOnce(): Promise<void> {
    const { transport, pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = this.#options;
    const waits = transport === 'long-polling';
    const query = { after: this.#last, ...(waits ? { waitMs: WAIT_MS } : {}) };
    const { answer, abort } = this.#requests.start('GET', `${this.#path}/messages`, { query });
    this.#abortPoll = abort;
    try {
      const batch = batchIn(await answer);
      this.#ending.guard(() => this.#take(batch));
    } catch (error) {
      this.#ending.drop(reasonOf(error));
    }
    if (!this.#ending.isOpen) return;
    if (waits) void this.#pollOnce();
    else this.#timer = setTimeout(() => void this.#pollOnce(), pollIntervalMs);
  }

  #take({ last, messages }: ReturnType<typeof batchIn>): void {
    this.#options.onPolled?.(messages.length === 0);
    this.#last = last;
    for (const message of messages) this.receive(message);
  }

  protected override send(envelope: ClientEnvelope): void {
    if (!this.#ending.isOpen) return;
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
      this.#ending.drop(reasonOf(error));
    }
    this.#posting = null;
  }
}

/** The requests of one client to one server, over keep-alive connections as a browser's are. */
function openRequests(options: ConnectOptions) {
  const { headers = {} } = options;
  const base = urlWithQuery(options);
  const agent = clientAgent(base, options);
  return {
    /** Requests a path below the server's URL. */
    start(
      method: HttpRequest['method'],
      path: string,
      { query = {}, json }: { query?: Readonly<Record<string, number>>; json?: string } = {},
    ) {
      const address = new URL(base);
      address.pathname = `${address.pathname.replace(/\/$/, '')}/${path}`;
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
      return startRequest(address, {
        method,
        agent,
        headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
        body: json,
        timeoutMs: ANSWER_WITHIN_MS,
      });
    },
    /** Closes all connections; requests in flight fail. */
    close: () => agent.destroy(),
  };
}

type HttpRequests = ReturnType<typeof openRequests>;
