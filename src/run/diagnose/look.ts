import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { TlsOptions } from '../../contract/target.ts';

/** What one request met. */
export type Sight =
  | Answer
  /** It took the WebSocket handshake. */
  | { readonly kind: 'upgraded' }
  | { readonly kind: 'failed'; readonly error: NodeJS.ErrnoException }
  /** Nothing came in time; `accepted` when at least the connection was made. */
  | { readonly kind: 'silent'; readonly accepted: boolean };

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Without its parameters, such as `text/html`; empty when there is none. */
  readonly contentType: string;
  /** Where a redirect leads; empty for anything else. */
  readonly location: string;
  /** The first piece of the body. */
  readonly body: string;
}

export interface LookOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  /** Aborting ends the look: what has not answered by then is silent. */
  readonly signal: AbortSignal;
}

/** What turns a look into a WebSocket handshake (RFC 6455, section 4.1); the key is the one of its example. */
export const WEBSOCKET_HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;

/**
 * Sends one GET request to an `http:` or `https:` URL and tells what came back. Never rejects, follows no
 * redirect, and leaves no connection behind.
 */
export function lookAt(url: URL, { headers, tls, signal }: LookOptions): Promise<Sight> {
  return new Promise((resolve) => {
    let accepted = false;
    const fail = (error: unknown) => {
      if (signal.aborted) resolve({ kind: 'silent', accepted });
      else resolve({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
    };
    try {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = send(url, { headers, agent: false, signal, ...tls });
      request.once('socket', (socket) => {
        socket.once('connect', () => {
          accepted = true;
        });
      });
      request.once('response', (response) => {
        void answerOf(response).then((answer) => {
          resolve(answer);
          request.destroy();
        });
      });
      request.once('upgrade', (_response, socket) => {
        resolve({ kind: 'upgraded' });
        socket.destroy();
      });
      // Destroying it may come as an error once more.
      request.on('error', fail);
      request.end();
    } catch (error) {
      // Headers or certificates that Node.js does not take.
      fail(error);
    }
  });
}

/** A body may be endless, so the first piece of it must do. */
function answerOf(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const [contentType = ''] = (headers['content-type'] ?? '').split(';');
  return new Promise((resolve) => {
    const settle = (body: string) =>
      resolve({ kind: 'answer', status, contentType, location: headers.location ?? '', body });
    response.once('data', (chunk) => settle(String(chunk)));
    response.once('end', () => settle(''));
    response.once('error', () => settle(''));
  });
}
