import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

/** Faults of the server; without them it answers every request at once. */
export interface ServerFault {
  /** Blocks the event loop once for so long, `stallAfterMs` after the first request. */
  readonly stallMs?: number;
  readonly stallAfterMs?: number;
  readonly ackDelayMs?: number;
  readonly neverAck?: true;
  /** Refuses every Socket.IO client with an error. */
  readonly refuse?: true;
}

export const serverCountsSchema = z.object({
  /** Connections since the start, below Socket.IO's namespaces. */
  connections: z.number().int(),
  /** Connections that are open, and the most that were open at once. */
  open: z.number().int(),
  peak: z.number().int(),
  /** Messages that asked for an answer, and the answers. */
  requests: z.number().int(),
  acknowledged: z.number().int(),
  /** Messages that asked for no answer, and how many different payloads those named `note` had. */
  events: z.number().int(),
  distinct: z.number().int(),
  /** New connections and requests in each second since the first connection. */
  connectionsBySecond: z.array(z.number().int()),
  requestsBySecond: z.array(z.number().int()),
});

export type ServerCounts = z.infer<typeof serverCountsSchema>;

/** The server of the cross-check in a process of its own. */
export class CountingServer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #port = 0;

  private constructor(fault: ServerFault) {
    this.#child = fork(join(import.meta.dirname, 'server.ts'), [JSON.stringify(fault)]);
    this.#ended = once(this.#child, 'exit');
  }

  static async start(fault: ServerFault): Promise<CountingServer> {
    const server = new CountingServer(fault);
    server.#port = z.object({ port: z.number() }).parse(await server.#answer()).port;
    return server;
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  /** Returns what the server counted until now. */
  async counts(): Promise<ServerCounts> {
    this.#child.send('counts');
    return serverCountsSchema.parse(await this.#answer());
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  async #answer(): Promise<unknown> {
    const ended = this.#ended.then(() => {
      throw new Error('the server of the cross-check ended');
    });
    const [answer] = (await Promise.race([once(this.#child, 'message'), ended])) as readonly unknown[];
    return answer;
  }
}
