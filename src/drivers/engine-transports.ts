import type { Agent } from 'node:http';
import { NodeWebSocket, NodeXHR } from 'socket.io-client';
import { type HttpRequest, startRequest } from './http.ts';
import { UNKNOWN_SESSION } from './reason.ts';

/** The message of an error that reading a packet of the server threw; the error is its description. */
export const UNREADABLE_PACKET = 'unreadable packet';

/**
 * Engine.IO's WebSocket transport. What the client throws while it reads a packet ends this connection as a transport
 * error. Otherwise it would end the process.
 */
export class EngineWebSocket extends NodeWebSocket {
  protected override onData(data: Parameters<NodeWebSocket['onData']>[0]): void {
    try {
      super.onData(data);
    } catch (error) {
      this.onError(UNREADABLE_PACKET, error);
    }
  }
}

/**
 * Engine.IO's polling transport with the requests of Node.js. The client's own requests follow redirects, throw outside
 * of any handler when a redirect names no URL, and collect answers without end.
 */
export class EnginePolling extends NodeXHR {
  override doPoll(): void {
    this.#request('GET', undefined, 'xhr poll error', (body) => this.onData(body));
  }

  override doWrite(data: string, onFlushed: () => void): void {
    this.#request('POST', data, 'xhr post error', onFlushed);
  }

  #request(
    method: HttpRequest['method'],
    body: string | undefined,
    problem: string,
    onAnswered: (body: string) => void,
  ): void {
    const { extraHeaders = {}, agent } = this.opts as {
      extraHeaders?: Record<string, string>;
      agent?: unknown;
    };
    const { answer } = startRequest(new URL(this.uri()), {
      method,
      body,
      agent: agent as Agent,
      headers: { accept: '*/*', ...(body === undefined ? {} : TEXT), ...extraHeaders },
      // Engine.IO itself drops a connection without a ping.
      timeoutMs: Number.POSITIVE_INFINITY,
    });
    answer.then(
      ({ status, body: text }) => {
        if (status !== 200) {
          this.onError(
            problem,
            text.includes(UNKNOWN_SESSION) ? new Error(`HTTP status ${status}, ${UNKNOWN_SESSION}`) : status,
          );
          return;
        }
        try {
          onAnswered(text);
        } catch (error) {
          this.onError(UNREADABLE_PACKET, error);
        }
      },
      (error) => this.onError(problem, error),
    );
  }
}

const TEXT = { 'content-type': 'text/plain;charset=UTF-8' };
