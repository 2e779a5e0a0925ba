import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { z } from 'zod';
import { endpointOf, resolveName } from '../../contract/address.ts';
import { fail, messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import type { Clock } from '../../measure/clock.ts';
import { CONFLICT_HINT } from './conflict.ts';
import { parseShared } from './documents.ts';
import { RENDEZVOUS_PATH, refusalSchema } from './url-messages.ts';
import { pathOf } from './url-server.ts';

/** A request that takes longer has failed, in milliseconds. */
const REQUEST_MS = 5000;
/** The start lists the clients of all shards. */
const MAX_DESK_ANSWER_BYTES = 256 * 1024 ** 2;

/** Shard 1 did not answer, which may change: it has not started yet, or the network fails. */
export class Unanswered extends Error {}

interface DeskAnswer {
  readonly status: number;
  readonly text: string;
  readonly arrivedNs: number;
}

/** Asks shard 1. One connection is kept. */
export class DeskClient {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: URL, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /**
   * Sends a request. Throws Unanswered when there is no answer, and a SockbenchError when shard 1 refuses, or when
   * something else answers at the URL.
   */
  async send<Value>(
    action: string,
    schema: z.ZodType<Value>,
    body: object,
    signal: AbortSignal,
  ): Promise<{ readonly value: Value; readonly arrivedNs: number }> {
    const { status, text, arrivedNs } = await this.#post(action, JSON.stringify(body), signal);
    if (status === 409) {
      const problem = parseShared(refusalSchema, text)?.problem ?? 'it does not say why';
      fail(
        'SHARD_CONFLICT',
        `shard 1 at ${this.#url.host} refused this shard: ${foreign(problem, 1000)}`,
        CONFLICT_HINT,
      );
    }
    const value = status === 200 ? parseShared(schema, text) : null;
    if (value !== null) return { value, arrivedNs };
    // A proxy or load balancer answers so while shard 1 has not started.
    if (status >= 500) throw new Unanswered(`it answers with HTTP status ${status}`);
    return fail(
      'RENDEZVOUS_URL',
      `${this.#url.host} answers, but is not shard 1 of a run of this version of sockbench (HTTP status ${status})`,
      `Something else listens there, or a proxy is in between. The rendezvous answers below /${RENDEZVOUS_PATH}.`,
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(action: string, body: string, signal: AbortSignal): Promise<DeskAnswer> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
    try {
      const sent = request({
        ...endpointOf(this.#url),
        agent: this.#agent,
        lookup: resolveName,
        method: 'POST',
        path: `${pathOf(this.#url)}${action}`,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: limit,
      });
      // An error may follow the answer.
      sent.on('error', () => {});
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const arrivedNs = this.#clock.nowNs();
      return { status: response.statusCode ?? 0, text: await readDeskAnswer(response), arrivedNs };
    } catch (error) {
      throw new Unanswered(
        limit.aborted && !signal.aborted ? 'it does not answer in time' : unansweredReason(error),
      );
    }
  }
}

async function readDeskAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_DESK_ANSWER_BYTES) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Several addresses of a name fail with one error each. */
function unansweredReason(error: unknown): string {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  return foreign(messageOf(first));
}
