/**
 * Polling clients speak plain HTTP:
 *
 *     POST   /clients                                    -> 201 {"id": ID}
 *     POST   /clients/ID/messages  [envelope, ...]       -> 204
 *     GET    /clients/ID/messages?after=N&waitMs=T       -> 200 {"last": M, "messages": [envelope, ...]}
 *     DELETE /clients/ID                                 -> 204
 *
 * A GET returns all messages after message N, the last one that the client has. Without `waitMs`, or with 0, the
 * server answers at once, even with no message. Otherwise it answers with the first message, or after that time.
 * Status 404 means that the client does not exist, 400 that the request is malformed; 400 also removes the client.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Envelope, envelopeFromJson, envelopeToJson, type Scope } from '../../src/contract/protocol.ts';
import type { ReferenceServer } from '../../src/contract/server.ts';
import { EnvelopeChat, Rooms } from '../envelope-chat.ts';
import { listen } from '../listen.ts';
import { type Batch, Mailbox } from './mailbox.ts';

/** Maximum wait of a poll. Proxies usually give up after 30 s. */
const MAX_WAIT_MS = 25_000;
/** A client that has not polled for this time is removed. */
const CLIENT_TIMEOUT_MS = 30_000;
const TIMEOUT_CHECK_MS = 1000;
/** Longer than a client may be silent, so that no request meets a connection that is about to close. */
const KEEP_ALIVE_MS = 2 * CLIENT_TIMEOUT_MS;
/** In characters; about the limit of the package ws. */
const MAX_BODY_LENGTH = 100 * 1024 ** 2;

export const server: ReferenceServer = {
  name: 'http-polling',
  summary: 'plain HTTP (node:http), short polling and long polling',
  protocol: 'http',
  transports: ['short-polling', 'long-polling'],
  settings: [],
  async start(options) {
    const chat = new PollingChat();
    const http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      // An aborted request needs no answer.
      handleRequest(chat, request, response).catch(() => response.destroy());
    });
    const timeoutCheck = setInterval(() => chat.dropSilent(CLIENT_TIMEOUT_MS), TIMEOUT_CHECK_MS);
    timeoutCheck.unref();
    return {
      url: `http://${await listen(http, options)}`,
      close: () =>
        new Promise((resolve) => {
          clearInterval(timeoutCheck);
          http.close(() => resolve());
          http.closeAllConnections();
        }),
    };
  },
};

/** One client and the messages for it. */
interface PollingClient {
  readonly id: string;
  readonly mailbox: Mailbox;
}

class PollingChat extends EnvelopeChat<PollingClient> {
  readonly #byId = new Map<string, PollingClient>();
  readonly #everyone = new Set<PollingClient>();
  readonly #rooms = new Rooms(this.#everyone);

  enter(): PollingClient {
    const client = { id: randomUUID(), mailbox: new Mailbox(() => performance.now()) };
    this.#byId.set(client.id, client);
    this.#everyone.add(client);
    return client;
  }

  find(id: string): PollingClient | undefined {
    return this.#byId.get(id);
  }

  leave(client: PollingClient): void {
    this.#byId.delete(client.id);
    this.#everyone.delete(client);
    this.#rooms.leave(client);
    client.mailbox.close();
  }

  dropSilent(afterMs: number): void {
    for (const client of this.#everyone) {
      if (client.mailbox.silentMs() > afterMs) this.leave(client);
    }
  }

  protected override send({ mailbox }: PollingClient, envelope: Envelope): void {
    mailbox.put(envelopeToJson(envelope));
  }

  protected override join(client: PollingClient, room: string): void {
    this.#rooms.join(client, room);
  }

  protected override publish(sender: PollingClient, envelope: Envelope, scope: Scope, room: string): void {
    const message = envelopeToJson(envelope);
    this.#rooms.eachOf(scope, sender, room, ({ mailbox }) => mailbox.put(message));
  }
}

async function handleRequest(
  chat: PollingChat,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, root, id, messages, ...rest] = url.pathname.split('/');
  const isRoute = root === 'clients' && rest.length === 0 && (messages ?? 'messages') === 'messages';
  if (isRoute && id === undefined && request.method === 'POST') {
    respond(response, 201, JSON.stringify({ id: chat.enter().id }));
    return;
  }
  const client = isRoute && id !== undefined ? chat.find(id) : undefined;
  if (client === undefined) {
    respond(response, 404);
    return;
  }
  switch (`${request.method} ${messages ?? ''}`) {
    case 'POST messages':
      handleMessages(chat, client, await bodyOf(request), response);
      break;
    case 'GET messages':
      poll(chat, client, url.searchParams, response);
      break;
    case 'DELETE ':
      chat.leave(client);
      respond(response, 204);
      break;
    default:
      respond(response, 405);
  }
}

/** Handles a client's envelopes in order. Removes the client when no handler can use one, as a WebSocket is closed. */
function handleMessages(
  chat: PollingChat,
  client: PollingClient,
  body: string,
  response: ServerResponse,
): void {
  try {
    const envelopes: unknown = JSON.parse(body);
    if (!Array.isArray(envelopes)) throw new SyntaxError('expected a list of envelopes');
    for (const envelope of envelopes) chat.handle(client, envelopeFromJson(envelope));
    respond(response, 204);
  } catch {
    chat.leave(client);
    respond(response, 400);
  }
}

function poll(
  chat: PollingChat,
  client: PollingClient,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const waitMs = Math.min(Number(query.get('waitMs') ?? 0), MAX_WAIT_MS);
  const answer = ({ last, messages }: Batch) =>
    respond(response, 200, `{"last":${last},"messages":[${messages.join(',')}]}`);
  response.once('close', () => client.mailbox.cancel(answer));
  try {
    client.mailbox.poll(Number(query.get('after') ?? 0), waitMs, answer);
  } catch {
    chat.leave(client);
    respond(response, 400);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MAX_BODY_LENGTH) throw new RangeError('the body is too large');
  }
  return body;
}

function respond(response: ServerResponse, status: number, json: string | null = null): void {
  if (json === null) response.writeHead(status).end();
  else {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
    response.writeHead(status, headers).end(json);
  }
}
