import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/plan/link.ts';
import { OWNER } from '../../src/run/leftovers/owner.ts';
import { openProxies, toxicsOf } from '../../src/run/toxiproxy.ts';
import { thrownBy } from '../thrown.ts';

interface Proxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly toxics: unknown[];
}

/** The HTTP API of Toxiproxy 2, as its README documents it. */
class FakeToxiproxy {
  readonly proxies = new Map<string, Proxy>();
  readonly #server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { status, body } = this.#answer(request.method ?? '', request.url ?? '', text);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === null ? '' : JSON.stringify(body));
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(method: string, url: string, text: string): { status: number; body: unknown } {
    const [, collection, name = '', toxics] = url.split('/');
    if (collection !== 'proxies') return { status: 404, body: null };
    if (method === 'GET') return { status: 200, body: Object.fromEntries(this.proxies) };
    if (method === 'POST' && toxics === 'toxics') {
      const toxic = JSON.parse(text);
      this.proxies.get(name)?.toxics.push(toxic);
      return { status: 200, body: toxic };
    }
    if (method === 'POST') {
      const asked = JSON.parse(text) as Proxy;
      if (this.proxies.has(asked.name))
        return { status: 409, body: { error: 'proxy already exists', status: 409 } };
      const proxy = { ...asked, listen: `127.0.0.1:${40_000 + this.proxies.size}`, toxics: [] };
      this.proxies.set(proxy.name, proxy);
      return { status: 201, body: proxy };
    }
    return { status: method === 'DELETE' && this.proxies.delete(name) ? 204 : 404, body: null };
  }
}

const UPSTREAM = { host: '127.0.0.1', port: 3000 };
let toxiproxy: FakeToxiproxy;
let api: string;
beforeEach(async () => {
  toxiproxy = new FakeToxiproxy();
  api = await toxiproxy.listen();
});
afterEach(() => toxiproxy.close());

const linkOf = (text: string) => parseLinks(text)[0] ?? expect.unreachable();

describe('the toxics of a link', () => {
  it('have the names and units of Toxiproxy, in both directions', () => {
    const both = (type: string, attributes: object) =>
      ['upstream', 'downstream'].map((stream) => ({
        ...{ name: `${type}_${stream}`, type, stream, toxicity: 1, attributes },
      }));
    expect(toxicsOf(linkOf('rtt=80ms jitter=20ms rate=2Mbit slice=64B slice-delay=1ms reset=30s'))).toEqual([
      ...both('bandwidth', { rate: 250 }),
      ...both('latency', { latency: 40, jitter: 10 }),
      ...both('slicer', { average_size: 64, size_variation: 0, delay: 1000 }),
      ...both('reset_peer', { timeout: 30_000 }).slice(1),
    ]);
  });

  it.each([
    ['rtt=1ms', 'latency of Toxiproxy is a whole number of milliseconds'],
    ['rate=12kbit', 'rate of Toxiproxy is a whole number of KB/s'],
  ])('of %s are refused', (text, message) => {
    expect(thrownBy(() => toxicsOf(linkOf(text))).message).toContain(message);
  });
});

describe('a Toxiproxy', () => {
  it('gets a proxy for each link, until they are closed', async () => {
    const { dials, close } = await openProxies(api, parseLinks('10%: rtt=200ms, rate=2Mbit'), UPSTREAM);
    expect(dials).toEqual([
      { host: '127.0.0.1', port: 40_000 },
      { host: '127.0.0.1', port: 40_001 },
    ]);
    const [first, second] = [...toxiproxy.proxies.values()];
    expect(first).toMatchObject({ name: `sockbench-${OWNER}-link1`, upstream: '127.0.0.1:3000' });
    expect(first?.toxics).toMatchObject([{ type: 'latency' }, { type: 'latency' }]);
    expect(second?.toxics).toMatchObject([{ type: 'bandwidth' }, { type: 'bandwidth' }]);
    await close();
    expect(toxiproxy.proxies.size).toBe(0);
  });

  it('loses the proxies of runs that were killed, and keeps those of others', async () => {
    const [scope = ''] = OWNER.split('-');
    const names = [`sockbench-${scope}-999999999-1-link1`, `sockbench-${OWNER}-link9`, 'mine'];
    for (const name of names)
      toxiproxy.proxies.set(name, { name, listen: 'h:1', upstream: 'h:2', toxics: [] });
    const { close } = await openProxies(api, parseLinks('rtt=80ms'), UPSTREAM);
    await close();
    expect([...toxiproxy.proxies.keys()]).toEqual(names.slice(1));
  });

  it('that refuses a proxy is reported, and keeps none', async () => {
    const name = `sockbench-${OWNER}-link2`;
    toxiproxy.proxies.set(name, { name, listen: 'h:1', upstream: 'h:2', toxics: [] });
    await expect(openProxies(api, parseLinks('10%: rtt=200ms, rtt=80ms'), UPSTREAM)).rejects.toMatchObject({
      code: 'TOXIPROXY',
      message: expect.stringContaining('status 409: {"error":"proxy already exists"'),
    });
    expect([...toxiproxy.proxies.keys()]).not.toContain(`sockbench-${OWNER}-link1`);
  });

  it('that does not run, or is something else, is reported', async () => {
    const links = parseLinks('rtt=80ms');
    await expect(openProxies('http://127.0.0.1:9', links, UPSTREAM)).rejects.toThrow(/ECONNREFUSED|bad port/);
    await expect(openProxies(`${api}/other`, links, UPSTREAM)).rejects.toThrow(/has status 404/);
  });
});
