import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { type DialAddress, endpointOf } from '../contract/address.ts';
import { EXIT, fail, messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import type { Link } from '../plan/link.ts';
import { guard } from './leftovers/guardian.ts';
import { isGone, OWNER, OWNER_PATTERN } from './leftovers/owner.ts';

const PROXY_ANSWERS_WITHIN_MS = 5000;
const REMOVE_WITHIN_MS = 2000;

/** A toxic as the API of Toxiproxy takes it: github.com/Shopify/toxiproxy, README, "Toxics". */
interface Toxic {
  readonly name: string;
  readonly type: 'latency' | 'bandwidth' | 'slicer' | 'reset_peer';
  readonly stream: 'upstream' | 'downstream';
  readonly toxicity: 1;
  readonly attributes: Readonly<Record<string, number>>;
}

const BITS_PER_KB = 8000;
const STREAMS = ['upstream', 'downstream'] as const;

/** The toxics of a link, in the order of their effect. Times are milliseconds, the delay of slices microseconds. */
export function toxicsOf(link: Link): Toxic[] {
  const { latencyMs, jitterMs, rateBps, sliceBytes, sliceDelayMs, resetAfterMs } = link;
  const types: ReadonlyArray<readonly [Toxic['type'], Toxic['attributes'] | null]> = [
    ['bandwidth', rateBps === null ? null : { rate: rateBps / BITS_PER_KB }],
    ['latency', latencyMs === 0 ? null : { latency: latencyMs, jitter: jitterMs }],
    [
      'slicer',
      sliceBytes === null
        ? null
        : { average_size: sliceBytes, size_variation: 0, delay: sliceDelayMs * 1000 },
    ],
    ['reset_peer', resetAfterMs === null ? null : { timeout: resetAfterMs }],
  ];
  return types.flatMap(([type, attributes]) => {
    if (attributes === null) return [];
    requireWholeAttributes(link, attributes);
    // A reset of one side ends the connection.
    const streams = type === 'reset_peer' ? STREAMS.slice(1) : STREAMS;
    return streams.map((stream) => ({
      ...{ name: `${type}_${stream}`, type, stream, toxicity: 1 as const, attributes },
    }));
  });
}

function requireWholeAttributes({ text }: Link, attributes: Toxic['attributes']): void {
  const [name] = Object.entries(attributes).find(([, value]) => !Number.isInteger(value)) ?? [];
  if (name === undefined) return;
  fail(
    'BAD_NETWORK',
    `--network "${text}": ${name} of Toxiproxy is a whole number of ${name === 'rate' ? 'KB/s, that is of 8kbit' : name === 'delay' ? 'microseconds' : 'milliseconds in each direction'}`,
    'Change the value, or use --network-via relay.',
  );
}

const proxySchema = z.object({ name: z.string(), listen: z.string() });
const proxiesSchema = z.record(z.string(), z.object({ name: z.string() }));

/** Creates a proxy of Toxiproxy for each link, and removes what a killed run left. Throws TOXIPROXY. */
export async function openProxies(api: string, links: readonly Link[], upstream: DialAddress) {
  const toxics = links.map(toxicsOf);
  const created: string[] = [];
  const removeNow = () => {
    if (created.length > 0) removeSync(api, created);
  };
  const release = guard({ pid: null, end: removeNow });
  const close = async () => {
    // A Toxiproxy that is gone has none of them.
    for (const name of created.splice(0)) await ask(api, 'DELETE', `/proxies/${name}`).catch(() => {});
    release();
  };
  try {
    const present = proxiesSchema.parse(await ask(api, 'GET', '/proxies'));
    for (const name of Object.keys(present).filter(isLeft)) await ask(api, 'DELETE', `/proxies/${name}`);
    const { host } = endpointOf(new URL(api));
    const dials: DialAddress[] = [];
    for (const [index, link] of links.entries()) {
      const name = `sockbench-${OWNER}-${link.name}`;
      const body = {
        name,
        listen: addressOf({ host, port: 0 }),
        upstream: addressOf(upstream),
        enabled: true,
      };
      created.push(name);
      const { listen } = proxySchema.parse(await ask(api, 'POST', '/proxies', body));
      for (const toxic of toxics[index] ?? []) await ask(api, 'POST', `/proxies/${name}/toxics`, toxic);
      dials.push({ host, port: Number(listen.slice(listen.lastIndexOf(':') + 1)) });
    }
    return { dials, close };
  } catch (error) {
    await close();
    if (error instanceof z.ZodError) return failProxies(api, 'it does not answer as Toxiproxy does');
    throw error;
  }
}

/** A proxy of a run that was killed. */
function isLeft(name: string): boolean {
  const owner = new RegExp(`^sockbench-(${OWNER_PATTERN})-link\\d$`).exec(name)?.[1];
  return owner !== undefined && isGone(owner);
}

function addressOf({ host, port }: DialAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function ask(api: string, method: string, path: string, body?: object): Promise<unknown> {
  try {
    const answer = await fetch(`${api}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', 'user-agent': 'sockbench' },
      redirect: 'error',
      signal: AbortSignal.timeout(PROXY_ANSWERS_WITHIN_MS),
    });
    const text = await answer.text();
    if (!answer.ok) return failProxies(api, `${method} ${path} has status ${answer.status}: ${text}`);
    return text === '' ? null : parseAnswer(api, text);
  } catch (error) {
    if (!(error instanceof TypeError) && (error as Error).name !== 'TimeoutError') throw error;
    return failProxies(api, messageOf((error as Error).cause ?? error));
  }
}

function parseAnswer(api: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return failProxies(api, 'it does not answer as Toxiproxy does');
  }
}

function failProxies(api: string, problem: string): never {
  return fail(
    'TOXIPROXY',
    `Toxiproxy at ${api}: ${foreign(problem)}`,
    'Check that toxiproxy-server runs there: --network-via toxiproxy=HOST:PORT is the address of its HTTP API.',
    EXIT.usage,
  );
}

/** Removes proxies while this process exits, when nothing can be awaited. */
function removeSync(api: string, names: readonly string[]): void {
  const script =
    "const [api, ...names] = process.argv.slice(1); for (const name of names) fetch(api + '/proxies/' + name, { method: 'DELETE' }).catch(() => {});";
  spawnSync(process.execPath, ['-e', script, api, ...names], { timeout: REMOVE_WITHIN_MS, stdio: 'ignore' });
}
