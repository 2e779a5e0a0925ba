import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { z } from 'zod';
import { endpointOf } from '../../contract/address.ts';
import { fail, messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import type { Clock } from '../../measure/clock.ts';
import { describeListener } from '../server/port.ts';
import { type Desk, Refusal } from './desk.ts';
import { callerSchema, parseShared } from './documents.ts';
import {
  joinSchema,
  nonceRequestSchema,
  nothingSchema,
  RENDEZVOUS_PATH,
  reportSchema,
} from './url-messages.ts';

/** Limits of a client, in milliseconds: a slow or silent one is disconnected. */
const SERVER_LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
};

const MAX_BODY_BYTES = 4096;
/** Lists the clients of a shard. Only processes of this run may send one. */
const MAX_JOIN_BYTES = 16 * 1024 ** 2;

/** Answers a request; the time is when it arrived. Throws a Refusal, or BadRequest. */
type DeskHandler = (body: string, receivedNs: number) => object;

class BadRequest extends Error {}

/** Where shard 1 serves the desk. */
export class DeskServer {
  readonly #server: Server;
  readonly #desk: Desk;
  readonly #path: string;
  readonly #handlers: ReadonlyMap<string, DeskHandler>;

  constructor(url: URL, desk: Desk, clock: Clock, count: number, limits = SERVER_LIMITS) {
    this.#desk = desk;
    this.#path = pathOf(url);
    this.#handlers = handlersOf(desk, clock);
    this.#server = createServer(limits, (request, response) => {
      void this.#handle(request, response, clock.nowNs());
    });
    this.#server.maxConnections = 64 + 4 * count;
    // A run that ends without closing its rendezvous must end all the same.
    this.#server.unref();
  }

  /**
   * Listens on the port of the URL: on its host where that is an address of this machine, so that `localhost` stays on this
   * machine; else on all addresses, since the name may be one of a service or of a port that is passed on. Throws
   * RENDEZVOUS_PORT.
   */
  async listen(url: URL): Promise<void> {
    const { host, port } = endpointOf(url);
    const address = host === 'localhost' ? '127.0.0.1' : isIP(host) === 0 ? null : host;
    try {
      await this.#listenOn(port, address);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason =
        code === 'EADDRINUSE' ? `${describeListener(url)} listens there` : foreign(messageOf(error));
      fail(
        'RENDEZVOUS_PORT',
        `shard 1 cannot listen on port ${port} of ${url.host}: ${reason}`,
        'Choose a free port, and give all shards the same URL.',
      );
    }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #listenOn(port: number, address: string | null): Promise<void> {
    try {
      this.#server.listen(address === null ? { port } : { port, host: address });
      await once(this.#server, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRNOTAVAIL' || address === null) throw error;
      await this.#listenOn(port, null);
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse, receivedNs: number): Promise<void> {
    // A connection that breaks is the problem of its other end.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      const [action = '', nonce = ''] = this.#actionOf(request);
      const handler = this.#handlers.get(action);
      if (handler === undefined) return answerDesk(response, 404, { problem: 'there is nothing here' });
      if (request.method !== 'POST') return answerDesk(response, 405, { problem: 'only POST is supported' });
      if (action === 'join' && !this.#desk.admits(nonce)) throw new Refusal('this process has to ask first');
      const body = await readBody(request, action === 'join' ? MAX_JOIN_BYTES : MAX_BODY_BYTES);
      answerDesk(response, 200, handler(body, receivedNs));
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      const status = error instanceof Refusal ? 409 : error instanceof BadRequest ? 400 : 500;
      answerDesk(response, status, { problem: foreign(error, 1000) });
    }
  }

  #actionOf({ url = '' }: IncomingMessage): string[] {
    return url.startsWith(this.#path) ? url.slice(this.#path.length).split('/') : [];
  }
}

/** Below which path the desk answers. */
export function pathOf({ pathname }: URL): string {
  return `${pathname.replace(/\/+$/, '')}/${RENDEZVOUS_PATH}`;
}

function handlersOf(desk: Desk, clock: Clock): ReadonlyMap<string, DeskHandler> {
  const handle =
    <Body>(
      schema: z.ZodType<Body>,
      work: (body: Body, receivedNs: number) => object | undefined,
    ): DeskHandler =>
    (text, receivedNs) => {
      const body = parseShared(schema, text);
      if (body === null) throw new BadRequest('the request cannot be read');
      return work(body, receivedNs) ?? {};
    };
  return new Map<string, DeskHandler>([
    ['time', handle(nothingSchema, (_, receivedNs) => ({ receivedNs, sentNs: clock.nowNs() }))],
    ['ask', handle(callerSchema, (caller) => desk.ask(caller))],
    ['join', handle(joinSchema, ({ announced }) => desk.join(announced))],
    ['report', handle(reportSchema, (report) => void desk.report(report))],
    ['results', handle(nonceRequestSchema, () => desk.results())],
    ['leave', handle(nonceRequestSchema, ({ nonce }) => void desk.leave(nonce))],
  ]);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new BadRequest(`the request has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answerDesk(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // The rest of a request that was refused is not read.
    ...(status === 200 ? {} : { connection: 'close' }),
  });
  response.end(text);
}
