import type { Clock } from '../../measure/clock.ts';
import type { OutsideSample } from '../../measure/telemetry.ts';
import { MS_PER_TICK, type ProcStat, readRssBytes } from './proc-stat.ts';

type Stats = ReadonlyMap<string, ProcStat>;

/** By what tells a process from a later one of the same pid. */
function byIdentity(stats: readonly ProcStat[]): Stats {
  return new Map(stats.map((stat) => [`${stat.pid}:${stat.startedTicks}`, stat]));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/**
 * CPU time that the processes of a tree used between two readings, in ticks, 0 or more. A process that ended
 * between them left its time to the parent that waited for it; what was known of it before counts once. What
 * ended with no parent in the tree left the rest of its time to nobody.
 */
export function ticksBetween(before: readonly ProcStat[], after: readonly ProcStat[]): number {
  const [earlier, later] = [byIdentity(before), byIdentity(after)];
  const own = sum([...later].map(([id, { ownTicks }]) => ownTicks - (earlier.get(id)?.ownTicks ?? 0)));
  const reaped = sum(
    [...later].map(([id, { reapedTicks }]) => reapedTicks - (earlier.get(id)?.reapedTicks ?? 0)),
  );
  const ended = [...earlier].filter(([id]) => !later.has(id)).map(([, stat]) => stat);
  const known = sum(ended.map(({ ownTicks, reapedTicks }) => ownTicks + reapedTicks));
  return own + Math.max(0, reaped - known);
}

/** In less time than this, CPU time counted in ticks says nothing. */
const SHORTEST_MS = 100;

interface Reading {
  readonly atNs: number;
  readonly stats: readonly ProcStat[];
}

/** Samples several processes as one, from outside. Counts from its creation on. */
export class ProcSampler {
  readonly #readStats: () => ProcStat[];
  readonly #clock: Clock;
  readonly #samples: OutsideSample[] = [];
  /** What the last sample ended with, and what it began with. */
  #last: Reading;
  #before: Reading;
  /** What each process had used when it was first seen, and has by now. */
  readonly #ticks = new Map<string, { readonly pid: number; readonly first: number; last: number }>();

  /** @param readStats tells which processes there are now. */
  constructor(readStats: () => ProcStat[], clock: Clock) {
    this.#readStats = readStats;
    this.#clock = clock;
    this.#last = this.#read();
    this.#before = this.#last;
  }

  /** None where the system does not tell. */
  get samples(): readonly OutsideSample[] {
    return this.#samples;
  }

  /** Adds what happened since the last sample; to that one when too little time has passed. */
  sample(): void {
    const reading = this.#read();
    if (reading.stats.length === 0) return;
    const isShort = (reading.atNs - this.#last.atNs) / 1e6 < SHORTEST_MS;
    if (isShort && this.#samples.length > 0) this.#samples.pop();
    else this.#before = this.#last;
    this.#last = reading;
    this.#samples.push({
      atNs: reading.atNs,
      lengthMs: (reading.atNs - this.#before.atNs) / 1e6,
      cpuMs: ticksBetween(this.#before.stats, reading.stats) * MS_PER_TICK,
      rssBytes: sum(reading.stats.map(({ pid }) => readRssBytes(pid))),
    });
  }

  #read(): Reading {
    const reading = { atNs: this.#clock.nowNs(), stats: this.#readStats() };
    for (const [id, { pid, ownTicks }] of byIdentity(reading.stats)) {
      const { first } = this.#ticks.get(id) ?? { first: ownTicks };
      this.#ticks.set(id, { pid, first, last: ownTicks });
    }
    return reading;
  }

  /** The process that used most CPU time of its own since it was first seen; null when none was. */
  busiestPid(): number | null {
    const [busiest] = [...this.#ticks.values()].sort((a, b) => b.last - b.first - (a.last - a.first));
    return busiest?.pid ?? null;
  }
}
