import { once } from 'node:events';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRendezvous, type RendezvousOptions } from '../../../src/run/rendezvous/create.ts';
import { Desk } from '../../../src/run/rendezvous/desk.ts';
import type { Meeting, Rendezvous } from '../../../src/run/rendezvous/rendezvous.ts';
import { DeskServer } from '../../../src/run/rendezvous/url-server.ts';
import { fastTime } from './fast-time.ts';
import { madeAnnouncement, NO_SIGNAL } from './made-shard.ts';

const opened: Rendezvous[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves on a free port of this machine. */
async function serve(listener: RequestListener): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

async function freeUrl(path = ''): Promise<string> {
  const { port, server } = await serve(() => {});
  server.close();
  return `http://127.0.0.1:${port}${path}`;
}

interface MadeShard extends Partial<RendezvousOptions> {
  /** The shard is on a host of its own, whose clock is ahead. */
  readonly aheadNs?: number;
}

/** Opens a shard that meets others at a URL. Its times run ten times as fast. */
async function openAt(url: string, index: number, count: number, made: MadeShard = {}): Promise<Rendezvous> {
  const { aheadNs = 0, ...given } = made;
  const boot = made.aheadNs === undefined ? 'boot' : `boot-${index}`;
  const shard = await createRendezvous({
    place: { kind: 'url', url: new URL(url) },
    shard: { index, count },
    timeoutMs: 600_000,
    originNs: 0n,
    clock: { nowNs: () => fastTime.nowNs() + aheadNs },
    timers: fastTime,
    host: { hostname: `host-${index}`, boot },
    ...given,
  });
  opened.push(shard);
  return shard;
}

function meetAll(shards: readonly Rendezvous[]): Promise<Meeting[]> {
  return Promise.all(
    shards.map((shard, at) => shard.meet(madeAnnouncement(at + 1, shards.length), NO_SIGNAL)),
  );
}

describe('shards that meet at a URL', () => {
  it('start together on one clock where they share it', async () => {
    const url = await freeUrl('/run-1/');
    const shards = await Promise.all([1, 2, 3].map((index) => openAt(url, index, 3)));
    const meetings = await meetAll(shards);
    for (const field of ['id', 'key', 'startNs'] as const) {
      expect(new Set(meetings.map((meeting) => meeting[field])).size, field).toBe(1);
    }
    const again = await Promise.all(meetings.map((meeting) => meeting.compareAgain()));
    for (const other of [...meetings.map(({ others }) => others), ...again].flat()) {
      expect(other).toMatchObject({ aheadNs: 0, boundNs: 0, problem: null });
    }
    expect(meetings[2]?.members?.map(({ client }) => client)).toEqual([0, 3, 1, 4]);
  });

  it('find how far the clocks of other hosts are ahead, within the bound', async () => {
    const url = await freeUrl();
    const aheadNs = [0, 5e9, -7e9];
    const shards = await Promise.all(aheadNs.map((each, at) => openAt(url, at + 1, 3, { aheadNs: each })));
    const meetings = await meetAll(shards);
    const errors = (all: ReadonlyArray<Meeting['others']>) =>
      all.flatMap((others, at) =>
        others.map(({ index, aheadNs: foundNs, boundNs }) => {
          const trueNs = (aheadNs[index - 1] ?? Number.NaN) - (aheadNs[at] ?? Number.NaN);
          return Math.abs((foundNs ?? Number.NaN) - trueNs) / (boundNs ?? 0);
        }),
      );
    expect(Math.max(...errors(meetings.map(({ others }) => others)))).toBeLessThanOrEqual(1);
    const again = await Promise.all(meetings.map((meeting) => meeting.compareAgain()));
    expect(Math.max(...errors(again))).toBeLessThanOrEqual(1);
    // All start at the same moment, each by its own clock, unless this machine was too slow to be in time.
    for (const [at, { startNs, lateMs }] of meetings.entries()) {
      const apartNs = startNs - (aheadNs[at] ?? 0) - (meetings[0]?.startNs ?? 0);
      expect(Math.abs(apartNs - lateMs * 1e6)).toBeLessThan(1e9);
    }
  });

  it('wait for shard 1, whose port does not answer yet', async () => {
    const url = await freeUrl();
    const second = await openAt(url, 2, 2);
    const met = second.meet(madeAnnouncement(2, 2), NO_SIGNAL);
    await fastTime.sleep(1000);
    const first = await openAt(url, 1, 2);
    const [one, two] = await Promise.all([first.meet(madeAnnouncement(1, 2), NO_SIGNAL), met]);
    expect(two.id).toBe(one.id);
  });

  it('report that a shard ended without comparing again', async () => {
    const url = await freeUrl();
    const shards = await Promise.all([1, 2, 3].map((index) => openAt(url, index, 3, { aheadNs: index })));
    const meetings = await meetAll(shards);
    await shards[2]?.close();
    const [first, second] = await Promise.all(meetings.slice(0, 2).map((meeting) => meeting.compareAgain()));
    const problem = 'shard 3 did not compare its clock again after measuring';
    expect(first).toMatchObject([
      { index: 2, problem: null },
      { index: 3, aheadNs: null, problem },
    ]);
    expect(second).toMatchObject([
      { index: 1, problem: null },
      { index: 3, aheadNs: null, problem },
    ]);
  });

  it('report that shard 1 has ended', async () => {
    const url = await freeUrl();
    const shards = await Promise.all([1, 2].map((index) => openAt(url, index, 2, { aheadNs: index })));
    const meetings = await meetAll(shards);
    await shards[0]?.close();
    expect(await meetings[1]?.compareAgain()).toEqual([
      {
        index: 1,
        host: 'host-1',
        aheadNs: null,
        boundNs: null,
        problem: 'this shard did not compare its clock again after measuring',
      },
    ]);
  });
});

describe('shards that do not meet at a URL', () => {
  it('name those that are missing', async () => {
    const url = await freeUrl();
    const [first, third] = [
      await openAt(url, 1, 3, { timeoutMs: 3000 }),
      await openAt(url, 3, 3, { timeoutMs: 2000 }),
    ];
    const missing = `shard 2 of 3 did not announce itself at ${url}/ within`;
    await Promise.all([
      expect(first.meet(madeAnnouncement(1, 3), NO_SIGNAL)).rejects.toMatchObject({
        code: 'SHARDS_MISSING',
        exitCode: 3,
        message: expect.stringMatching(/^shards? 2 (?:and 3 )?of 3 did not announce/),
      }),
      expect(third.meet(madeAnnouncement(3, 3), NO_SIGNAL)).rejects.toMatchObject({
        code: 'SHARDS_MISSING',
        message: `${missing} 2s`,
      }),
    ]);
  });

  it('say why shard 1 cannot be reached', async () => {
    const url = await freeUrl();
    const second = await openAt(url, 2, 2, { timeoutMs: 1000 });
    await expect(second.meet(madeAnnouncement(2, 2), NO_SIGNAL)).rejects.toMatchObject({
      code: 'SHARDS_MISSING',
      message: `shard 1 of 2 did not announce itself at ${url}/ within 1s; it cannot be reached: connect ECONNREFUSED ${url.slice('http://'.length)}`,
    });
  });

  it('say that shard 1 has not connected its own clients', async () => {
    const url = await freeUrl();
    await openAt(url, 1, 2);
    const second = await openAt(url, 2, 2, { timeoutMs: 1000 });
    await expect(second.meet(madeAnnouncement(2, 2), NO_SIGNAL)).rejects.toMatchObject({
      message: expect.stringMatching(/; it listens, but its own clients have not connected$/),
    });
  });

  it('refuse another plan on the spot, and go on without it', async () => {
    const url = await freeUrl();
    const [first, second, other] = [
      await openAt(url, 1, 2),
      await openAt(url, 2, 2),
      await openAt(url, 2, 2),
    ];
    const one = first.meet(madeAnnouncement(1, 2), NO_SIGNAL);
    await expect(other.meet(madeAnnouncement(2, 2, 'other'), NO_SIGNAL)).rejects.toMatchObject({
      code: 'SHARD_CONFLICT',
      exitCode: 2,
      message: `shard 1 at ${url.slice('http://'.length)} refused this shard: shard 1/2 on host-1 and shard 2/2 on host-2 meet at the same place, but their plans differ`,
    });
    const two = await second.meet(madeAnnouncement(2, 2), NO_SIGNAL);
    expect((await one).id).toBe(two.id);
  });

  it('end together when one was started twice', async () => {
    const url = await freeUrl();
    const shards = [1, 2, 2].map((index) => openAt(url, index, 3));
    const meetings = await Promise.allSettled(
      (await Promise.all(shards)).map((shard, at) =>
        shard.meet(madeAnnouncement(at === 0 ? 1 : 2, 3), NO_SIGNAL),
      ),
    );
    for (const meeting of meetings) {
      expect(meeting).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'SHARD_CONFLICT',
          message: expect.stringContaining('shard 2/3 was started twice, on host-2'),
        },
      });
    }
  });

  it('stop waiting when they are aborted', async () => {
    const url = await freeUrl();
    const stop = new AbortController();
    const shards = [await openAt(url, 1, 3), await openAt(url, 2, 3)];
    const meetings = shards.map((shard, at) => shard.meet(madeAnnouncement(at + 1, 3), stop.signal));
    await fastTime.sleep(1000);
    stop.abort();
    for (const meeting of meetings) await expect(meeting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('refuse a port that is in use, before anything else', async () => {
    const { port } = await serve(() => {});
    await expect(openAt(`http://127.0.0.1:${port}`, 1, 2)).rejects.toMatchObject({
      code: 'RENDEZVOUS_PORT',
      exitCode: 2,
      message: expect.stringMatching(
        new RegExp(
          `^shard 1 cannot listen on port ${port} of 127.0.0.1:${port}: process \\d+ \\(.*\\) listens there$`,
        ),
      ),
    });
  });

  it.each([
    ['a redirect', 302, { location: 'http://127.0.0.1:1/' }, ''],
    ['another server', 404, {}, 'not found'],
    ['another protocol', 200, {}, '{"state":"party"}'],
    ['an endless list', 200, {}, '[[[['],
  ])('refuse %s at the URL', async (_, status, headers, body) => {
    let requests = 0;
    const { port } = await serve((_request, response) => {
      requests += 1;
      response.writeHead(status, headers).end(body);
    });
    const second = await openAt(`http://127.0.0.1:${port}`, 2, 2);
    await expect(second.meet(madeAnnouncement(2, 2), NO_SIGNAL)).rejects.toMatchObject({
      code: 'RENDEZVOUS_URL',
      message: `127.0.0.1:${port} answers, but is not shard 1 of a run of this version of sockbench (HTTP status ${status})`,
    });
    expect(requests).toBe(1);
  });

  it('wait while a proxy reports that shard 1 does not run', async () => {
    const { port } = await serve((_request, response) => response.writeHead(503).end('no backend'));
    const second = await openAt(`http://127.0.0.1:${port}`, 2, 2, { timeoutMs: 1000 });
    await expect(second.meet(madeAnnouncement(2, 2), NO_SIGNAL)).rejects.toMatchObject({
      code: 'SHARDS_MISSING',
      message: expect.stringMatching(/; it cannot be reached: it answers with HTTP status 503$/),
    });
  });
});

/** Sends one request to shard 1 as it is. */
async function send(url: string, path: string, body: string | Buffer, method = 'POST'): Promise<string> {
  const sent = request(`${url}${path}`, { method });
  sent.on('error', () => {});
  sent.end(body);
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return `${response.statusCode} ${Buffer.concat(chunks)}`;
}

describe('shard 1 at a URL', () => {
  const base = '/sockbench-rendezvous/v1/';

  it('answers strangers briefly, and lets the shards meet nevertheless', async () => {
    const url = await freeUrl();
    const shards = [await openAt(url, 1, 2), await openAt(url, 2, 2)];
    const meetings = shards[0]?.meet(madeAnnouncement(1, 2), NO_SIGNAL);
    const answers = await Promise.all([
      send(url, '/', '{}'),
      send(url, `${base}time/../../..`, '{}'),
      send(url, `${base}time`, '', 'GET'),
      send(url, `${base}time`, '{'),
      send(url, `${base}ask`, '{"nonce":1}'),
      send(url, `${base}ask`, Buffer.alloc(100_000, 32)),
      send(url, `${base}join/${'a'.repeat(32)}`, Buffer.alloc(100_000, 32)),
      send(
        url,
        `${base}report`,
        JSON.stringify({ nonce: 'a'.repeat(32), when: 'after', aheadNs: 1, boundNs: 1 }),
      ),
      send(url, `${base}leave`, JSON.stringify({ nonce: 'a'.repeat(32) })),
    ]);
    expect(answers).toEqual([
      '404 {"problem":"there is nothing here"}',
      '404 {"problem":"there is nothing here"}',
      '405 {"problem":"only POST is supported"}',
      '400 {"problem":"the request cannot be read"}',
      '400 {"problem":"the request cannot be read"}',
      '400 {"problem":"the request has more than 4096 bytes"}',
      '409 {"problem":"this process has to ask first"}',
      '409 {"problem":"this process has not announced itself"}',
      '409 {"problem":"this process has not announced itself"}',
    ]);
    const second = await shards[1]?.meet(madeAnnouncement(2, 2), NO_SIGNAL);
    expect(second?.id).toBe((await meetings)?.id);
  });

  it('disconnects clients that send no HTTP, or too little', async () => {
    const url = new URL(await freeUrl());
    const shard = { index: 1, count: 2 };
    const limits = {
      headersTimeout: 50,
      requestTimeout: 100,
      keepAliveTimeout: 1000,
      connectionsCheckingInterval: 10,
    };
    const server = new DeskServer(url, new Desk(shard, fastTime), fastTime, shard.count, limits);
    await server.listen(url);
    const starts = [
      '\x16\x03\x01\x02\x00\x01\x00',
      'POST / HTTP/1.1\r\n',
      `POST ${base}time HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{`,
    ];
    const closed = starts.map((text) => {
      const socket = connect(Number(url.port), '127.0.0.1');
      socket.on('error', () => {}).resume();
      socket.write(text);
      return once(socket, 'close');
    });
    await Promise.all(closed);
    await server.close();
  });
});
