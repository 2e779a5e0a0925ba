import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { DashboardServer, PAGE_EVENTS } from '../../../src/cli/dashboard/server.ts';
import { untilTrue, ViewerClient } from './viewer-client.ts';

const LIVE = '<title>live</title>';
const FINAL = '<title>final</title>';
const opened: DashboardServer[] = [];

async function open(parts: { onViewer?: () => void; port?: number; run?: string } = {}) {
  const server = await DashboardServer.open({ port: 0, run: 'a', page: LIVE, onViewer: () => {}, ...parts });
  opened.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.fail('the test is over')));
});

/** The answer to a request, without a stored connection. */
async function answer(url: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const [response] = (await once(request(url, { agent: false, ...options }).end(), 'response')) as [
    IncomingMessage,
  ];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('the server of the dashboard', () => {
  it('listens on 127.0.0.1 only, on a free port', async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect((await answer(url)).body).toBe(LIVE);
    const elsewhere = connect(Number(new URL(url).port), '127.0.0.2');
    await expect(once(elsewhere, 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  it('refuses a port that is in use', async () => {
    const port = Number(new URL((await open()).url).port);
    await expect(open({ port })).rejects.toMatchObject({
      code: 'PORT_UNAVAILABLE',
      message: `the dashboard cannot listen on port ${port} of 127.0.0.1: it is in use`,
      exitCode: 2,
    });
  });

  it.each([
    ['localhost', 200],
    ['LOCALHOST:8080', 200],
    ['[::1]:1', 200],
    ['example.org', 403],
    ['localhost.example.org', 403],
    ['127.0.0.1.nip.io', 403],
    ['127.0.0.1@example.org', 403],
  ])('answers the host "%s" with %i', async (host, status) => {
    const { url } = await open();
    expect((await answer(url, { headers: { host } })).status).toBe(status);
    if (status === 403) expect((await answer(`${url}events`, { headers: { host } })).status).toBe(status);
  });

  it.each([
    ['POST', '/', 405],
    ['HEAD', '/events', 405],
    ['GET', '/favicon.ico', 404],
    ['GET', '//', 404],
    ['GET', '/../etc/passwd', 404],
    ['OPTIONS', '*', 405],
  ])('refuses %s %s', async (method, path, status) => {
    const { url } = await open();
    const { port } = new URL(url);
    const [response] = (await once(request({ port, host: '127.0.0.1', method, path }).end(), 'response')) as [
      IncomingMessage,
    ];
    expect(response.statusCode).toBe(status);
    response.resume();
  });

  it('lets no other site read or frame it, and no browser store it', async () => {
    const { url } = await open();
    const { headers } = await answer(url);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('viewers', () => {
  it('get every event of a slot, and the newest of each when they come late', async () => {
    const server = await open();
    const early = await ViewerClient.open(server.url);
    server.publish('status', 'first');
    await early.until(({ data }) => data === 'first');
    server.publish('charts', { points: [1, 2] });
    server.publish('status', 'second');
    await early.until(({ data }) => data === 'second');
    expect(early.seen()).toEqual(['first', { points: [1, 2] }, 'second']);
    const late = await ViewerClient.open(server.url);
    await late.until(({ data }) => data === 'second');
    expect(late.seen()).toEqual([{ points: [1, 2] }, 'second']);
  });

  it('get nothing twice', async () => {
    const server = await open();
    const viewer = await ViewerClient.open(server.url);
    for (const status of ['same', 'same', 'other']) server.publish('status', status);
    await viewer.until(({ data }) => data === 'other');
    expect(viewer.seen()).toEqual(['same', 'other']);
  });

  it('get what they missed when they connect again, and all when another command has the port', async () => {
    const server = await open();
    server.publish('charts', 'old');
    const viewer = await ViewerClient.open(server.url);
    await viewer.until(({ data }) => data === 'old');
    viewer.close();
    server.publish('status', 'new');
    const again = await ViewerClient.open(server.url, viewer.lastId);
    await again.until(({ data }) => data === 'new');
    expect(again.seen()).toEqual(['new']);
    const fromElsewhere = await ViewerClient.open(server.url, 'b-99');
    await fromElsewhere.until(({ data }) => data === 'new');
    expect(fromElsewhere.seen()).toEqual(['old', 'new']);
  });

  it('are announced, counted and forgotten', async () => {
    let announced = 0;
    const server = await open({ onViewer: () => (announced += 1) });
    const [one, two] = [await ViewerClient.open(server.url), await ViewerClient.open(server.url)];
    expect([announced, server.viewerCount]).toEqual([2, 2]);
    one.close();
    two.close();
    await untilTrue(() => server.viewerCount === 0);
  });

  it('that do not read cost one event of each slot, and get the newest when they read again', async () => {
    const server = await open();
    const [slow, fast] = [await ViewerClient.open(server.url), await ViewerClient.open(server.url)];
    slow.pause();
    const filling = 'x'.repeat(1_000_000);
    const count = 24;
    for (let number = 1; number <= count; number++) {
      server.publish('charts', { number, filling });
      server.publish('status', number);
      await fast.until(({ data }) => data === number);
    }
    slow.resume();
    await slow.until(({ data }) => data === count);
    await slow.until(({ slot, data }) => slot === 'charts' && (data as { number: number }).number === count);
    // The system buffers some megabytes of the first events.
    expect(slow.seen().length).toBeLessThan(count);
    expect(fast.seen().filter((data) => typeof data === 'number')).toHaveLength(count);
  });

  it('beyond 32 are refused', async () => {
    const { url } = await open();
    await Promise.all(Array.from({ length: 32 }, () => ViewerClient.open(url)));
    expect(await answer(`${url}events`)).toMatchObject({ status: 503, body: expect.stringContaining('32') });
    expect((await answer(url)).status).toBe(200);
  });
});

describe('the end of the dashboard', () => {
  it('is the final page for every page that is open', async () => {
    const server = await open();
    const pages = await Promise.all([1, 2].map(() => ViewerClient.open(server.url, '', PAGE_EVENTS)));
    let isFinished = false;
    const finished = server.finish(FINAL).then(() => (isFinished = true));
    await Promise.all(pages.map((page) => page.until(({ slot }) => slot === 'end')));
    await Promise.all(pages.map((page) => page.ended));
    expect((await answer(server.url)).body).toBe(FINAL);
    expect(isFinished).toBe(false);
    expect((await answer(server.url)).body).toBe(FINAL);
    await finished;
    await expect(answer(server.url)).rejects.toThrow('ECONNREFUSED');
  });

  it('waits for nobody where no page is open', async () => {
    const server = await open();
    const reader = await ViewerClient.open(server.url);
    const left = await ViewerClient.open(server.url, '', PAGE_EVENTS);
    left.close();
    await untilTrue(() => server.viewerCount === 1);
    await server.finish(FINAL);
    expect(await reader.until(({ slot }) => slot === 'end')).toMatchObject({ data: null });
  });

  it('says why there is no report', async () => {
    const server = await open();
    const page = await ViewerClient.open(server.url, '', PAGE_EVENTS);
    const failed = server.fail('the server is unreachable');
    expect(await page.until(({ slot }) => slot === 'failed')).toMatchObject({
      data: 'the server is unreachable',
    });
    await failed;
    await page.ended;
  });

  it('ends a stream that a page opens after it', async () => {
    const server = await open();
    await ViewerClient.open(server.url, '', PAGE_EVENTS);
    const finished = server.finish(FINAL);
    const late = await ViewerClient.open(server.url, '', PAGE_EVENTS);
    await late.until(({ slot }) => slot === 'end');
    await late.ended;
    get(server.url, { agent: false }, (response) => response.resume());
    await finished;
  });
});
