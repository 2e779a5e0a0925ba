import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { OutgoingRequest, TlsOptions } from '../contract/target.ts';
import { messageOf } from '../errors.ts';

const MOST_CONNECTIONS = 64;

export interface HttpPublisherOptions {
  /** What relative URLs are relative to. */
  readonly baseUrl: string;
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
}

/** Sends the requests by which messages are published where that is not done over the clients' connections. */
export class HttpPublisher {
  readonly #options: HttpPublisherOptions;
  readonly #baseUrl: URL;
  readonly #httpAgent = new HttpAgent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
  readonly #httpsAgent: HttpsAgent;
  #isClosed = false;

  constructor(options: HttpPublisherOptions) {
    this.#options = options;
    this.#baseUrl = new URL(options.baseUrl.replace(/^ws/i, 'http'));
    this.#httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: MOST_CONNECTIONS, ...options.tls });
  }

  /**
   * Hands a request over for sending, with `headers` of its sender beside its own; never waits and never throws. `onFailed` is called once if it is not answered
   * with a status below 300: a redirect is not followed.
   */
  send(
    message: OutgoingRequest,
    headers: Readonly<Record<string, string>>,
    onFailed: (reason: string) => void,
  ): void {
    try {
      this.#send({ ...message, headers: { ...headers, ...message.headers } }, onFailed);
    } catch (error) {
      onFailed(`publishing failed: ${messageOf(error)}`);
    }
  }

  #send({ url, method = 'POST', headers, body }: OutgoingRequest, onFailed: (reason: string) => void): void {
    const { timeoutMs } = this.#options;
    const address = URL.parse(url, this.#baseUrl.href);
    if (address === null) throw new Error(`"${url}" is not a URL`);
    const { content, type } = encodeBody(body);
    const secure = address.protocol === 'https:';
    const request = (secure ? httpsRequest : httpRequest)(address.href, {
      method,
      agent: secure ? this.#httpsAgent : this.#httpAgent,
      headers: {
        ...type,
        ...headers,
        'content-length': Buffer.byteLength(content),
      },
      timeout: timeoutMs,
    });
    let isAnswered = false;
    request.on('response', (response) => {
      isAnswered = true;
      if ((response.statusCode ?? 0) >= 300)
        onFailed(`publishing was answered with HTTP status ${response.statusCode}`);
      response.resume();
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    request.on('error', (error) => {
      // The status counts; that the rest of an answer never came is no matter.
      if (!isAnswered && !this.#isClosed) onFailed(`publishing failed: ${messageOf(error)}`);
    });
    request.end(content);
  }

  /** Gives up what is under way; of that nothing more is told. */
  close(): void {
    this.#isClosed = true;
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }
}

function encodeBody(body: unknown): { content: string | Uint8Array; type: Record<string, string> } {
  if (body === undefined) return { content: '', type: {} };
  if (body instanceof Uint8Array)
    return { content: body, type: { 'content-type': 'application/octet-stream' } };
  if (typeof body === 'string')
    return { content: body, type: { 'content-type': 'text/plain; charset=utf-8' } };
  return { content: JSON.stringify(body), type: { 'content-type': 'application/json' } };
}
