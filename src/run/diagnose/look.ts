import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { resolveName } from '../../contract/address.ts';
import type { Protocol, TlsOptions } from '../../contract/target.ts';
import type { ConnectOptions } from '../../drivers/driver.ts';
import { foreign } from '../../foreign.ts';

/** The cause, as the end of a sentence, and what to do, as a sentence. */
export interface Diagnosis {
  readonly found: string;
  readonly hint: string;
}

/** What is known of a run in which no client could connect. */
export interface Refused {
  readonly protocol: Protocol;
  readonly clients: number;
  /** As the clients connected. */
  readonly connect: ConnectOptions;
  /** The driver's most frequent reason. */
  readonly reason: string;
  /** The rest of the connect timeout. Looking may take half a second longer. */
  readonly leftMs: number;
}

export const GIVE_CREDENTIALS =
  'In a target file, give the auth, headers or query that the clients of this server send; see docs/your-own-server.md.';

/** The URL of the clients' first request, for other protocols than Socket.IO. */
export function requestUrl({ url, query = {} }: ConnectOptions): URL {
  const address = new URL(url.replace(/^ws/, 'http'));
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return address;
}

/** The URL of a Socket.IO client's first poll (github.com/socketio/engine.io-protocol). */
export function engineIoUrl(connect: ConnectOptions): URL {
  const address = requestUrl(connect);
  address.pathname = `${(connect.path ?? '/socket.io').replace(/\/$/, '')}/`;
  address.searchParams.set('EIO', '4');
  address.searchParams.set('transport', 'polling');
  return address;
}

/** The address of the same server for another protocol, without the path. */
export function addressFor(protocol: Protocol, { url }: ConnectOptions): string {
  const isSecure = /^(https|wss):/.test(url);
  return `${protocol === 'ws' ? 'ws' : 'http'}${isSecure ? 's' : ''}://${new URL(url).host}`;
}

/** The outcome of one request. */
export type Sight =
  | Answer
  /** The server accepted the WebSocket handshake. */
  | { readonly kind: 'upgraded' }
  | { readonly kind: 'failed'; readonly error: NodeJS.ErrnoException }
  /** No answer arrived in time. `accepted`: the connection was made. `hasBegun`: a part of an answer arrived. */
  | { readonly kind: 'silent'; readonly accepted: boolean; readonly hasBegun: boolean };

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Without its parameters, such as `text/html`; empty when there is none. */
  readonly contentType: string;
  /** The location of a redirect; empty for other answers. */
  readonly location: string;
  /** The first chunk of the body. */
  readonly body: string;
}

/** What a request has besides the headers and the TLS options of the clients. */
interface Additions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
}

/**
 * Sends one GET request to an `http:` or `https:` URL. Never rejects, follows no redirect, and leaves no connection
 * behind.
 */
export type LookAt = (url: URL, additions?: Additions) => Promise<Sight>;

/** Headers of a WebSocket handshake (RFC 6455, section 4.1), with the key of its example. */
export const WEBSOCKET_HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;

/** The only sound answer to that key: the example of RFC 6455, section 1.3. */
const WEBSOCKET_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** Looks as a client does. Aborting ends each look with `silent`. */
export function lookAs({ headers, tls }: ConnectOptions, signal: AbortSignal): LookAt {
  return (url, additions = {}) =>
    request(url, {
      headers: { ...headers, ...additions.headers },
      agent: false,
      lookup: resolveName,
      signal,
      ...tls,
      ...additions.tls,
    });
}

function request(url: URL, options: RequestOptions & { readonly signal: AbortSignal }): Promise<Sight> {
  return new Promise((resolve) => {
    let accepted = false;
    let readBytes = () => 0;
    const fail = (error: unknown) => {
      if (options.signal.aborted) resolve({ kind: 'silent', accepted, hasBegun: readBytes() > 0 });
      else resolve({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
    };
    try {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const sent = send(url, options);
      sent.once('socket', (socket) => {
        readBytes = () => socket.bytesRead;
        socket.once('connect', () => {
          accepted = true;
        });
      });
      sent.once('response', async (response) => {
        resolve(await readAnswer(response));
        sent.destroy();
      });
      sent.once('upgrade', ({ headers }, socket) => {
        if (headers['sec-websocket-accept'] === WEBSOCKET_ACCEPT) resolve({ kind: 'upgraded' });
        else fail(new Error('the answer is none to the WebSocket handshake'));
        socket.destroy();
      });
      // Destroying the request may emit another error.
      sent.on('error', fail);
      sent.end();
    } catch (error) {
      // Node.js rejects some headers and certificates.
      fail(error);
    }
  });
}

/** Reads the first chunk of the body only, since a body may be endless. */
async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const [contentType = ''] = (headers['content-type'] ?? '').split(';');
  const [body = ''] = await Promise.race([once(response, 'data'), once(response, 'end')]).catch(() => []);
  return {
    kind: 'answer',
    status,
    contentType: foreign(contentType, 60),
    location: headers.location ?? '',
    body: String(body),
  };
}
