import type { RunResult } from '../result/run-result.ts';
import { MAX_DISCONNECTS, storeDisconnects } from '../result/stored-moments.ts';

/** Disconnects that are kept one by one, before they are counted by second. */
const KEPT = 10 * MAX_DISCONNECTS;

/** When how many clients were disconnected by the server. Of a long run, the seconds with the most are kept. */
export class Disconnects {
  #events: Array<{ readonly atNs: number; readonly count: number }> = [];
  measureStartNs = Number.POSITIVE_INFINITY;

  add(atNs: number, count: number): void {
    this.#events.push({ atNs, count });
    if (this.#events.length <= KEPT || !Number.isFinite(this.measureStartNs)) return;
    const seconds = this.stored();
    this.#events = seconds.map((each) => ({
      atNs: this.measureStartNs + each.atMs * 1e6,
      count: each.count,
    }));
  }

  /** By second, from the start of measuring; below 0 before it. */
  stored(): RunResult['disconnects'] {
    return storeDisconnects(
      this.#events.map(({ atNs, count }) => ({ atMs: (atNs - this.measureStartNs) / 1e6, count })),
    );
  }
}
