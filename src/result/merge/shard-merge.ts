import { isAcrossHosts, isUnstalled, seriesNamed, withinHost } from '../../measure/series.ts';
import { VERSION } from '../../package.ts';
import { formatCount } from '../../units.ts';
import { boundAbsences, disruptionOutcomes } from '../disruption-outcomes.ts';
import type { Finding } from '../findings.ts';
import { type RunResult, SCHEMA_VERSION } from '../run-result.ts';
import { type StoredAbsence, sumSlowReaders } from '../stored-absences.ts';
import { type StoredSlowBroadcast, slowestOf, storeDisconnects, sumCutAges } from '../stored-moments.ts';
import { SeriesSums, storeSeries } from '../stored-series.ts';
import { CarriedFindings } from './carried-findings.ts';
import { ClientSums } from './client-sums.ts';
import { EffectiveSums } from './effective-sums.ts';
import { type BroadcastCounts, FanOut, SERIES_OF_BROADCASTS } from './fan-out.ts';
import { HostClocks } from './host-clocks.ts';
import { IntervalSums } from './interval-sums.ts';
import { LedgerSum } from './ledger-sum.ts';
import { Machines } from './machines.ts';
import { type Merged, onceOf, withShard } from './once.ts';
import { PopulationSums } from './population-sums.ts';
import { ShardSet } from './shard-set.ts';

/** Merges the results of all shards of a run, one after the other, so that one file at a time is in memory. */
export class ShardMerge {
  readonly #set = new ShardSet();
  readonly #ledger = new LedgerSum();
  readonly #intervals = new IntervalSums();
  readonly #totals = new SeriesSums();
  readonly #effective = new EffectiveSums();
  readonly #fanOut = new FanOut();
  readonly #clocks = new HostClocks();
  readonly #clients = new ClientSums();
  readonly #machines = new Machines();
  readonly #populations = new PopulationSums();
  readonly #carried = new CarriedFindings();
  readonly #notes: Finding[] = [];
  readonly #slowest: StoredSlowBroadcast[] = [];
  readonly #disconnects: RunResult['disconnects'] = [];
  #cutAges: RunResult['cutAges'] = [];
  readonly #absences: StoredAbsence[] = [];
  #absenceCount = 0;
  #slowReaders: RunResult['slowReaders'] = null;
  /** Shards that recorded latencies of senders on another host. */
  readonly #acrossHosts: number[] = [];
  #broadcastsProblem: string | null = null;
  /** The most samples that one shard has, which is the least that the whole has. */
  #samplesOfOne: Pick<RunResult['samples'], 'count' | 'incomplete'> = { count: 0, incomplete: 0 };
  #merged: Merged | null = null;
  #shards = 0;

