import { setTimeout as delay } from 'node:timers/promises';
import { type Envelope, envelopeFromJson, envelopeToJson } from '../contract/protocol.ts';
import { DEFAULT_POLL_INTERVAL_MS } from '../contract/target.ts';
import type { CloseOutcome, Connection, ConnectOptions, Driver } from './driver.ts';
import { EnvelopeExchange } from './envelope-exchange.ts';
import { type Answer, HttpRequests, type PendingRequest } from './http-requests.ts';
import { reasonOf } from './reason.ts';

/** For how long the server is asked to wait for a message. */
const WAIT_MS = 25_000;
const CLOSE_WITHIN_MS = 1000;

/**
 * Asks `servers/http-polling.ts` for messages. Short polling asks again `pollIntervalMs` after the last *answer*,
 * as a page does whose timer is set again when the answer is there; so requests never overlap, and their rate
 * falls when answers are slow. Long polling asks again at once. What is sent meanwhile goes by requests of its own,
 * one at a time so that its order holds; what comes up during one of them goes into the next together.
 */
export const httpPolling: Driver = {
  name: 'official',
  protocol: 'http',
  transports: ['short-polling', 'long-polling'],
  summary: 'node:http, connections kept open as browsers do',
  async connect(options) {
    const requests = new HttpRequests(options);
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
  if (typeof id !== 'string') throw new Error('the server answered without an id');
  return id;
}

function requireStatus({ status }: Answer, expected: number): void {
  if (status !== expected) throw new Error(`HTTP status ${status}`);
}

class PollingConnection extends EnvelopeExchange implements Connection {
  readonly #requests: HttpRequests;
  readonly #path: string;
  readonly #options: ConnectOptions;
  readonly #outgoing: string[] = [];
  #posting: Promise<void> | null = null;
  #poll: PendingRequest | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Number of the last message received. */
  #last = 0;
  #state: 'open' | 'closing' | 'over' = 'open';
  #onDropped: (reason: string) => void = () => {};

  constructor(requests: HttpRequests, id: string, options: ConnectOptions) {
    super();
    this.#requests = requests;
    this.#path = `clients/${id}`;
    this.#options = options;
    void this.#ask();
  }

  onDropped(handler: (reason: string) => void): void {
    this.#onDropped = handler;
  }

  async close(): Promise<CloseOutcome | null> {
    if (this.#state !== 'open') return null;
    this.#state = 'closing';
    clearTimeout(this.#timer);
    this.#poll?.giveUp();
    const timeoutAfter = new AbortController();
    await Promise.race([
      this.#leave(),
      delay(CLOSE_WITHIN_MS, null, { signal: timeoutAfter.signal }).catch(() => {}),
    ]);
    timeoutAfter.abort();
    this.#end();
    return null;
  }

  /** Sends what is still to be sent, and tells the server. */
  async #leave(): Promise<void> {
    await this.#posting;
    if (this.#state === 'over') return;
    // A server that is gone need not be told.
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

  /** Asks for messages once, and sets the time for the next. */
  async #ask(): Promise<void> {
    const { transport, onPolled, pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = this.#options;
    const waits = transport === 'long-polling';
    const query = { after: this.#last, ...(waits ? { waitMs: WAIT_MS } : {}) };
    this.#poll = this.#requests.start('GET', `${this.#path}/messages`, { query });
    const batch = await this.#batchOf(this.#poll);
    if (batch === null || this.#state !== 'open') return;
    onPolled?.(batch.messages.length === 0);
    this.#last = batch.last;
    for (const message of batch.messages) this.receive(message);
    if (waits) void this.#ask();
    else this.#timer = setTimeout(() => void this.#ask(), pollIntervalMs);
  }

  /** Null when the answer was none that can be used. */
  async #batchOf(poll: PendingRequest): Promise<{ last: number; messages: Envelope[] } | null> {
    try {
      const answer = await poll.answer;
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
