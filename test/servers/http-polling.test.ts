import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServer, type ServerChild, startServer, urlOf } from './child.ts';

let server: ServerChild;
let url: string;

beforeAll(async () => {
  server = await startServer('http-polling', '127.0.0.1', '0');
  url = `${urlOf(server)}/clients`;
});
afterAll(() => killServer(server));

/** What a poll brings. */
interface Batch {
  readonly last: number;
  readonly messages: ReadonlyArray<{ readonly event: string; readonly data: unknown }>;
}

/** A client without a driver. */
class RawClient {
  readonly #url: string;

  private constructor(id: string) {
    this.#url = `${url}/${id}`;
  }

  static async enter(): Promise<RawClient> {
    const response = await fetch(url, { method: 'POST' });
    expect(response.status).toBe(201);
    return new RawClient(((await response.json()) as { id: string }).id);
  }

  async post(body: string): Promise<number> {
    const response = await fetch(`${this.#url}/messages`, { method: 'POST', body });
    await response.text();
    return response.status;
  }

  publish(...messages: unknown[]): Promise<number> {
    return this.post(
      JSON.stringify(
        messages.map((message) => ({
          event: 'send_message',
          data: { message, scope: 'room-but-me', chatId: 'here' },
        })),
      ),
    );
  }

  /** Enters a room in which no other test's clients are. */
  join(room = 'here'): Promise<number> {
    return this.post(JSON.stringify([{ event: 'enter_chat', data: [room] }]));
  }

  request(query: string, signal: AbortSignal | null = null): Promise<Response> {
    return fetch(`${this.#url}/messages?${query}`, { signal });
  }

  async poll(after: number, waitMs = 0): Promise<Batch> {
    const response = await this.request(`after=${after}&waitMs=${waitMs}`);
    expect(response.status).toBe(200);
    return (await response.json()) as Batch;
  }

  leave(): Promise<Response> {
    return fetch(this.#url, { method: 'DELETE' });
  }
}

/** Longer than any test may take. */
const LONG_MS = 100_000;

const payloads = ({ messages }: Batch) => messages.map(({ data }) => data);

async function two(): Promise<[RawClient, RawClient]> {
  const [sender, receiver] = [await RawClient.enter(), await RawClient.enter()];
  await receiver.join();
  return [sender, receiver];
}

describe('the messages between two polls', () => {
  it('come all, in order, once', async () => {
    const [sender, receiver] = await two();
    expect(await receiver.poll(0)).toEqual({ last: 0, messages: [] });
    expect(await sender.publish('a', 'b')).toBe(204);
    expect(await sender.publish('c')).toBe(204);
    const batch = await receiver.poll(0);
    expect(payloads(batch)).toEqual(['a', 'b', 'c']);
    expect(await receiver.poll(batch.last)).toEqual({ last: batch.last, messages: [] });
  });

  it('come again when their answer was lost', async () => {
    const [sender, receiver] = await two();
    await sender.publish('a');
    expect(payloads(await receiver.poll(0))).toEqual(['a']);
    await sender.publish('b');
    expect(payloads(await receiver.poll(0))).toEqual(['a', 'b']);
  });

  it('are kept for a client whose poll was aborted', async () => {
    const [sender, receiver] = await two();
    const breakOff = new AbortController();
    const broken = receiver.request(`after=0&waitMs=${LONG_MS}`, breakOff.signal);
    breakOff.abort();
    await expect(broken).rejects.toThrow('aborted');
    await sender.publish('a');
    expect(payloads(await receiver.poll(0))).toEqual(['a']);
  });

  it('carry bytes as base64', async () => {
    const [sender, receiver] = await two();
    await sender.publish({ $binary: Buffer.from([0, 255]).toString('base64') });
    expect(payloads(await receiver.poll(0))).toEqual([{ $binary: 'AP8=' }]);
  });
});

describe('a waiting poll', () => {
  it('is answered with the first message', async () => {
    const [sender, receiver] = await two();
    const waiting = receiver.poll(0, LONG_MS);
    await sender.publish('a');
    expect(payloads(await waiting)).toEqual(['a']);
  });

  it('is answered with no message after its time', async () => {
    const [, receiver] = await two();
    expect(await receiver.poll(0, 50)).toEqual({ last: 0, messages: [] });
  });

  it('ends with the next poll of the same client', async () => {
    const [sender, receiver] = await two();
    const polls = [receiver.poll(0, LONG_MS), receiver.poll(0, LONG_MS)];
    const first = await Promise.race(polls);
    expect(first.messages).toEqual([]);
    await sender.publish('a');
    expect((await Promise.all(polls)).map(payloads).sort()).toEqual([[], ['a']]);
  });

  it('is answered when the client leaves', async () => {
    const client = await RawClient.enter();
    const waiting = client.request(`after=0&waitMs=${LONG_MS}`);
    // Whichever comes first: the client is gone afterwards.
    expect((await client.leave()).status).toBe(204);
    expect([200, 404]).toContain((await waiting).status);
    expect((await client.request('after=0')).status).toBe(404);
    expect((await client.leave()).status).toBe(404);
  });
});

describe('an invalid request', () => {
  it.each([
    ['text that is not JSON', 'hello'],
    ['no list', '{"event":"echo"}'],
    ['null', '[null]'],
    ['no event', '[{"data":1}]'],
    ['no rooms', '[{"event":"enter_chat","id":1}]'],
    ['no message to publish', '[{"event":"send_message"}]'],
  ])('ends a client that sends %s, and the server goes on', async (_, body) => {
    const client = await RawClient.enter();
    expect(await client.post(body)).toBe(400);
    expect((await client.request('after=0')).status).toBe(404);
    await RawClient.enter();
  });

  it.each(['after=1', 'after=-1', 'after=x', 'after=0.5'])(
    'ends a client that polls with %s',
    async (query) => {
      const client = await RawClient.enter();
      expect((await client.request(query)).status).toBe(400);
      expect((await client.request('after=0')).status).toBe(404);
    },
  );

  it.each([
    ['GET', '', 404],
    ['GET', '/clients', 404],
    ['POST', '/clients/nonesuch/messages', 404],
    ['DELETE', '/clients/__proto__', 404],
    ['POST', '/', 404],
  ])('is answered when it is %s %s', async (method, path, status) => {
    expect((await fetch(urlOf(server) + path, { method })).status).toBe(status);
  });
});
