import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setupPrimary as setupClusterAdapter } from '@socket.io/cluster-adapter';
import { setupMaster } from '@socket.io/sticky';
import { io, type Socket } from 'socket.io-client';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { EVENT, type SendMessage } from '../../src/contract/protocol.ts';
import {
  DEFAULT_PROCESSES,
  type NodeRestart,
  type RunningServer,
  type ServerSettings,
  type StartOptions,
} from '../../src/contract/server.ts';
import { listen } from '../listen.ts';
import {
  CLOSE,
  confirmSessions,
  handOverUnread,
  isMessage,
  type NodeAdapter,
  type NodePlan,
  SERVING,
} from './channel.ts';

/** The child entry of a serving process. */
const NODE_ENTRY = join(import.meta.dirname, `node${extname(import.meta.filename)}`);

/** A signal to the process group can reach a child before this process. The exit of that child is not a failure. */
const GRACE_MS = 200;

/** Time in which the serving processes must reach each other. */
const CONNECTED_TIMEOUT_MS = 5000;
const ROUND_MS = 50;

/** Several processes that serve the Socket.IO chat behind one port. */
export class ServingProcesses implements RunningServer {
  readonly #nodes: Worker[] = [];
  readonly #plans: readonly NodePlan[];
  /** Processes that end because they are restarted. */
  readonly #restarting = new Set<Worker>();
  #closing = false;
  url = '';

  private constructor(plans: readonly NodePlan[]) {
    this.#plans = plans;
  }

  /** Resolves when every process serves, and the broadcasts of each reach the clients of all. */
  static async start(options: StartOptions, adapter: NodeAdapter): Promise<ServingProcesses> {
    const { settings } = options;
    const count = settings.processes ?? DEFAULT_PROCESSES;
    const plans = Array.from({ length: count }, (_, node) => ({ node, settings, adapter }));
    const serving = new ServingProcesses(plans);
    const http = createServer();
    // Round-robin spreads clients evenly at any connect rate.
    setupMaster(http, { loadBalancingMethod: 'round-robin' });
    if (adapter.kind === 'cluster') setupClusterAdapter();
    await Promise.all(plans.map((plan) => serving.#startNode(plan)));
    serving.url = `http://${await listen(http, options)}`;
    await waitUntilConnected(serving.url, count, settings);
    return serving;
  }

  /** Exits, so that the run sees that a part of the server is gone. */
  fail(reason: string): void {
    setTimeout(() => {
      if (this.#closing) return;
      console.error(reason);
      process.exit(1);
    }, GRACE_MS);
  }

  /** New connections go to the other processes until this one serves again. */
  async restartNode({ node, signal, downMs }: NodeRestart): Promise<void> {
    const [plan, worker] = [this.#plans[node], this.#nodes[node]];
    if (plan === undefined || worker === undefined) throw new Error(`there is no serving process ${node}`);
    this.#restarting.add(worker);
    takeNoConnections(worker);
    const ended = once(worker, 'exit');
    if (signal === 'SIGKILL') worker.process.kill(signal);
    else worker.send({ type: CLOSE });
    await Promise.all([ended, delay(downMs)]);
    if (!this.#closing) await this.#startNode(plan);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      this.#nodes.map(async (worker) => {
        if (worker.isDead()) return;
        const ended = once(worker, 'exit');
        worker.send({ type: CLOSE });
        await ended;
      }),
    );
  }

  async #startNode(plan: NodePlan): Promise<void> {
    // Sticky sessions and binary packets cross the channel as buffers, which JSON does not support.
    cluster.setupPrimary({ exec: NODE_ENTRY, args: [JSON.stringify(plan)], serialization: 'advanced' });
    const worker = cluster.fork();
    handOverUnread(worker);
    confirmSessions(worker);
    this.#nodes[plan.node] = worker;
    takeNoConnections(worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message) => {
        if (!isMessage(message, SERVING)) return;
        takeConnections(worker);
        resolve();
      });
      worker.on('exit', (code, signal) => {
        if (this.#restarting.delete(worker)) return;
        const reason = `serving process ${plan.node} ended with ${signal ?? `exit code ${code}`}`;
        reject(new Error(reason));
        this.fail(reason);
      });
    });
  }
}

/** Sticky hands connections over to the workers of this table, also to one that has just been forked, or that is about to end. */
function takeNoConnections({ id }: Worker): void {
  delete cluster.workers?.[id];
}

function takeConnections(worker: Worker): void {
  if (cluster.workers !== undefined) cluster.workers[worker.id] = worker;
}

/**
 * Resolves when a broadcast of each serving process reaches the clients of all, tested with a client of each. An
 * adapter that is still connecting would lose the first messages. Rejects after 5 s.
 */
async function waitUntilConnected(url: string, count: number, settings: ServerSettings): Promise<void> {
  const clients: Socket[] = [];
  try {
    await Promise.race([broadcastUntilReceived(url, count, settings, clients), rejectAfterTimeout()]);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function rejectAfterTimeout(): Promise<never> {
  await delay(CONNECTED_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`the serving processes do not reach each other after ${CONNECTED_TIMEOUT_MS / 1000} s`);
}

async function broadcastUntilReceived(
  url: string,
  count: number,
  settings: ServerSettings,
  clients: Socket[],
): Promise<void> {
  const nodes = new Set<number>();
  while (nodes.size < count) {
    const client = await connectClient(url, settings);
    clients.push(client);
    nodes.add(await client.emitWithAck(EVENT.whichNode, null));
  }
  let received = new Set<string>();
  clients.forEach((client, receiver) => {
    client.on(EVENT.receiveMessage, (message: string) => received.add(`${message} at ${receiver}`));
  });
  // Messages arrive in order: once a whole round has arrived, no earlier message is in flight.
  for (let round = 0; received.size < clients.length ** 2; round += 1) {
    received = new Set();
    clients.forEach((client, sender) => {
      const message: SendMessage = { message: `${round} of ${sender}`, scope: 'everyone' };
      client.emit(EVENT.sendMessage, message);
    });
    await delay(ROUND_MS);
  }
}

function connectClient(url: string, { namespace, parser }: ServerSettings): Promise<Socket> {
  const address = new URL(url);
  address.pathname = namespace ?? '/';
  const client = io(address.href, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...(parser === 'msgpack' ? { parser: msgpackParser } : {}),
  });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('connect_error', reject);
  });
}
