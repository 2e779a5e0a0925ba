import { type Reason, ReasonCounts } from '../../measure/reason-counts.ts';
import type { RunResult } from '../run-result.ts';
import type { ShardResult } from './shard-set.ts';

const REASONS = [
  'failures',
  'dropped',
  'closed',
  'failed',
  'rejected',
  'unexpected',
  'unsent',
  'cuts',
] as const;

/** What the clients of all shards did: connections, messages, traffic. */
export class ClientSums {
  readonly #reasons = Object.fromEntries(REASONS.map((name) => [name, new ReasonCounts()])) as Readonly<
    Record<(typeof REASONS)[number], ReasonCounts>
  >;
  readonly #traffic = { sentBytes: 0, receivedBytes: 0, requests: 0, polls: 0, emptyPolls: 0 };
  #connected = 0;
  #intended = 0;
  #sent = 0;
  #links: RunResult['links'] = null;

  add({ clients, failed, rejected, unexpected, rate, traffic, links }: ShardResult): void {
    // Every shard has the links of all clients.
    this.#links ??= links;
    this.#connected += clients.connected;
    const reasons = {
      ...clients,
      failed,
      rejected,
      unexpected,
      unsent: rate.unsent,
      cuts: links?.cuts ?? [],
    };
    for (const name of REASONS) this.#reasons[name].addAll(reasons[name]);
    for (const name of Object.keys(this.#traffic) as Array<keyof RunResult['traffic']>) {
      this.#traffic[name] += traffic[name];
    }
    this.#intended += rate.intended;
    this.#sent += rate.sent;
  }

  take(
    planned: number,
    measureMs: number,
  ): Pick<RunResult, 'clients' | 'failed' | 'rejected' | 'unexpected' | 'rate' | 'traffic' | 'links'> {
    const take = (name: (typeof REASONS)[number]): Reason[] => this.#reasons[name].take();
    const perSecond = (count: number) => (measureMs > 0 ? count / (measureMs / 1000) : 0);
    return {
      clients: {
        planned,
        connected: this.#connected,
        failures: take('failures'),
        dropped: take('dropped'),
        closed: take('closed'),
      },
      failed: take('failed'),
      rejected: take('rejected'),
      unexpected: take('unexpected'),
      rate: {
        intendedHz: perSecond(this.#intended),
        achievedHz: perSecond(this.#sent),
        intended: this.#intended,
        sent: this.#sent,
        unsent: take('unsent'),
      },
      traffic: { ...this.#traffic },
      links: this.#links === null ? null : { groups: this.#links.groups, cuts: take('cuts') },
    };
  }
}
