import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../src/result/order-statistics.ts';
import { standardDeviation } from '../src/stats/signed-rank.ts';
import { type BenchRound, trialKey } from './rounds.ts';
import type { MeasuredName } from './workload.ts';

/** A run of a second and more reports more events than these. */
export const MIN_EVENTS = 3;
const RETRY_EVERY_MS = 50;

/** Reads the events of a dashboard from its start to its end. */
export class DashboardViewer {
  /** Resolves when the dashboard has ended the stream. */
  readonly ended: Promise<void>;
  readonly #port: number;
  #request: ClientRequest | null = null;
  #isClosed = false;
  #events = 0;

  constructor(port: number) {
    this.#port = port;
    this.ended = this.#connect();
  }

  /** Disconnects, and returns how many events came. */
  close(): number {
    this.#isClosed = true;
    this.#request?.destroy();
    return this.#events;
  }

  /** Tries until the dashboard listens. */
  async #connect(): Promise<void> {
    while (!this.#isClosed) {
      this.#request = get({ port: this.#port, host: '127.0.0.1', path: '/events', agent: false });
      try {
        const [response] = (await once(this.#request, 'response')) as [IncomingMessage];
        for await (const chunk of response.setEncoding('utf8')) {
          this.#events += String(chunk).split('\ndata: ').length - 1;
        }
        return;
      } catch {
        await sleep(RETRY_EVERY_MS);
      }
    }
  }
}

/** By how much a figure differs with a dashboard, and by how much it differs from round to round. */
export interface DashboardCost {
  readonly title: string;
  /** Difference of the medians, over the median without a dashboard. */
  readonly difference: number;
  /** Standard deviation of the rounds without a dashboard, over their median. */
  readonly noise: number;
  readonly verdict: 'PASS' | 'FAIL';
}

const COSTS: ReadonlyArray<readonly [title: string, name: MeasuredName]> = [
  ['CPU per delivery of the generator', 'cpu'],
  ['delivery p50', 'deliveryP50'],
];

/** Compares runs with and without a dashboard. Nothing for a figure that was measured fewer than three times. */
export function dashboardCosts(rounds: readonly BenchRound[]): DashboardCost[] {
  return COSTS.flatMap(([title, name]): DashboardCost[] => {
    const valuesOf = (arm: string) =>
      rounds.flatMap((round) => round.get(trialKey('dashboard', 'ws', 'dashboard', arm))?.[name] ?? []);
    const [alone, viewed] = [valuesOf('alone'), valuesOf('viewed')];
    if (alone.length < 3 || viewed.length < 3) return [];
    const base = median(alone);
    const difference = median(viewed) / base - 1;
    const noise = standardDeviation(alone) / base;
    return [{ title, difference, noise, verdict: Math.abs(difference) < noise ? 'PASS' : 'FAIL' }];
  });
}
