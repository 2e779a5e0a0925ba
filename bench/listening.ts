import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_SERVER_SETTINGS } from '../src/contract/server.ts';
import { chooseAffinity, separateThreads } from '../src/run/affinity.ts';
import { ticksBetween } from '../src/run/server/proc-sampler.ts';
import { MS_PER_TICK } from '../src/run/server/process-tree.ts';
import { startReference } from '../src/run/server/server-process.ts';
import type { ClientProcess } from './client-process.ts';
import type { BenchProtocol } from './protocols.ts';
import { Publisher } from './publisher.ts';
import type { ClientFigures, Workload } from './workload.ts';

const SERVER_WITHIN_MS = 10_000;
/** Time for memory to settle when all connections are open. */
const SETTLE_MS = 3000;

/** Starts a reference server in a process of its own, on the CPUs that a run gives it. */
async function startBenchServer(protocol: BenchProtocol) {
  const { affinity } = chooseAffinity(1, true);
  const reference = {
    runtime: 'node',
    program: null,
    version: null,
    settings: DEFAULT_SERVER_SETTINGS,
    hasNodes: false,
  } as const;
  const server = await startReference(
    protocol,
    reference,
    { host: '127.0.0.1', port: 0 },
    {
      cpus: affinity.server,
      env: {},
      timeoutMs: SERVER_WITHIN_MS,
      signal: new AbortController().signal,
      onDied: (reason) => process.stderr.write(`the server ended: ${reason}\n`),
    },
  );
  return { ...server, port: Number(new URL(server.url).port), affinity };
}

type BenchServer = Awaited<ReturnType<typeof startBenchServer>>;

/** Starts a client of a server on a port of loopback. */
export type StartClient = (workload: Workload, server: ServerToLoad) => ClientProcess;

interface ServerToLoad {
  readonly port: number;
  /** The CPUs of the generator, as `taskset -c` reads them; null for any. */
  readonly cpus: string | null;
  /** Messages that were published so far. */
  readonly published: () => number;
}

/** Measures a client that listens on a server of its own, which this process publishes to. */
export async function measureListening(start: StartClient, workload: Workload): Promise<ClientFigures> {
  const server = await startBenchServer(workload.protocol);
  try {
    const publisher = await Publisher.open(workload.protocol, server.port);
    try {
      return await measureClient(start, server, publisher, workload);
    } finally {
      publisher.close();
    }
  } finally {
    await server.stop();
  }
}

async function measureClient(
  start: StartClient,
  server: BenchServer,
  publisher: Publisher,
  workload: Workload,
): Promise<ClientFigures> {
  const { port, affinity } = server;
  const cpus = affinity.workers[0] ?? null;
  const client = start(workload, { port, cpus, published: () => publisher.sent });
  // The main thread alone is bound to the CPU of a generator, as in a run.
  const release = separateThreads(affinity, [client.pid]);
  try {
    const openStartMs = performance.now();
    const opened = await client.opened();
    const openMs = performance.now() - openStartMs;
    if (workload.kind === 'idle') {
      await sleep(SETTLE_MS);
      const { rssBytes } = await client.read();
      return { rss: rssBytes / 1024, connect: opened.connections / (openMs / 1000) };
    }
    if (workload.kind === 'broadcast') publisher.publishAt(workload.rateHz);
    return await costOf(client, server, workload);
  } finally {
    release();
    await client.stop();
  }
}

/** CPU time per message of a client and of the server, between two readings. */
async function costOf(
  client: ClientProcess,
  { tree }: BenchServer,
  { warmupMs, measureMs }: Workload,
): Promise<ClientFigures> {
  await sleep(warmupMs);
  const [before, serverBefore] = [await client.read(), tree.read()];
  await sleep(measureMs);
  const [after, serverAfter] = [await client.read(), tree.read()];
  const received = after.received - before.received;
  if (received === 0) throw new Error('nothing was received');
  return {
    cpu: (after.cpuUs - before.cpuUs) / received,
    server: (ticksBetween(serverBefore, serverAfter) * MS_PER_TICK * 1000) / received,
  };
}
