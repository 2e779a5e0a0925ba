import { type Agent, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { clientAgent } from './client-agent.ts';
import type { ConnectOptions } from './driver.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request under way. */
export interface PendingRequest {
  /** Rejects with the system's error when the connection breaks, or when it is given up. */
  readonly answer: Promise<Answer>;
  readonly giveUp: () => void;
}

/** One client's requests to one server, over connections that stay open in between, as a browser's do. */
export class HttpRequests {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;

  constructor({ url, headers = {}, query = {}, tls = {} }: ConnectOptions) {
    this.#base = new URL(url);
    for (const [name, value] of Object.entries(query)) this.#base.searchParams.set(name, value);
    this.#headers = headers;
    this.#agent = clientAgent(this.#base, tls);
  }

  /** Requests a path below the server's URL; `json` is the body. */
  start(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    { query = {}, json }: { query?: Readonly<Record<string, number>>; json?: string } = {},
  ): PendingRequest {
    const address = new URL(this.#base);
    address.pathname = `${address.pathname.replace(/\/$/, '')}/${path}`;
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
    const send = address.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send({
      ...urlToHttpOptions(address),
      method,
      agent: this.#agent,
      headers: { ...this.#headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    });
    const answer = new Promise<Answer>((resolve, reject) => {
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
    return { answer, giveUp: () => request.destroy() };
  }

  /** Closes all connections; requests under way fail. */
  close(): void {
    this.#agent.destroy();
  }
}
