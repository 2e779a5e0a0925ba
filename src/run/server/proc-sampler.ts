import type { Clock } from '../../measure/clock.ts';
import type { OutsideSample } from '../../measure/telemetry.ts';
import { sampleLog } from '../phase-log.ts';
import { MS_PER_TICK, type ProcStat, readRssBytes } from './process-tree.ts';

/** Processes by pid and start, since a later process may have the same pid. */
function byIdentity(stats: readonly ProcStat[]): ReadonlyMap<string, ProcStat> {
  return new Map(stats.map((stat) => [`${stat.pid}:${stat.startedTicks}`, stat]));
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * CPU time that the processes of a tree used between two readings, in ticks, 0 or more. The time of a process that
 * ended between them is in that of the parent that waited for it; the part that was known before counts once. The rest
 * is unknown for a process that ended without a parent in the tree.
 */
export function ticksBetween(before: readonly ProcStat[], after: readonly ProcStat[]): number {
  const [earlier, later] = [byIdentity(before), byIdentity(after)];
  const grown = (name: 'ownTicks' | 'reapedTicks') =>
    sumOf([...later].map(([id, stat]) => stat[name] - (earlier.get(id)?.[name] ?? 0)));
  const ended = [...earlier].filter(([id]) => !later.has(id)).map(([, stat]) => stat);
  const known = sumOf(ended.map(({ ownTicks, reapedTicks }) => ownTicks + reapedTicks));
  return grown('ownTicks') + Math.max(0, grown('reapedTicks') - known);
}

/** CPU time counted in ticks is too coarse for a shorter sample. */
const SHORTEST_MS = 100;

interface ProcReading {
  readonly atNs: number;
  readonly stats: readonly ProcStat[];
}

/** Samples several processes as one, from outside. Counts from its creation on. */
export class ProcSampler {
  readonly #readStats: () => ProcStat[];
  readonly #clock: Clock;
  readonly #log = sampleLog<OutsideSample>();
  /** The last sample, which may still be extended. */
  #lastSample: OutsideSample | null = null;
  /** The readings at the end and at the start of the last sample. */
  #last: ProcReading;
  #before: ProcReading;
  /** CPU time of each process when counting began, or it was first seen later, and when it was last seen. */
  readonly #ticks = new Map<string, { readonly pid: number; readonly first: number; last: number }>();

  /** @param readStats reads the processes that exist now. */
  constructor(readStats: () => ProcStat[], clock: Clock) {
    this.#readStats = readStats;
    this.#clock = clock;
    this.#last = this.#read();
    this.#before = this.#last;
  }

  /** Adds a sample since the last one. Extends the last one when too little time has passed. */
  sample(): void {
    const reading = this.#read();
    if (reading.stats.length === 0) return;
    const isShort = (reading.atNs - this.#last.atNs) / 1e6 < SHORTEST_MS;
    if (!isShort || this.#lastSample === null) {
      if (this.#lastSample !== null) this.#log.push(this.#lastSample);
      this.#before = this.#last;
    }
    this.#last = reading;
    this.#lastSample = {
      atNs: reading.atNs,
      lengthMs: (reading.atNs - this.#before.atNs) / 1e6,
      cpuMs: ticksBetween(this.#before.stats, reading.stats) * MS_PER_TICK,
      rssBytes: sumOf(reading.stats.map(({ pid }) => readRssBytes(pid))),
    };
  }

  /** Empty where the system does not report processes. */
  get samples(): readonly OutsideSample[] {
    return this.#lastSample === null ? [] : [...this.#log.items, this.#lastSample];
  }

  /** A phase ends at this time. */
  cutAt(timeNs: number): void {
    this.#log.cutAt(timeNs);
  }

  #read(): ProcReading {
    const reading = { atNs: this.#clock.nowNs(), stats: this.#readStats() };
    const present = byIdentity(reading.stats);
    for (const [id, { pid, ownTicks }] of present) {
      const { first } = this.#ticks.get(id) ?? { first: ownTicks };
      this.#ticks.set(id, { pid, first, last: ownTicks });
    }
    this.#forgetEnded(present);
    return reading;
  }

  /** Keeps the busiest process only of those that have ended: a server may start one for each request. */
  #forgetEnded(present: ReadonlyMap<string, ProcStat>): void {
    const busiest = this.#busiest();
    for (const id of this.#ticks.keys()) if (!present.has(id) && id !== busiest?.id) this.#ticks.delete(id);
  }

  /** How many processes are remembered. */
  get known(): number {
    return this.#ticks.size;
  }

  /** Lets {@link busiestPid} count from now on. */
  countFromNow(): void {
    for (const [id, { pid, last }] of this.#ticks) this.#ticks.set(id, { pid, first: last, last });
  }

  /** The process that used the most CPU time of its own since counting began; null when none was seen. */
  busiestPid(): number | null {
    return this.#busiest()?.pid ?? null;
  }

  #busiest(): { readonly id: string; readonly pid: number } | null {
    const used = [...this.#ticks].map(([id, { pid, first, last }]) => ({ id, pid, ticks: last - first }));
    return used.toSorted((a, b) => b.ticks - a.ticks)[0] ?? null;
  }
}