  /** Adds the result in a file. Throws as {@link ShardSet.accept} does. */
  add(path: string, result: RunResult): void {
    const shard = this.#set.accept(path, result);
    this.#shards += 1;
    for (const part of [
      this.#ledger,
      this.#intervals,
      this.#fanOut,
      this.#clocks,
      this.#clients,
      this.#machines,
      this.#populations,
      this.#carried,
    ])
      part.add(shard);
    for (const [series, { histogram }] of Object.entries(shard.series)) this.#totals.add(series, histogram);
    this.#effective.add(shard.series);
    if (Object.keys(shard.series).some(isAcrossHosts)) this.#acrossHosts.push(shard.shard.index);
    this.#samplesOfOne = {
      count: Math.max(this.#samplesOfOne.count, shard.samples.count),
      incomplete: Math.max(this.#samplesOfOne.incomplete, shard.samples.incomplete),
    };
    this.#slowest.push(...shard.slowest);
    this.#disconnects.push(...shard.disconnects);
    this.#cutAges = sumCutAges([...this.#cutAges, ...shard.cutAges]);
    this.#absences.push(...shard.absences);
    this.#absenceCount += shard.absenceCount;
    this.#slowReaders = sumSlowReaders(this.#slowReaders, shard.slowReaders);
    this.#broadcastsProblem ??= shard.shard.broadcastsProblem;
    this.#merged = this.#merged === null ? onceOf(shard) : withShard(this.#merged, shard);
  }

  /** The result of the whole run, which is not judged yet. Throws NO_SHARDS or SHARDS_MISSING. */
  result(): RunResult {
    this.#set.requireComplete();
    const merged = this.#merged;
    const environment = this.#machines.environment;
    if (merged === null || environment === undefined) throw new Error('a complete set has the first shard');
    const usesOtherClocks = this.#joinAcrossHosts(merged.headline);
    const samples = this.#recordBroadcasts(merged, usesOtherClocks);
    const ledger = this.#ledger.balance(this.#intervals.total('expected'));
    const { invalid, findings, notes } = this.#carried.take();
    const more = [
      this.#clocks.noteUntimed(this.#ledger.deliveries(this.#shards)),
      this.#machines.noteDifferences(),
    ];
    return {
      schemaVersion: SCHEMA_VERSION,
      tool: { name: 'sockbench', version: VERSION },
      ...merged,
      clock: null,
      invalid,
      findings,
      notes: [...notes, ...this.#notes, ...more.filter((note) => note !== null)],
      environment,
      ...this.#clients.take(merged.plan.clients, merged.timing.measureMs),
      samples,
      series: this.#storedSeries(usesOtherClocks),
      correlation: null,
      intervals: this.#intervals.stored(ledger.unknown > 0 ? ledger.lost : Number.POSITIVE_INFINITY),
      ledger,
      slowest: this.#slowestBroadcasts(),
      disconnects: storeDisconnects(this.#disconnects),
      cutAges: this.#cutAges,
      disruptions: disruptionOutcomes(this.#absences, merged.plan),
      absences: boundAbsences(this.#absences),
      restarts: [],
      members: null,
      slowReaders: this.#slowReaders,
      populations: this.#populations.take(merged.plan, ledger, this.#ledger),
      absenceCount: this.#absenceCount,
      socketsAfter: null,
      telemetry: this.#machines.telemetry,
      thresholds: [],
      profiles: null,
      received: null,
      floor: null,
      shard: null,
      shards: this.#machines.shards(this.#clocks),
      checkpoint: null,
      schedule: null,
      steadiness: null,
      growth: null,
    };
  }

  /** Adds latencies between hosts to the others if the clocks allow it, and removes them otherwise. */
  #joinAcrossHosts(headline: string): boolean {
    const names = this.#totals.names.filter(isAcrossHosts);
    const judged = mainOf(names, headline, this.#totals);
    if (judged === null) return false;
    const refusal = this.#clocks.refuse(this.#totals.of(judged).histogram(), this.#acrossHosts);
    if (refusal !== null) this.#notes.push(refusal);
    for (const name of names) {
      if (refusal === null) {
        this.#totals.of(withinHost(name)).addSum(this.#totals.of(name));
        this.#intervals.join(name, withinHost(name));
      }
      this.#remove(name);
    }
    // It lacks the values that were added, and each shard has judged its stalls by it.
    if (refusal === null) for (const name of this.#totals.names.filter(isUnstalled)) this.#remove(name);
    return refusal === null;
  }

  /** Shards whose broadcasts go to other shards know only the parts that they received. */
  #slowestBroadcasts(): StoredSlowBroadcast[] {
    if (this.#broadcastsProblem !== null) return [];
    return this.#fanOut.isEmpty ? slowestOf(this.#slowest) : this.#fanOut.slowest();
  }

  #storedSeries(usesOtherClocks: boolean): RunResult['series'] {
    const stored = this.#totals.entries().map(([name, sum]) => {
      const histogram = sum.histogram();
      const isRebuilt = !this.#fanOut.isEmpty && SERIES_OF_BROADCASTS.some((series) => series === name);
      const effective = isRebuilt
        ? this.#effective.rebuilt(name, histogram.count)
        : this.#effective.joined(name, usesOtherClocks);
      return [name, storeSeries(histogram, effective)] as const;
    });
    return Object.fromEntries(stored);
  }

  #remove(series: string): void {
    this.#totals.delete(series);
    this.#intervals.delete(series);
  }

  /** Completes the broadcasts of all shards, in place of what each shard saw of them, and counts the samples. */
  #recordBroadcasts({ headline, samples }: Merged, usesOtherClocks: boolean): RunResult['samples'] {
    if (this.#fanOut.isEmpty && this.#broadcastsProblem === null) return samples;
    for (const series of SERIES_OF_BROADCASTS) this.#remove(series);
    if (this.#broadcastsProblem !== null) {
      const message = `the fan-out is left out, because not all shards stored their broadcasts: ${this.#broadcastsProblem}`;
      this.#notes.push({ code: 'not_timed', message });
      // Every shard has counted the same broadcasts.
      return isSampledByBroadcasts(headline) ? { ...samples, ...this.#samplesOfOne } : samples;
    }
    const counts = this.#fanOut.record({
      shards: this.#shards,
      ledger: this.#ledger,
      clocks: this.#clocks,
      usesOtherClocks,
      intervals: this.#intervals,
      totals: this.#totals,
    });
    if (counts.leftOut > 0) {
      const message = `${formatCount(counts.leftOut)} of ${formatCount(counts.reached)} broadcasts are left out of the fan-out, because not all of their receivers were timed`;
      this.#notes.push({ code: 'not_timed', message });
    }
    return this.#countSamples(headline, samples.unit, counts);
  }

  #countSamples(
    headline: string,
    unit: RunResult['samples']['unit'],
    { timed, reached, incomplete }: BroadcastCounts,
  ): RunResult['samples'] {
    if (!isSampledByBroadcasts(headline)) {
      return { unit, count: this.#totals.of(headline).histogram().count, incomplete: 0 };
    }
    const reachedNobody = Math.max(0, this.#ledger.sentOfHeadline - reached);
    return { unit, count: timed, incomplete: incomplete + reachedNobody };
  }
}

/** Whether all receivers of one broadcast are one sample of a series. */
function isSampledByBroadcasts(series: string): boolean {
  return (seriesNamed(series)?.sampledBy ?? null) !== null;
}

/** The series between hosts that decides whether all of them are used: the headline, or the one with the most values. */
function mainOf(names: readonly string[], headline: string, totals: SeriesSums): string | null {
  const ofHeadline = names.find((name) => withinHost(name) === headline);
  if (ofHeadline !== undefined) return ofHeadline;
  const counted = names.map((name) => ({ name, count: totals.of(name).histogram().count }));
  return counted.sort((a, b) => b.count - a.count)[0]?.name ?? null;
}
