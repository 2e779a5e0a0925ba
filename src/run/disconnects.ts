import type { DroppedClient } from '../generator/messages.ts';
import type { RunResult } from '../result/run-result.ts';
import { type CutAge, MAX_DISCONNECTS, storeDisconnects, sumCutAges } from '../result/stored-moments.ts';

/** Disconnects that are kept one by one, before they are counted by second. */
const KEPT = 10 * MAX_DISCONNECTS;

/** When how many clients were disconnected by the server. Of a long run, the seconds with the most are kept. */
export class Disconnects {
  #events: Array<{ readonly atNs: number; readonly count: number }> = [];
  /** Times since the origin of the clock of the run. */
  #cuts: CutAge[] = [];
  measureStartNs = Number.POSITIVE_INFINITY;

  add(atNs: number, clients: readonly DroppedClient[]): void {
    this.#addAges(atNs / 1e6, clients);
    this.#events.push({ atNs, count: clients.length });
    if (this.#events.length <= KEPT || !Number.isFinite(this.measureStartNs)) return;
    const seconds = this.stored();
    this.#events = seconds.map((each) => ({
      atNs: this.measureStartNs + each.atMs * 1e6,
      count: each.count,
    }));
  }

  #addAges(atMs: number, clients: readonly DroppedClient[]): void {
    const ended = clients.flatMap(({ reason, ageNs }): CutAge[] => {
      if (ageNs === null || !Number.isFinite(ageNs)) return [];
      const ageMs = ageNs / 1e6;
      const [minAgeMs, maxAgeMs, firstAtMs, lastAtMs] = [ageMs, ageMs, atMs, atMs];
      return [{ reason, count: 1, minAgeMs, maxAgeMs, firstAtMs, lastAtMs }];
    });
    this.#cuts = sumCutAges([...this.#cuts, ...ended]);
  }

  /** By second, from the start of measuring; below 0 before it. */
  stored(): RunResult['disconnects'] {
    return storeDisconnects(
      this.#events.map(({ atNs, count }) => ({ atMs: (atNs - this.measureStartNs) / 1e6, count })),
    );
  }

  /** By reason, the most frequent first; none before measuring has begun. */
  cutAges(): CutAge[] {
    const startMs = this.measureStartNs / 1e6;
    if (!Number.isFinite(startMs)) return [];
    return this.#cuts.map((cut) => ({
      ...cut,
      firstAtMs: cut.firstAtMs - startMs,
      lastAtMs: cut.lastAtMs - startMs,
    }));
  }
}
