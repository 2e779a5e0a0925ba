import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { parseAddress, resolveName } from '../contract/address.ts';
import type { OutgoingRequest } from '../contract/mapping.ts';
import { reasonIn } from '../contract/replies.ts';
import type { TlsOptions } from '../contract/target.ts';
import { messageOf } from '../errors.ts';
import type { WorkerContext } from './context.ts';

/** Requests in flight at once. Further messages wait here, because waiting in an agent would pass for latency. */
const MAX_IN_FLIGHT = 64;
const MAX_WAITING = 1000;
const PUBLISHED_EVERY_MS = 10;
const CONNECTIONS = { keepAlive: true, maxSockets: MAX_IN_FLIGHT, lookup: resolveName };

/** Takes what becomes of a request: one of these is called at most. */
export interface AnswerHandlers {
  /** There was no answer. */
  readonly onFailed: (reason: string) => void;
  /** The status was 300 or more. */
  readonly onRefused: (reason: string) => void;
  /** The status was below 300, and the answer is JSON of at most {@link MAX_JSON_BYTES}. */
  readonly onAnswered: (body: unknown) => void;
}

/** Larger answers, and such that are no JSON, are not read for a reason. */
const MAX_JSON_BYTES = 64 * 1024;

/** The JSON of an answer; undefined where it is none, is too large, or was cut off. */
async function readJsonAnswer(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= MAX_JSON_BYTES) chunks.push(chunk);
    }
    return bytes > MAX_JSON_BYTES ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

export interface HttpPublisherOptions {
  /** What relative URLs are relative to. */
  readonly baseUrl: string;
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
  /** Throws for a URL that load must not be sent to. */
  readonly requireAllowed: (url: URL) => void;
}

/** Sends the HTTP requests by which messages are published where that is not done over the clients' connections. */
export class HttpPublisher {
  readonly #options: HttpPublisherOptions;
  readonly #baseUrl: URL;
  readonly #httpAgent = new HttpAgent(CONNECTIONS);
  readonly #httpsAgent: HttpsAgent;
  #waiting: Array<{ readonly start: () => void; readonly onDropped: () => void }> = [];
  #inFlight = 0;
  #isClosed = false;

  constructor(options: HttpPublisherOptions) {
    this.#options = options;
    this.#baseUrl = new URL(options.baseUrl.replace(/^ws/i, 'http'));
    this.#httpsAgent = new HttpsAgent({ ...CONNECTIONS, ...options.tls });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `start` once fewer than 64 requests are in flight, or `onDropped`. False when 1,000 messages wait. */
  whenFree(start: () => void, onDropped: () => void = () => {}): boolean {
    if (this.#inFlight < MAX_IN_FLIGHT && this.#waiting.length === 0) {
      start();
      return true;
    }
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push({ start, onDropped });
    return true;
  }

  dropWaiting(): void {
    for (const { onDropped } of this.#waiting.splice(0)) onDropped();
  }

  /** Sends a request; never throws. Redirects are not followed. */
  send(message: OutgoingRequest, headers: Readonly<Record<string, string>>, handlers: AnswerHandlers): void {
    try {
      this.#send({ ...message, headers: { ...headers, ...message.headers } }, handlers);
    } catch (error) {
      handlers.onFailed(`publishing failed: ${messageOf(error)}`);
    }
  }

  #send(
    { url, method = 'POST', headers, body }: OutgoingRequest,
    { onFailed, onRefused, onAnswered }: AnswerHandlers,
  ): void {
    const { timeoutMs, requireAllowed } = this.#options;
    const address = parseAddress(url, this.#baseUrl.href);
    if (address === null) throw new Error(`"${url}" is not a URL`);
    requireAllowed(address);
    const { content, type } = encodeBody(body);
    const secure = address.protocol === 'https:';
    const request = (secure ? httpsRequest : httpRequest)(address.href, {
      method,
      agent: secure ? this.#httpsAgent : this.#httpAgent,
      headers: { ...type, ...headers, 'content-length': Buffer.byteLength(content) },
    });
    this.#inFlight += 1;
    let isAnswered = false;
    request.on('response', (response) => {
      isAnswered = true;
      const { statusCode = 0 } = response;
      void readJsonAnswer(response).then((answer) => {
        if (statusCode < 300) {
          if (answer !== undefined) onAnswered(answer);
          return;
        }
        const reason = reasonIn(answer);
        onRefused(`HTTP status ${statusCode}${reason === null ? '' : `: ${reason}`}`);
      });
    });
    // A limit of idle time would let an answer take forever that comes a byte at a time.
    const late = new Error(`no complete answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => request.destroy(late), timeoutMs);
    request.on('error', (error) => {
      // The status counts, even if the rest of an answer never came.
      if (!isAnswered && !this.#isClosed) onFailed(`publishing failed: ${messageOf(error)}`);
    });
    request.on('close', () => {
      clearTimeout(timer);
      this.#inFlight -= 1;
      while (this.#inFlight < MAX_IN_FLIGHT && this.#waiting.length > 0) this.#waiting.shift()?.start();
    });
    request.end(content);
  }

  /** Ends all requests in flight, whose failures are not reported. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }
}

/** Waits until messages that wait for an HTTP connection are sent, and drops those that would be too late. */
export async function publishWaiting(
  publisher: HttpPublisher,
  { clock, timers, measuring }: Pick<WorkerContext, 'clock' | 'timers' | 'measuring'>,
  stopped: Promise<void>,
): Promise<void> {
  const isStopped = stopped.then(() => true);
  while (publisher.waiting > 0 && clock.nowNs() < measuring.sendBeforeNs) {
    if (await Promise.race([isStopped, timers.sleep(PUBLISHED_EVERY_MS)])) break;
  }
  publisher.dropWaiting();
}

function encodeBody(body: unknown): { content: string | Uint8Array; type: Record<string, string> } {
  if (body === undefined) return { content: '', type: {} };
  if (body instanceof Uint8Array)
    return { content: body, type: { 'content-type': 'application/octet-stream' } };
  if (typeof body === 'string')
    return { content: body, type: { 'content-type': 'text/plain; charset=utf-8' } };
  return { content: JSON.stringify(body), type: { 'content-type': 'application/json' } };
}
