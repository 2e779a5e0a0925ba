import { Agent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { endpointOf, isSecure, resolveName } from '../contract/address.ts';
import type { ConnectOptions } from './driver.ts';

/** The longest answer that is read; the `ws` package has the same limit for a message. */
const MAX_ANSWER_BYTES = 100 * 1024 * 1024;

/** A connection that fails at once. */
function failedConnection(reason: string): Socket {
  const socket = new Socket();
  process.nextTick(() => socket.destroy(new Error(reason)));
  return socket;
}

/**
 * A client's own agent, which keeps connections open between requests, as browsers do. It serves the host and port
 * of `url` only. No URL that the client composes from it, a path and an answer leads to another address. With `dial`,
 * it connects there; the name for TLS is that of the URL.
 */
export function clientAgent(
  url: URL,
  { tls = {}, localAddress, dial }: Pick<ConnectOptions, 'tls' | 'localAddress' | 'dial'>,
): Agent {
  const source = localAddress === undefined ? {} : { localAddress };
  const options = { keepAlive: true, lookup: resolveName, ...source, ...tls };
  const agent = isSecure(url) ? new HttpsAgent(options) : new Agent(options);
  const allowed = endpointOf(url);
  const connect = agent.createConnection.bind(agent);
  // The certificate belongs to the name in the URL. Node.js would compare it with the host that is dialled.
  const identity: typeof checkServerIdentity = (_, certificate) =>
    checkServerIdentity(tls.servername ?? allowed.host, certificate);
  const dialled = dial === undefined ? {} : { ...dial, checkServerIdentity: identity };
  agent.createConnection = (target, onCreated) => {
    const { host, port } = target;
    if (host === allowed.host && Number(port) === allowed.port)
      return connect({ ...target, ...dialled }, onCreated);
    return failedConnection(`the client would connect to ${host}:${port} instead of ${url.host}`);
  };
  return agent;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly agent: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** The complete answer has to arrive in this time; infinite for no limit. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends one request and reads its answer. Redirects are not followed. `answer` rejects with the system's error, when the
 * answer is not complete in time or longer than 100 MiB, and after `abort`.
 */
export function startRequest(url: URL, { method, agent, headers, body, timeoutMs }: HttpRequest) {
  const aborting = new AbortController();
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)({
      ...urlToHttpOptions(url),
      method,
      agent,
      ...(headers === undefined ? {} : { headers: { ...headers } }),
      signal: aborting.signal,
    });
    const fail = (reason: string) => request.destroy(new Error(reason));
    const timer = Number.isFinite(timeoutMs)
      ? setTimeout(() => fail(`no complete answer within ${timeoutMs} ms`), timeoutMs)
      : undefined;
    request.once('close', () => clearTimeout(timer));
    // Destroying the request may emit another error.
    request.on('error', reject);
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_ANSWER_BYTES) fail(`an answer is longer than ${MAX_ANSWER_BYTES} bytes`);
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    request.once('upgrade', ({ statusCode = 101 }, socket) => {
      socket.destroy();
      resolve({ status: statusCode, body: '' });
    });
    request.end(body);
  });
  return { answer, abort: () => aborting.abort() };
}
