import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { requireAllowedHost } from '../../src/contract/address.ts';
import type { OutgoingRequest } from '../../src/contract/mapping.ts';
import { type AnswerHandlers, HttpPublisher } from '../../src/generator/http-publisher.ts';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const failures: string[] = [];
const closers: Array<() => void> = [];
afterEach(() => {
  const failed = failures.splice(0);
  for (const close of closers.splice(0)) close();
  expect(failed).toEqual([]);
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that answers each request, and what it got. */
async function serve(answer: RequestListener = (_request, response) => response.end()) {
  const received: Received[] = [];
  let wake = () => {};
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body: await text(request) });
    answer(request, response);
    wake();
  });
  const port = await listening(server);
  return {
    port,
    received,
    async until(count: number): Promise<void> {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function publisherTo(baseUrl: string, { timeoutMs = 5000 } = {}): HttpPublisher {
  const requireAllowed = (url: URL) => requireAllowedHost(url, 'api.example');
  const publisher = new HttpPublisher({ baseUrl, tls: {}, timeoutMs, requireAllowed });
  closers.push(() => publisher.close());
  return publisher;
}

/** Handlers that keep the reasons. */
function into(reasons: string[]): AnswerHandlers {
  const note = (reason: string) => void reasons.push(reason);
  return { onFailed: note, onRefused: note, onAnswered: () => {} };
}

/** The reason with which a request fails. */
function failureOf(publisher: HttpPublisher, message: OutgoingRequest): Promise<string> {
  return new Promise((onFailed) =>
    publisher.send(message, {}, { onFailed, onRefused: onFailed, onAnswered: () => {} }),
  );
}

/** Sends what must be taken. */
function send(publisher: HttpPublisher, message: OutgoingRequest): void {
  publisher.send(message, {}, into(failures));
}

describe('publishing over HTTP', () => {
  it.each<[what: string, body: unknown, sent: string, type: string | undefined]>([
    ['text as it is', 'hällo', 'hällo', 'text/plain; charset=utf-8'],
    ['bytes as they are', Buffer.from('bytes'), 'bytes', 'application/octet-stream'],
    ['anything else as JSON', { text: 'hällo', to: [1] }, '{"text":"hällo","to":[1]}', 'application/json'],
    ['null as JSON', null, 'null', 'application/json'],
    ['nothing without a type', undefined, '', undefined],
  ])('sends %s', async (_, body, sent, type) => {
    const { port, received, until } = await serve();
    send(publisherTo(`http://127.0.0.1:${port}`), { url: '/messages', body });
    await until(1);
    expect(received).toMatchObject([{ method: 'POST', url: '/messages', body: sent }]);
    expect(received[0]?.headers['content-type']).toBe(type);
    expect(received[0]?.headers['content-length']).toBe(String(Buffer.byteLength(sent)));
  });

  it("sends the sender's headers, and the message's own before them", async () => {
    const { port, received, until } = await serve();
    const publisher = publisherTo(`http://127.0.0.1:${port}`);
    const ofSender = { authorization: 'Bearer of all', 'x-tenant': 'one' };
    const headers = { authorization: 'Bearer of one', 'content-type': 'text/csv' };
    publisher.send({ url: '/', method: 'PUT', headers, body: 'a,b' }, ofSender, into(failures));
    await until(1);
    expect(received[0]?.method).toBe('PUT');
    expect(received[0]?.headers).toMatchObject({ ...headers, 'x-tenant': 'one' });
  });

  it('goes to a URL that is relative to the target, or to another server', async () => {
    const [target, other] = [await serve(), await serve()];
    const publisher = publisherTo(`http://127.0.0.1:${target.port}/app/`);
    send(publisher, { url: 'messages?to=all' });
    send(publisher, { url: '/messages' });
    send(publisher, { url: `http://127.0.0.1:${other.port}/elsewhere` });
    await Promise.all([target.until(2), other.until(1)]);
    expect(target.received.map(({ url }) => url).sort()).toEqual(['/app/messages?to=all', '/messages']);
    expect(other.received.map(({ url }) => url)).toEqual(['/elsewhere']);
  });

  it('is relative to the HTTP side of a WebSocket server', async () => {
    const { port, received, until } = await serve();
    send(publisherTo(`ws://127.0.0.1:${port}/socket`), { url: '/messages' });
    await until(1);
    expect(received[0]?.url).toBe('/messages');
  });

  it('keeps connections open from one message to the next', async () => {
    const ports = new Set<number | undefined>();
    const { port, until } = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('taken');
    });
    const publisher = publisherTo(`http://127.0.0.1:${port}`);
    let sent = 0;
    // The answer has to be read before its connection is free again.
    while (ports.size === sent && sent < 1000) {
      send(publisher, { url: '/' });
      sent += 1;
      await until(sent);
    }
    expect(ports.size).toBeLessThan(sent);
  });
});

