import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setupPrimary as setupClusterAdapter } from '@socket.io/cluster-adapter';
import { setupMaster } from '@socket.io/sticky';
import type { RunningServer, StartOptions } from '../../src/contract/server.ts';
import { listen } from '../listen.ts';
import { CLOSE, isMessage, NODE_ENTRY, type NodeAdapter, type NodePlan, SERVING } from './plan.ts';
import { confirmSessions, handOverUnread } from './sticky.ts';
import { requireReach } from './wait-until-connected.ts';

const DEFAULT_PROCESSES = 2;

/** A signal to the whole group may reach a child before it reaches this process: then it is no death. */
const GRACE_MS = 200;

/** Several processes that serve the chat of Socket.IO behind one port. */
export class ServingProcesses implements RunningServer {
  readonly #nodes: Worker[] = [];
  #closing = false;
  url = '';

  /** Resolves when every process serves and what one of them broadcasts reaches the clients of all. */
  static async start(options: StartOptions, adapter: NodeAdapter): Promise<ServingProcesses> {
    const { settings } = options;
    const count = settings.processes ?? DEFAULT_PROCESSES;
    const serving = new ServingProcesses();
    const http = createServer();
    // In turn, so that clients spread evenly however fast they come.
    setupMaster(http, { loadBalancingMethod: 'round-robin' });
    if (adapter.kind === 'cluster') setupClusterAdapter();
    await Promise.all(
      Array.from({ length: count }, (_, node) => serving.#startNode({ node, settings, adapter })),
    );
    serving.url = `http://${await listen(http, options)}`;
    await requireReach(serving.url, count, settings);
    return serving;
  }

  /** Ends this process, since a run has to see that a part of the server is gone. */
  fail(reason: string): void {
    setTimeout(() => {
      if (this.#closing) return;
      console.error(reason);
      process.exit(1);
    }, GRACE_MS);
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
    // Sticky sessions and packets with bytes go over the channel as buffers, for which JSON is no format.
    cluster.setupPrimary({ exec: NODE_ENTRY, args: [JSON.stringify(plan)], serialization: 'advanced' });
    const worker = cluster.fork();
    handOverUnread(worker);
    confirmSessions(worker);
    this.#nodes.push(worker);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message) => {
        if (isMessage(message, SERVING)) resolve();
      });
      worker.on('exit', (code, signal) => {
        const reason = `serving process ${plan.node} ended with ${signal ?? `exit code ${code}`}`;
        reject(new Error(reason));
        this.fail(reason);
      });
    });
  }
}