describe('a message that the server does not take', () => {
  it.each([300, 302, 400, 401, 404, 500, 503])('is reported with HTTP status %d', async (status) => {
    const { port } = await serve((_request, response) => response.writeHead(status).end('no'));
    expect(await failureOf(publisherTo(`http://127.0.0.1:${port}`), { url: '/' })).toBe(
      `HTTP status ${status}`,
    );
  });

  it.each([200, 201, 204])('is none with HTTP status %d', async (status) => {
    const { port } = await serve((request, response) =>
      response.writeHead(request.url === '/end' ? 500 : status).end(),
    );
    const publisher = publisherTo(`http://127.0.0.1:${port}`);
    const reasons: string[] = [];
    publisher.send({ url: '/' }, {}, into(reasons));
    await failureOf(publisher, { url: '/end' });
    expect(reasons).toEqual([]);
  });

  it('is reported when no server listens', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await failureOf(publisherTo(`http://127.0.0.1:${port}`), { url: '/' })).toMatch(
      /^publishing failed: .*ECONNREFUSED/,
    );
  });

  it('is reported when there is no answer in time, once', async () => {
    const { port } = await serve(() => {});
    const reasons: string[] = [];
    const publisher = publisherTo(`http://127.0.0.1:${port}`, { timeoutMs: 100 });
    await new Promise<void>((resolve) => {
      const onFailed = (reason: string) => {
        reasons.push(reason);
        resolve();
      };
      publisher.send({ url: '/' }, {}, { ...into([]), onFailed });
    });
    publisher.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(reasons).toEqual(['publishing failed: no complete answer within 0.1 s']);
  });

  it('is reported when the connection breaks before the answer', async () => {
    const { port } = await serve((request) => request.socket.destroy());
    expect(await failureOf(publisherTo(`http://127.0.0.1:${port}`), { url: '/' })).toMatch(
      /^publishing failed: .*(ECONNRESET|socket hang up)/,
    );
  });

  it('is none when the connection breaks within an answer that says that it was taken', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/end') {
        response.writeHead(500).end();
        return;
      }
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => request.socket.destroy());
    });
    const publisher = publisherTo(`http://127.0.0.1:${port}`);
    const reasons: string[] = [];
    publisher.send({ url: '/' }, {}, into(reasons));
    await failureOf(publisher, { url: '/end' });
    expect(reasons).toEqual([]);
  });

  it.each<[what: string, message: OutgoingRequest, reason: RegExp]>([
    ['what is no URL', { url: 'http://' }, /^publishing failed: "http:\/\/" is not a URL$/],
    ['a URL of another protocol', { url: 'ftp://127.0.0.1/' }, /^publishing failed: .*ftp:/],
    ['a host that was not allowed', { url: 'http://192.0.2.1/' }, /^publishing failed: 192\.0\.2\.1 /],
    ['a host by another protocol', { url: '//example.com/messages' }, /^publishing failed: example\.com /],
    ['what is no method', { url: '/', method: 'B D' }, /^publishing failed: .*B D/],
    [
      'a header that cannot be sent',
      { url: '/', headers: { 'x-name': 'a\nb' } },
      /^publishing failed: .*x-name/,
    ],
    ['what JSON cannot hold', { url: '/', body: { big: 1n } }, /^publishing failed: .*BigInt/],
    ['a function for a body', { url: '/', body: () => {} }, /^publishing failed: /],
  ])('is reported, and nothing is thrown: %s', (_, message, reason) => {
    const reasons: string[] = [];
    publisherTo('http://127.0.0.1:1').send(message, {}, into(reasons));
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });

  it('is not reported when it is aborted at the end', async () => {
    const { port, until } = await serve(() => {});
    const publisher = publisherTo(`http://127.0.0.1:${port}`);
    send(publisher, { url: '/' });
    await until(1);
    publisher.close();
    expect(await failureOf(publisherTo('http://127.0.0.1:1'), { url: '/' })).toMatch(/^publishing failed/);
    expect(failures).toEqual([]);
  });
});

describe('many messages at once', () => {
  /** A server that holds its answers back until a test lets one go. */
  async function serveHeld() {
    const held: Array<() => void> = [];
    const { port, received, until } = await serve((_request, response) => held.push(() => response.end()));
    return { publisher: publisherTo(`http://127.0.0.1:${port}`), held, received, until };
  }

  it('go out 64 at a time, the others in their order as soon as one is answered', async () => {
    const { publisher, held, received, until } = await serveHeld();
    for (let message = 0; message < 70; message++) {
      publisher.whenFree(() => send(publisher, { url: `/${message}` }));
    }
    expect(publisher.waiting).toBe(6);
    await until(64);
    held.shift()?.();
    await until(65);
    expect(received.map(({ url }) => url)).not.toContain('/65');
    expect(received.at(-1)?.url).toBe('/64');
    expect(publisher.waiting).toBe(5);
  });

  it('do not wait for answers that come a byte at a time without an end', async () => {
    const { port, until } = await serve((request, response) => {
      if (request.url === '/last') response.end();
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    });
    const publisher = publisherTo(`http://127.0.0.1:${port}`, { timeoutMs: 1000 });
    for (let message = 0; message < 64; message++) {
      publisher.whenFree(() => send(publisher, { url: `/${message}` }));
    }
    publisher.whenFree(() => send(publisher, { url: '/last' }));
    await until(65);
    publisher.close();
  });

  it('are refused when 1,000 wait, and dropped when they are not to be sent any more', async () => {
    const { publisher, until, received } = await serveHeld();
    let dropped = 0;
    const taken = Array.from({ length: 1070 }, () =>
      publisher.whenFree(
        () => send(publisher, { url: '/' }),
        () => {
          dropped += 1;
        },
      ),
    );
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(1064);
    expect(taken.indexOf(false)).toBe(1064);
    await until(64);
    publisher.dropWaiting();
    expect(dropped).toBe(1000);
    expect(publisher.waiting).toBe(0);
    expect(received).toHaveLength(64);
  });

  it('go on after those that cannot be sent', async () => {
    const { publisher, held, until, received } = await serveHeld();
    const reasons: string[] = [];
    for (let message = 0; message < 64; message++) {
      publisher.whenFree(() => send(publisher, { url: '/' }));
    }
    publisher.whenFree(() => publisher.send({ url: 'ftp://x/' }, {}, into(reasons)));
    publisher.whenFree(() => send(publisher, { url: '/last' }));
    await until(64);
    held.shift()?.();
    await until(65);
    expect(reasons).toHaveLength(1);
    expect(received.at(-1)?.url).toBe('/last');
  });
});
